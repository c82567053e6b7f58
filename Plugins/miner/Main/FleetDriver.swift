internal import Foundation
internal import Logging
internal import MinerCore
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import NodeTasks
internal import Synchronization

/// Does what one plan wants, for the command: owns the queue, shows how far it is.
final class FleetDriver: Sendable {
    private let bus: BusClient
    private let owner: TaskOwner
    private let plan: FleetRun
    private let screen: Mutex<FleetScreen>
    private let stop = StopFlag.onSignals()

    /// Lease of a task.
    ///
    /// Workers renew in a third of it: a shorter one is news more often, and more bytes.
    static let lease: UInt32 = 15_000
    /// When a worker that got nothing asks again.
    private static let poll: UInt32 = 2_000

    /// A driver that joins the bus in `run`.
    init(bus options: BusOptions, wire: FleetWire, store: FleetStore, machine: FleetMachine, json: Bool) {
        var logger = Logger(label: "fleet")
        logger.logLevel = .error
        bus = BusClient(options: options, logger: logger)
        var rules = TaskQueue.Rules()
        rules.leaseMilliseconds = FleetDriver.lease
        rules.pollMilliseconds = FleetDriver.poll
        owner = TaskOwner(bus: bus, store: store, rules: rules)
        plan = FleetRun(bus: bus, owner: owner, store: store, wire: wire, machine: machine)
        screen = Mutex(FleetScreen(json: json))
        bus.serve(ScanHitsContract.hits) { [unowned self] request, _ in
            try request.reply { try self.plan.take($0, of: $1, before: $2) }
        }
    }

    /// Works until all is over.
    /// - Parameter report: told of the end at once; workers hear of it afterwards.
    /// - Returns: how it ended; nil when it was stopped.
    /// - Throws: `CommandFault` when it cannot go on, `BusError` when the bus refuses it.
    func run(_ report: (FleetEnd) throws -> Void) async throws -> FleetEnd? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.bus.run() }
            try await bus.waitUntilReady()
            try await refuseBesideMiner()
            group.addTask { try await self.owner.run() }
            let end = try await work(report)
            bus.drain()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
            if case .failed(let text) = end { throw CommandFault("fleet: \(text)") }
            return end
        }
    }

    /// Workers ask one owner for work: beside the miner they would take the tasks of one and tell the other.
    private func refuseBesideMiner() async throws {
        let status = try? await bus.call(MinerContract.status, .init(), ttl: .seconds(2))
        guard status != nil else { return }
        throw CommandFault(
            """
            this node's miner hands out the work: name the plot in config/miner.yaml, or take the miner out of the node \
            (node.yaml: processes: [{name: miner, enabled: false}])
            """)
    }

    private func work(_ report: (FleetEnd) throws -> Void) async throws -> FleetEnd? {
        let end = try await plan.run(while: { [stop] in !stop.isRaised }) {
            [unowned self] machine, now, trouble in
            self.screen.withLock { $0.show(now) { machine.picture(at: now, trouble: trouble) } }
        }
        screen.withLock { $0.end() }
        plan.close()
        if let end { try report(end) } else { try await callBack() }
        try await tellAll()
        return end
    }

    // MARK: - The end

    /// Ctrl-C: all tasks come back; the state file knows how far each was.
    private func callBack() async throws {
        note(
            "stopping: tasks are called back, \(FleetDriver.lease / 3000 + 1) s at most; once more to end at once"
        )
        for record in await owner.records {
            if case .finished = record.state { continue }
            try await owner.cancel(record.task.id, "the command was stopped")
        }
    }

    /// Waits until the workers of cancelled tasks know.
    private func tellAll() async throws {
        let until = await bus.now() + UInt64(FleetDriver.lease) / 3 + 1_000
        while await owner.untoldCount > 0, await bus.now() < until, await !bus.isStopped() {
            await bus.pause(100)
        }
    }
}

extension Spacenode_Post_V1_HitsRequest {
    /// The answer to hits that somebody takes or does not want.
    /// - Throws: `BusError` when they cannot be read.
    func reply(
        _ take: (_ hits: [FleetHit], _ task: TaskID, _ next: UInt64) throws -> Bool
    ) throws -> Spacenode_Post_V1_HitsReply {
        guard let id = TaskID(task), let hits = FleetWire.hits(hits) else {
            throw BusError(.badFrame, "hits: a task of 32 bytes, and as many nonces as indices")
        }
        var reply = Spacenode_Post_V1_HitsReply()
        reply.wanted = try take(hits, id, nextLabel)
        return reply
    }
}
