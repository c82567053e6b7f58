internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import Synchronization

/// One plan's work: tells its coordinator what the queue says, and the queue what the coordinator wants.
///
/// Several may share a queue and a store: each knows its own tasks.
final class FleetRun: Sendable {
    /// What handlers and child tasks leave for the loop.
    private struct Mailbox {
        var events: [FleetEvent] = []
        var jobs: [TaskID: FleetJob] = [:]
        /// Of scans, the label before which all hits were told.
        var said: [TaskID: UInt64] = [:]
        /// A proof that nobody has judged yet.
        var question: PostProof?
        /// Why nobody has.
        var unjudged: [String] = []
        var isOver = false
    }

    private let bus: BusClient
    private let owner: TaskOwner
    private let wire: FleetWire
    private let store: FleetStore
    private let offers: FleetOffers
    private let mailbox = Mutex(Mailbox())
    private let first: FleetMachine

    /// Milliseconds of a turn of the loop.
    private static let turn: UInt64 = 250

    init(bus: BusClient, owner: TaskOwner, store: FleetStore, wire: FleetWire, machine: FleetMachine) {
        self.bus = bus
        self.owner = owner
        self.wire = wire
        self.store = store
        first = machine
        offers = FleetOffers(plan: wire.plan)
    }

    /// Works until all is over, or nobody wants it any more.
    /// - Parameters:
    ///   - isWanted: asked at every turn.
    ///   - show: told of every turn.
    /// - Returns: how it ended; nil: it was not wanted any more.
    /// - Throws: `CommandFault` when it cannot go on, what the store throws when it keeps nothing.
    func run(
        while isWanted: @escaping @Sendable () async -> Bool,
        show: @escaping @Sendable (FleetMachine, UInt64, [String]) -> Void
    ) async throws -> FleetEnd? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.offers.run(self.bus, self.owner) }
            group.addTask { await self.askForJudgement() }
            defer { group.cancelAll() }
            return try await work(isWanted, show)
        }
    }

    /// No hit is wanted any more.
    func close() { mailbox.withLock { $0.isOver = true } }

    /// Takes what is left of its tasks out of the queue, and drops what came of the others.
    func leave(_ reason: String) async throws {
        close()
        for id in mailbox.withLock({ Array($0.jobs.keys) }) {
            try await owner.cancel(id, reason)
            try await owner.collect(id)
        }
    }

    // MARK: - The loop

    /// What the loop alone knows.
    private struct Loop {
        var machine: FleetMachine
        /// Jobs that found no place yet.
        var unplaced: [FleetJob] = []
        var trouble: [String] = []
        var ended: Set<TaskID> = []
        var ids: [FleetJob: TaskID] = [:]
        var workers: [FleetWorker] = []
        var end: FleetEnd?
    }

    private func work(
        _ isWanted: @Sendable () async -> Bool, _ show: @Sendable (FleetMachine, UInt64, [String]) -> Void
    ) async throws -> FleetEnd? {
        var loop = Loop(machine: first)
        remember(&loop, at: await bus.now())
        try await perform(loop.machine.begin(at: await bus.now()), &loop)
        while loop.end == nil, await isWanted(), !Task.isCancelled {
            guard await !bus.isStopped() else { break }
            try await turn(&loop, show)
            await bus.pause(Self.turn)
        }
        return loop.end
    }

    /// Tells the coordinator what was kept of an earlier life.
    private func remember(_ loop: inout Loop, at now: UInt64) {
        let kept = store.kept
        for record in kept {
            guard let job = wire.job(of: record.task) else { continue }
            loop.ids[job] = record.task.id
            mailbox.withLock { $0.jobs[record.task.id] = job }
        }
        for word in store.hits {
            guard let job = mailbox.withLock({ $0.jobs[word.task] }) else { continue }
            _ = loop.machine.handle(.hits(job, word.hits), at: now)
        }
        for record in kept {
            guard let job = wire.job(of: record.task), let outcome = wire.outcome(of: job, record) else {
                continue
            }
            loop.ended.insert(record.task.id)
            _ = loop.machine.handle(.ended(job, outcome), at: now)
        }
    }

    private func turn(
        _ loop: inout Loop, _ show: @Sendable (FleetMachine, UInt64, [String]) -> Void
    ) async throws {
        let now = await bus.now()
        // Hits are kept before the result of their scan comes: what ended by these records has its hits in the mailbox.
        let records = await owner.records
        var events = mailbox.withLock { box in
            defer { box.events = [] }
            return box.events
        }
        let workers = offers.present(at: now)
        if workers != loop.workers {
            loop.workers = workers
            events.append(.workers(workers))
        }
        events += words(records, &loop)
        events.append(.tick)
        for event in events { try await perform(loop.machine.handle(event, at: now), &loop) }
        try await placeWaiting(&loop)
        show(loop.machine, now, loop.trouble + mailbox.withLock { $0.unjudged })
    }

    /// What the queue says that is new.
    private func words(_ records: [TaskRecord], _ loop: inout Loop) -> [FleetEvent] {
        var events: [FleetEvent] = []
        var standing: [JobWord] = []
        for record in records {
            let id = record.task.id
            let (known, said) = mailbox.withLock { ($0.jobs[id], $0.said[id] ?? 0) }
            guard let job = known else { continue }
            var worker: String?
            if case .leased(let lease) = record.state { worker = lease.worker }
            standing.append(
                JobWord(
                    job: job, worker: worker, share: wire.share(of: job, record, said: said),
                    error: record.lastError)
            )
            if let outcome = wire.outcome(of: job, record), loop.ended.insert(record.task.id).inserted {
                events.append(.ended(job, outcome))
            }
        }
        return [.jobs(standing)] + events
    }

    // MARK: - Actions

    private func perform(_ actions: [FleetAction], _ loop: inout Loop) async throws {
        for action in actions {
            switch action {
            case .offer(let job): if try await !offer(job, &loop) { loop.unplaced.append(job) }
            case .cancel(let job, let reason):
                loop.unplaced.removeAll { $0 == job }
                if let id = loop.ids[job] { try await owner.cancel(id, reason) }
            case .judge(let proof): mailbox.withLock { $0.question = proof }
            case .finish(let end):
                loop.end = end
                return
            }
        }
    }

    /// Puts a job into the queue.
    /// - Returns: false when its place is not known yet.
    private func offer(_ job: FleetJob, _ loop: inout Loop) async throws -> Bool {
        if loop.ids[job] != nil { return true }
        switch offers.place(job) {
        case .nowhere(let why):
            if !loop.trouble.contains(why) { loop.trouble.append(why) }
            return false
        case .at(let locality):
            let task = try wire.task(of: job, groups: loop.machine.groups(of: job), locality: locality)
            guard let task else { throw CommandFault("the plan has no `prove`: add it") }
            loop.ids[job] = task.id
            mailbox.withLock { $0.jobs[task.id] = job }
            try await owner.offer(task)
            return true
        }
    }

    private func placeWaiting(_ loop: inout Loop) async throws {
        let waiting = loop.unplaced
        loop.unplaced = []
        loop.trouble = []
        for job in waiting {
            if try await !offer(job, &loop) { loop.unplaced.append(job) }
        }
    }

    /// Has workers judge what the loop wants judged; the answers come as events.
    private func askForJudgement() async {
        while !Task.isCancelled, await !bus.isStopped() {
            if let proof = mailbox.withLock({ $0.question }) {
                let judgement = await ask(wire.question(proof))
                mailbox.withLock { box in
                    box.question = nil
                    box.events.append(.judged(judgement))
                }
            }
            await bus.pause(100)
        }
    }

    /// Asks one worker after the other: one that cannot judge, or is told not to, must not stand in the way.
    private func ask(_ question: Spacenode_Post_V1_VerifyRequest) async -> Judgement {
        var reasons: [String] = []
        for judge in offers.judges(at: await bus.now()) {
            do {
                let reply = try await bus.call(PostContract.verify, question, to: judge.instance)
                mailbox.withLock { $0.unjudged = [] }
                if reply.valid { return .valid }
                return .invalid(reason: reply.reason, index: reply.hasIndex ? reply.index : nil)
            } catch {
                reasons.append("\(judge.name) does not judge the proof: \(error)")
            }
        }
        if reasons.isEmpty { reasons = ["no worker is there to judge the proof"] }
        mailbox.withLock { $0.unjudged = reasons }
        return .unanswered
    }

    // MARK: - Hits

    /// Keeps hits of a scan of its own.
    /// - Returns: whether they are wanted.
    func take(_ hits: [FleetHit], of id: TaskID, before next: UInt64) throws -> Bool {
        let (job, isOver) = mailbox.withLock { ($0.jobs[id], $0.isOver) }
        guard let job, !isOver else { return false }
        try store.keep(hits, of: id)
        mailbox.withLock { box in
            box.events.append(.hits(job, hits))
            box.said[id] = max(box.said[id] ?? 0, next)
        }
        return true
    }
}
