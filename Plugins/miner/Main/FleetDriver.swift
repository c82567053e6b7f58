internal import Foundation
internal import Logging
internal import MinerCore
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import Synchronization

/// Does what a coordinator wants: owns the queue, keeps hits, asks for judgement, shows how far it is.
final class FleetDriver: Sendable {
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
    private let json: Bool
    private let stop = StopFlag.onSignals()

    /// Lease of a task.
    ///
    /// Workers renew in a third of it: a shorter one is news more often, and more bytes.
    private static let lease: UInt32 = 15_000
    /// When a worker that got nothing asks again.
    private static let poll: UInt32 = 2_000
    /// Milliseconds of a turn of the loop.
    private static let turn: UInt64 = 250

    /// A driver that joins the bus in `run`.
    init(bus options: BusOptions, wire: FleetWire, store: FleetStore, machine: FleetMachine, json: Bool) {
        var logger = Logger(label: "fleet")
        logger.logLevel = .error
        bus = BusClient(options: options, logger: logger)
        var rules = TaskQueue.Rules()
        rules.leaseMilliseconds = FleetDriver.lease
        rules.pollMilliseconds = FleetDriver.poll
        owner = TaskOwner(bus: bus, store: store, rules: rules)
        self.wire = wire
        self.store = store
        first = machine
        offers = FleetOffers(plan: wire.plan)
        self.json = json
        bus.serve(ScanHitsContract.hits) { [unowned self] request, _ in try self.take(request) }
    }

    /// Works until all is over.
    /// - Parameter report: told of the end at once; workers hear of it afterwards.
    /// - Returns: how it ended; nil when it was stopped.
    /// - Throws: `CommandFault` when it cannot go on, `BusError` when the bus refuses it.
    func run(_ report: (FleetEnd) throws -> Void) async throws -> FleetEnd? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.bus.run() }
            try await bus.waitUntilReady()
            group.addTask { try await self.owner.run() }
            group.addTask { await self.offers.run(self.bus, self.owner) }
            group.addTask { await self.askForJudgement() }
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

    // MARK: - The loop

    /// What the loop alone knows.
    private struct Loop {
        var machine: FleetMachine
        var screen: FleetScreen
        /// Jobs that found no place yet.
        var unplaced: [FleetJob] = []
        var trouble: [String] = []
        var ended: Set<TaskID> = []
        var ids: [FleetJob: TaskID] = [:]
        var workers: [FleetWorker] = []
        var end: FleetEnd?
    }

    private func work(_ report: (FleetEnd) throws -> Void) async throws -> FleetEnd? {
        var loop = Loop(machine: first, screen: FleetScreen(json: json))
        remember(&loop, at: await bus.now())
        try await perform(loop.machine.begin(at: await bus.now()), &loop)
        while loop.end == nil, !stop.isRaised {
            guard await !bus.isStopped() else { break }
            try await turn(&loop)
            await bus.pause(FleetDriver.turn)
        }
        loop.screen.end()
        mailbox.withLock { $0.isOver = true }
        if let end = loop.end { try report(end) } else { try await callBack() }
        try await tellAll()
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

    private func turn(_ loop: inout Loop) async throws {
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
        let (machine, trouble) = (loop.machine, loop.trouble + mailbox.withLock { $0.unjudged })
        loop.screen.show(now) { machine.picture(at: now, trouble: trouble) }
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

    /// Keeps hits of a scan, then says so.
    private func take(_ request: Spacenode_Post_V1_HitsRequest) throws -> Spacenode_Post_V1_HitsReply {
        var reply = Spacenode_Post_V1_HitsReply()
        guard let id = TaskID(request.task), let hits = FleetWire.hits(request.hits) else {
            throw BusError(.badFrame, "hits: a task of 32 bytes, and as many nonces as indices")
        }
        let (job, isOver) = mailbox.withLock { ($0.jobs[id], $0.isOver) }
        guard let job, !isOver else { return reply }
        try store.keep(hits, of: id)
        mailbox.withLock { box in
            box.events.append(.hits(job, hits))
            box.said[id] = max(box.said[id] ?? 0, request.nextLabel)
        }
        reply.wanted = true
        return reply
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
