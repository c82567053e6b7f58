internal import Foundation
package import NodeBus
internal import NodeProtocol

/// A worker that has asked for work.
package struct SeenWorker: Sendable, Hashable {
    /// Instance on the bus.
    package let instance: UInt64
    /// What it calls itself.
    package let name: String
    /// When it last spoke, by the bus's clock.
    package internal(set) var lastSeen: UInt64
}

/// The owner's side of `spacenode.task.v1`: serves a queue of tasks to workers that pull.
///
/// Nothing is answered before the store has kept it. Register it before the client runs, then `run` it beside.
package actor TaskOwner {
    private let bus: BusClient
    private let store: any TaskStore
    private let rules: TaskQueue.Rules
    private let wallClock: @Sendable () -> UInt64
    private var queue: TaskQueue?
    private var unsaved: [TaskID: TaskChange] = [:]
    /// Counts changes, and how far the store has them.
    private var changeNumber: UInt64 = 0
    private var savedThrough: UInt64 = 0
    private var isSaving = false
    private var savers: [UnsafeContinuation<Void, Never>] = []
    /// Finished tasks, kept by the store, that `nextFinished` has not shown yet.
    private var finished: [TaskID] = []
    private var isClosed = false
    /// Who has asked for work, by instance.
    private var seen: [UInt64: SeenWorker] = [:]
    /// Cancelled tasks whose holders do not know it yet.
    private var untold: Set<TaskID> = []

    /// How often those who wait look again, in milliseconds.
    private static let lookMilliseconds: UInt64 = 20

    /// An owner on a bus.
    /// - Parameters:
    ///   - store: what survives the owner.
    ///   - wallClock: Unix time in milliseconds, for deadlines.
    package init(
        bus: BusClient, store: any TaskStore, rules: TaskQueue.Rules = .init(),
        wallClock: @escaping @Sendable () -> UInt64 = { UInt64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.bus = bus
        self.store = store
        self.rules = rules
        self.wallClock = wallClock
        // `unowned`: the client would keep itself alive through its handlers.
        bus.serve(TasksContract.offer) { [unowned self] request, _ in try await self.offer(request) }
        bus.serve(TasksContract.take) { [unowned self] request, context in
            try await self.take(request, from: context.source)
        }
        bus.serve(TasksContract.renew) { [unowned self] request, context in
            try await self.renew(request, from: context.source)
        }
        bus.serve(TasksContract.result) { [unowned self] request, context in
            try await self.result(request, from: context.source)
        }
        bus.serve(TasksContract.release) { [unowned self] request, context in
            try await self.release(request, from: context.source)
        }
        bus.serve(TasksContract.list) { [unowned self] request, _ in try await self.list(request) }
    }

    /// Loads what the store kept, then takes back leases and deadlines that ran out, until cancelled.
    /// - Throws: what the store throws while loading.
    package func run() async throws {
        let records = try await store.load()
        finished = records.filter(\.awaitsOwner).sorted { $0.number < $1.number }.map(\.task.id)
        queue = TaskQueue(rules: rules, records: records, now: await bus.now())
        while !Task.isCancelled, await !bus.isStopped() {
            await bus.pause(200)
            let now = await bus.now()
            queue?.tick(now: now, wallMilliseconds: wallClock())
            // What could not be saved is tried again at the next turn.
            try? await settle()
        }
        isClosed = true
    }

    // MARK: - The owner's own calls

    /// Puts a task into the queue.
    /// - Returns: false when it was there already, in whatever state.
    /// - Throws: `TaskFault`, or what the store throws.
    @discardableResult
    package func offer(_ task: TaskSpecification) async throws -> Bool {
        let isNew = try change { (queue) throws(TaskFault) in try queue.offer(task) }
        try await settle()
        return isNew
    }

    /// Waits until a task has ended; with many tasks, `nextFinished` is the better question.
    /// - Returns: nil when there is no such task, or the owner has stopped.
    package func outcome(of id: TaskID) async -> TaskOutcome? {
        while let record = queue?.records[id], !isClosed, !Task.isCancelled {
            if case .finished(let outcome) = record.state, unsaved[id] == nil { return outcome }
            guard await look() else { break }
        }
        return nil
    }

    /// The next task that has ended; for one reader.
    ///
    /// One that is not collected comes again after a restart of the owner.
    /// - Returns: nil when the owner has stopped.
    package func nextFinished() async -> TaskRecord? {
        while !isClosed, !Task.isCancelled {
            if !finished.isEmpty, let record = queue?.records[finished.removeFirst()] { return record }
            if finished.isEmpty, await !look() { break }
        }
        return nil
    }

    /// Waits a moment.
    /// - Returns: false when the bus has ended: nothing will change any more.
    private func look() async -> Bool {
        await bus.pause(Self.lookMilliseconds)
        return await !bus.isStopped()
    }

    /// Says that the outcome was dealt with: its bytes may be dropped.
    package func collect(_ id: TaskID) async throws {
        try change { $0.collect(id) }
        try await settle()
    }

    /// Takes a task from the queue, and from its worker at its next word.
    package func cancel(_ id: TaskID, _ reason: String) async throws {
        if case .leased = queue?.records[id]?.state { untold.insert(id) }
        try change { $0.cancel(id, reason) }
        try await settle()
    }

    /// Cancelled tasks whose workers are still at them, as far as anybody knows.
    package var untoldCount: Int { untold.count }

    /// All tasks as they stand; the newest words may not be in the store yet.
    package var records: [TaskRecord] { queue.map { Array($0.records.values) } ?? [] }

    /// Workers that have asked for work since this owner began.
    package var workers: [SeenWorker] { seen.values.sorted { $0.instance < $1.instance } }

    // MARK: - Requests

    private func offer(_ request: Spacenode_Task_V1_OfferRequest) async throws
        -> Spacenode_Task_V1_OfferReply
    {
        let isNew = try await offer(try TaskSpecification(wire: request.task))
        var reply = Spacenode_Task_V1_OfferReply()
        reply.known = !isNew
        return reply
    }

    private func take(_ request: Spacenode_Task_V1_TakeRequest, from source: UInt64) async throws
        -> Spacenode_Task_V1_TakeReply
    {
        let wish = try TakeWish(wire: request, holder: source)
        let now = await bus.now()
        seen[source] = SeenWorker(instance: source, name: wish.worker, lastSeen: now)
        let grants = try change { (queue) throws(TaskFault) in try queue.take(wish, now: now) }
        try await settle()
        var reply = Spacenode_Task_V1_TakeReply()
        reply.leases = grants.map(\.wire)
        reply.retryAfterMs = rules.pollMilliseconds
        return reply
    }

    private func renew(_ request: Spacenode_Task_V1_RenewRequest, from source: UInt64) async throws
        -> Spacenode_Task_V1_RenewReply
    {
        let word = try LeaseWord(id: request.id, fence: request.fence, holder: source)
        let now = await bus.now()
        var reply = Spacenode_Task_V1_RenewReply()
        let standing = try change {
            $0.renew(
                word, checkpoint: [UInt8](request.checkpoint), progress: request.progress, now: now)
        }
        note(standing, word, now)
        reply.standing = standing.wire
        try await settle()
        return reply
    }

    private func result(_ request: Spacenode_Task_V1_ResultRequest, from source: UInt64) async throws
        -> Spacenode_Task_V1_ResultReply
    {
        let word = try LeaseWord(id: request.id, fence: request.fence, holder: source)
        let now = await bus.now()
        var reply = Spacenode_Task_V1_ResultReply()
        let standing = try change {
            $0.result(word, output: [UInt8](request.output), error: request.error, now: now)
        }
        note(standing, word, now)
        reply.standing = standing.wire
        try await settle()
        return reply
    }

    private func release(_ request: Spacenode_Task_V1_ReleaseRequest, from source: UInt64) async throws
        -> Spacenode_Task_V1_ReleaseReply
    {
        let word = try LeaseWord(id: request.id, fence: request.fence, holder: source)
        var reply = Spacenode_Task_V1_ReleaseReply()
        let now = await bus.now()
        let standing = try change { $0.release(word, checkpoint: [UInt8](request.checkpoint)) }
        note(standing, word, now)
        reply.standing = standing.wire
        try await settle()
        return reply
    }

    /// A worker has spoken, and knows now how its task stands.
    private func note(_ standing: TaskStanding, _ word: LeaseWord, _ now: UInt64) {
        if standing != .held { untold.remove(word.id) }
        seen[word.holder]?.lastSeen = now
    }

    private func list(_ request: Spacenode_Task_V1_ListRequest) async throws
        -> Spacenode_Task_V1_ListReply
    {
        guard let queue else { throw Self.notLoaded }
        return queue.listing(limit: Int(request.limit), now: await bus.now())
    }

    // MARK: - Changes and the store

    private static var notLoaded: BusError {
        BusError(.failed, "the queue is being loaded: ask again", retryAfterMilliseconds: 200)
    }

    private func change<R, Failure>(_ body: (inout TaskQueue) throws(Failure) -> R) throws -> R {
        guard queue != nil, var changing = queue.take() else { throw Self.notLoaded }
        defer { queue = changing }
        return try body(&changing)
    }

    /// Returns when all that was changed before is kept.
    private func settle() async throws {
        for change in queue?.takeChanges() ?? [] {
            unsaved[change.id] = change
            changeNumber += 1
        }
        let mine = changeNumber
        while savedThrough < mine {
            if isSaving {
                await withUnsafeContinuation { savers.append($0) }
            } else {
                try await save()
            }
        }
    }

    private func save() async throws {
        isSaving = true
        let batch = unsaved
        let number = changeNumber
        unsaved.removeAll()
        defer {
            isSaving = false
            let waiting = savers
            savers.removeAll()
            for saver in waiting { saver.resume() }
        }
        do {
            try await store.save(batch.values.sorted { $0.id < $1.id })
            savedThrough = number
            for change in batch.values.sorted(by: { $0.id < $1.id }) {
                if case .put(let record) = change, record.awaitsOwner { finished.append(change.id) }
            }
        } catch {
            // What has changed again meanwhile is newer.
            unsaved.merge(batch) { newer, _ in newer }
            throw error
        }
    }
}
