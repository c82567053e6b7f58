internal import Foundation
package import NodeBus
internal import NodeProtocol
internal import Synchronization

/// The worker's side of `spacenode.task.v1`: pulls tasks into free slots, works, renews, delivers.
package final class TaskWorker: Sendable {
    /// What a worker offers and to whom.
    package struct Options: Sendable {
        /// Instance of the owner, 0: any provider.
        package var owner: UInt64 = 0
        /// What the worker is called, for people.
        package var name: String
        /// Places by capability.
        package var slots: [String: UInt32]
        /// Data that is here: tasks with such a locality may be taken; `state(localities:)` changes it.
        package var localities: [String] = []
        /// Where results wait for the owner's word; nil: in memory.
        package var kept: KeptResults?

        /// What a worker offers.
        package init(name: String, slots: [String: UInt32]) {
            self.name = name
            self.slots = slots
        }
    }

    private struct Held {
        let fence: UInt64
        let capability: String
    }

    private let bus: BusClient
    private let options: Options
    private let handlers: [String: TaskHandler]
    /// Tasks at work or with an undelivered result: as many as slots, and what was kept from before.
    private let held = Mutex<[TaskID: Held]>([:])
    private let localities: Mutex<[String]>
    private let isDrainAsked = Atomic<Bool>(false)

    /// A worker on a bus.
    package init(bus: BusClient, options: Options, handlers: [String: TaskHandler]) {
        self.bus = bus
        self.options = options
        self.handlers = handlers
        localities = Mutex(options.localities)
    }

    /// Says what data is here from now on, at most 4096 names; what is at work is not touched.
    package func state(localities names: [String]) {
        localities.withLock { $0 = names }
    }

    /// No new tasks; what is at work is given back with its checkpoint, and `run` returns.
    ///
    /// A drain of the bus does the same.
    package func drain() {
        isDrainAsked.store(true, ordering: .relaxed)
    }

    private func isDraining() async -> Bool {
        if isDrainAsked.load(ordering: .relaxed) { return true }
        return await bus.isDraining()
    }

    /// Pulls and works until drained.
    ///
    /// Cancelling it instead ends it at once: leases run out, and results that were not kept in files are lost.
    package func run() async {
        await bus.holdSession()
        await pull()
        await bus.releaseSession()
    }

    private func pull() async {
        await withDiscardingTaskGroup { group in
            for request in options.kept?.all() ?? [] {
                guard let id = TaskID(request.id) else { continue }
                hold(id, Held(fence: request.fence, capability: ""))
                group.addTask { await self.deliver(request, id) }
            }
            while !Task.isCancelled, await !isDraining() {
                let pause = await takeSome { grant in
                    group.addTask { await self.work(grant) }
                }
                await bus.pause(pause)
            }
        }
    }

    // MARK: - Taking

    /// One Take.
    /// - Returns: milliseconds until the next.
    private func takeSome(_ start: (TaskGrant) -> Void) async -> UInt64 {
        let request = takeRequest()
        guard request.slots.contains(where: { $0.free > 0 }) else { return 50 }
        guard let reply = try? await bus.call(TasksContract.take, request, to: options.owner) else {
            return 500
        }
        for lease in reply.leases {
            // What cannot be read is not held, so the next Take gives it back.
            guard let grant = try? TaskGrant(wire: lease) else { continue }
            hold(grant.task.id, Held(fence: grant.fence, capability: grant.task.capability))
            start(grant)
        }
        return reply.leases.isEmpty ? UInt64(max(20, min(reply.retryAfterMs, 10_000))) : 1
    }

    private func takeRequest() -> Spacenode_Task_V1_TakeRequest {
        let now = held.withLock { $0 }
        var request = Spacenode_Task_V1_TakeRequest()
        request.worker = options.name
        request.localities = localities.withLock { $0 }
        request.slots = options.slots.sorted { $0.key < $1.key }.map { capability, places in
            var slot = Spacenode_Task_V1_Slot()
            slot.capability = capability
            let used = UInt32(clamping: now.values.count { $0.capability == capability })
            slot.free = places > used ? places - used : 0
            return slot
        }
        request.held = now.sorted { $0.key < $1.key }.prefix(TaskLimit.leasesPerWorker).map { id, held in
            var lease = Spacenode_Task_V1_HeldLease()
            lease.id = Data(id.bytes)
            lease.fence = held.fence
            return lease
        }
        return request
    }

    private func hold(_ id: TaskID, _ what: Held) {
        held.withLock { $0[id] = what }
    }

    private func letGo(_ id: TaskID) {
        held.withLock { $0[id] = nil }
    }

    // MARK: - Working

    private enum Ending: Sendable {
        case result(Spacenode_Task_V1_ResultRequest)
        /// The owner said stop.
        case stopped
        /// This worker is going away.
        case interrupted
    }

    private func work(_ grant: TaskGrant) async {
        let context = TaskContext(grant)
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.handle(grant, context) }
            group.addTask { await self.keepAlive(grant, context) }
            group.addTask { await self.awaitDrain() }
            let first = await group.next() ?? .stopped
            group.cancelAll()
            return first
        }
        switch ending {
        case .result(let request):
            await deliver(request, grant.task.id)
        case .stopped:
            letGo(grant.task.id)
        case .interrupted:
            await giveBack(grant, context)
        }
    }

    private func handle(_ grant: TaskGrant, _ context: TaskContext) async -> Ending {
        var request = Spacenode_Task_V1_ResultRequest()
        request.id = Data(grant.task.id.bytes)
        request.fence = grant.fence
        do {
            guard let handler = handlers[grant.task.kind] else {
                throw TaskFault("worker \(options.name) has no handler for \(grant.task.kind)")
            }
            let output = try await handler(context)
            guard output.count <= TaskLimit.outputBytes else {
                throw TaskFault(
                    "the output has \(output.count) bytes, at most \(TaskLimit.outputBytes) are carried")
            }
            request.output = Data(output)
        } catch {
            if Task.isCancelled { return .interrupted }
            request.error = String("\(error)".prefix(TaskLimit.errorBytes))
            if request.error.isEmpty { request.error = "failed without a word" }
        }
        return .result(request)
    }

    private func awaitDrain() async -> Ending {
        while !Task.isCancelled, await !isDraining() { await bus.pause(100) }
        return .interrupted
    }

    /// Renews until the owner says stop; ends by cancellation when the work has ended.
    private func keepAlive(_ grant: TaskGrant, _ context: TaskContext) async -> Ending {
        var request = Spacenode_Task_V1_RenewRequest()
        request.id = Data(grant.task.id.bytes)
        request.fence = grant.fence
        while !Task.isCancelled {
            await bus.pause(UInt64(max(grant.leaseMilliseconds / 3, 20)))
            let isOver = await bus.isStopped()
            if isOver || Task.isCancelled { break }
            let word = context.latest
            request.checkpoint = Data(word.checkpoint)
            request.progress = word.progress
            // An owner that does not answer may come back and find the work done.
            guard let reply = try? await bus.call(TasksContract.renew, request, to: options.owner) else {
                continue
            }
            if reply.standing != .held { return .stopped }
        }
        return .interrupted
    }

    // MARK: - Delivering

    /// Sends a result until the owner has it or does not want it.
    private func deliver(_ request: Spacenode_Task_V1_ResultRequest, _ id: TaskID) async {
        // A failure to keep it is no reason to hold it back: it is in memory.
        try? options.kept?.keep(request)
        var pause: UInt64 = 200
        var triesInDrain = 0
        while !Task.isCancelled, triesInDrain < 5 {
            if let reply = try? await bus.call(TasksContract.result, request, to: options.owner),
                reply.standing != .unspecified
            {
                options.kept?.drop(request.id)
                return letGo(id)
            }
            let isLast = await isDraining()
            if isLast { triesInDrain += 1 }
            await bus.pause(isLast ? 200 : pause)
            pause = min(pause * 2, 5_000)
        }
        // Not delivered: a kept file is sent at the next start, else the lease runs out and it is done again.
    }

    private func giveBack(_ grant: TaskGrant, _ context: TaskContext) async {
        var request = Spacenode_Task_V1_ReleaseRequest()
        request.id = Data(grant.task.id.bytes)
        request.fence = grant.fence
        request.checkpoint = Data(context.latest.checkpoint)
        request.reason = "the worker stops"
        _ = try? await bus.call(TasksContract.release, request, to: options.owner, ttl: .seconds(2))
        letGo(grant.task.id)
    }
}
