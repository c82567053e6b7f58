internal import Foundation
internal import Logging
internal import NodeDomain
internal import NodePoet
internal import PoetCore
internal import Synchronization

/// Carries out what the rounds want, on a thread of its own: it waits for the disk, and nobody else has to.
///
/// `@unchecked Sendable`: the queue is under the condition's lock; the rest is the thread's alone, or behind a mutex.
final class Desk: @unchecked Sendable {
    typealias Answer = Result<Registered, SubmissionRefusal>

    /// Registrations that wait for the thread.
    static let mostWaiting = 1_024
    /// Seconds between two looks at the clock.
    private static let tick = 0.02

    private let folder: PoetFolder
    private let interval: Double
    private let logger: Logger
    private let clock: (@Sendable (UInt64) -> ChainView)?
    private let post: @Sendable (PoetProof) -> Void

    private let condition = NSCondition()
    private var queue: [RoundEvent] = []
    private var waiting: [UInt64: CheckedContinuation<Answer, Never>] = [:]
    private var nextCall: UInt64 = 0
    private var isClosed = false
    private var hasEnded = false

    private var rounds: Rounds
    private var worker: RoundWorker?
    private let shown: Mutex<(rounds: Rounds, leaves: UInt64)>

    /// - Parameters:
    ///   - interval: seconds between two checkpoints.
    ///   - clock: what stands for a chain; nil: somebody tells of one.
    ///   - post: takes proofs for the chain, at once.
    init(
        _ folder: PoetFolder, rounds: Rounds, interval: Double, logger: Logger,
        clock: (@Sendable (UInt64) -> ChainView)? = nil, post: @escaping @Sendable (PoetProof) -> Void
    ) {
        self.folder = folder
        self.rounds = rounds
        self.interval = interval
        self.logger = logger
        self.clock = clock
        self.post = post
        shown = Mutex((rounds, 0))
    }

    /// The rounds as they are now, and the leaves of the one that works.
    var state: (rounds: Rounds, leaves: UInt64) { shown.withLock { $0 } }

    // MARK: - From anywhere

    /// Takes an event.
    func take(_ event: RoundEvent) {
        locked { queue.append(event) }
    }

    /// Registers somebody.
    func submit(_ submission: Submission) async -> Answer {
        await withCheckedContinuation { continuation in
            let refusal: SubmissionRefusal? = locked {
                guard !isClosed else { return .closed }
                guard waiting.count < Self.mostWaiting else { return .full(waiting.count) }
                nextCall += 1
                waiting[nextCall] = continuation
                queue.append(.submitted(submission, call: nextCall))
                return nil
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
    }

    /// Begins.
    func start() {
        let thread = Thread { [self] in
            perform(rounds.resumed)
            while let events = next() { for event in events { handle(event) } }
            end()
        }
        thread.name = "desk"
        thread.start()
    }

    /// Ends the work behind the leaf that is made, and returns when all is on the disk.
    func close() async {
        locked { isClosed = true }
        while !locked({ hasEnded }) { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer {
            condition.signal()
            condition.unlock()
        }
        return body()
    }

    // MARK: - The thread

    /// What happened, and that time went by; nil: this is the end.
    private func next() -> [RoundEvent]? {
        condition.lock()
        defer { condition.unlock() }
        if queue.isEmpty, !isClosed { _ = condition.wait(until: Date() + Self.tick) }
        if isClosed { return nil }
        var events = queue
        queue = []
        if let clock {
            let view = clock(unixMilliseconds())
            if view != rounds.chain { events.append(.chain(view)) }
        }
        return events + [.time(leaves: worker?.leaves ?? 0)]
    }

    private func handle(_ event: RoundEvent) {
        perform(rounds.handle(event, now: unixMilliseconds()))
        let leaves = worker?.leaves ?? 0
        let rounds = rounds
        shown.withLock { $0 = (rounds, leaves) }
    }

    private func perform(_ actions: [RoundAction]) {
        for action in actions {
            do {
                try perform(action)
            } catch {
                logger.error("\(error)")
                if let epoch = action.epoch { take(.failed(epoch: epoch, "\(error)")) }
                // What comes after it rests on it: whoever waits is told that it was not done.
                return fail(actions)
            }
        }
    }

    private func fail(_ actions: [RoundAction]) {
        for case .answer(let call, .success) in actions { answer(call, .failure(.closed)) }
    }

    private func perform(_ action: RoundAction) throws {
        switch action {
        case .keep(let epoch, let node, let challenge):
            try folder.keep(epoch, node: node, challenge: challenge)
        case .answer(let call, let result): answer(call, result)
        case .work(let epoch, let members): try work(epoch, members)
        case .prove(let epoch): if worker?.epoch == epoch { worker?.prove() }
        case .stop(let epoch):
            guard worker?.epoch == epoch else { return }
            worker?.abandon()
            worker = nil
        case .store(let epoch, let members, let proof):
            try folder.store(
                ProofRecord(
                    epoch: epoch, challenge: rounds.round(epoch)?.challenge, members: members, proof: proof))
        case .post(let proof): post(proof)
        case .forget(let epoch): folder.forget(epoch)
        case .tell(let text): logger.info("\(text)")
        }
    }

    private func answer(_ call: UInt64, _ result: Answer) {
        locked { waiting.removeValue(forKey: call) }?.resume(returning: result)
    }

    private func work(_ epoch: UInt32, _ members: Membership) throws {
        try folder.begin(
            RoundBeginning(epoch: epoch, challenge: rounds.round(epoch)?.challenge, members: members))
        let worker = RoundWorker(
            epoch: epoch, statement: members.statement, folder: folder.folder(epoch), interval: interval
        ) { [logger] in logger.notice("\($0)") }
        self.worker = worker
        worker.start { [weak self] outcome in
            switch outcome {
            case .proved(let proof): self?.take(.proved(epoch: epoch, proof))
            case .failed(let reason): self?.take(.failed(epoch: epoch, reason))
            case .stopped: break
            }
        }
    }

    private func end() {
        worker?.stop()
        // The last checkpoint is written; a disk that stands still is not waited for any longer.
        let limit = seconds() + 5
        while let worker, !worker.hasEnded, seconds() < limit { usleep(2_000) }
        let left = locked {
            hasEnded = true
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        for continuation in left { continuation.resume(returning: .failure(.closed)) }
    }
}

extension RoundAction {
    /// The round whose work cannot go on when this fails; nil: it can.
    fileprivate var epoch: UInt32? {
        switch self {
        case .work(let epoch, _), .store(let epoch, _, _), .prove(let epoch), .keep(let epoch, _, _): epoch
        case .answer, .stop, .post, .forget, .tell: nil
        }
    }
}
