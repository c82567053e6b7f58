internal import Foundation
internal import Logging
internal import MempoolCore
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeProtocol

/// What waits, and the one place where it changes.
actor Pool {
    /// What came of a candidate.
    struct Answer: Sendable {
        let id: Bytes32
        let refusal: MempoolRefusal?
        let wasKnown: Bool
    }

    /// Somebody's candidates; its answers come one by one.
    final class Submission {
        var answers: [Answer?]
        var left: Int
        var done: CheckedContinuation<[Answer], any Error>?

        init(_ count: Int) {
            answers = [Answer?](repeating: nil, count: count)
            left = count
        }
    }

    /// A candidate that waits for the ledger's word.
    struct Waiting {
        let candidate: Candidate
        let submission: Submission
        let place: Int
    }

    let bus: BusClient
    let ledger: LedgerCalls
    let journal: JournalFile
    let settings: MempoolSettings
    let logger: Logger
    var core: Mempool?
    var exchange = Exchange()
    /// What a block has room for.
    var room = ItemPool.Room(plotProofs: 0, laneBytes: 0)
    var counts = Counts()
    private var recovered: [Candidate]
    /// Items that were refused at the start, and how often they may be judged again.
    private var unsure: [(candidate: Candidate, tries: Int)] = []
    private var queue: [Waiting] = []
    private var idle: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false
    private var heardHeight: UInt64?
    private var heardAt: UInt64 = 0

    /// Since the start.
    struct Counts {
        var admitted: UInt64 = 0
        var refused: UInt64 = 0
        var putOut: UInt64 = 0
        var included: UInt64 = 0
    }

    init(
        _ bus: BusClient, _ settings: MempoolSettings, _ journal: JournalFile, _ recovered: [Candidate],
        logger: Logger
    ) {
        self.bus = bus
        ledger = LedgerCalls(bus: bus)
        self.settings = settings
        self.journal = journal
        self.recovered = recovered
        self.logger = logger
    }

    /// Whether the ledger was heard of, and the journal's candidates were judged.
    var isOpen: Bool { core != nil }

    /// What waits.
    /// - Throws: `BusError` before it was opened.
    func opened() throws -> Mempool {
        guard let core else {
            throw BusError(
                .notReady, "the mempool waits for the ledger: ask again", retryAfterMilliseconds: 100)
        }
        return core
    }

    // MARK: - Beginning

    /// Begins at the ledger's height, with what the journal holds and the ledger still takes.
    func open() async throws {
        let info = try await ledger.info()
        room = try await ledger.room()
        var core = Mempool(settings.limits, height: info.height, epoch: info.epoch)
        for batch in Self.batches(recovered) {
            let verdicts = try await ledger.verdicts(batch)
            for (candidate, verdict) in zip(batch, verdicts) {
                let actions = core.handle(.judged(candidate, verdict))
                if candidate.kind != .transaction, case .refused? = actions.last {
                    unsure.append((candidate, ServiceLimit.itemTries))
                }
            }
        }
        let kept = core.everything.count
        if !recovered.isEmpty {
            logger.info("of \(recovered.count) candidates in the journal, the ledger still takes \(kept)")
        }
        recovered = []
        self.core = core
        rewriteJournal()
    }

    /// Candidates in calls that are not too large.
    static func batches(_ candidates: [Candidate]) -> [[Candidate]] {
        var batches: [[Candidate]] = []
        var bytes = 0
        for candidate in candidates {
            bytes += candidate.raw.count
            if let last = batches.last, last.count < MempoolLimit.candidates, bytes <= ServiceLimit.callBytes
            {
                batches[batches.count - 1].append(candidate)
            } else {
                batches.append([candidate])
                bytes = candidate.raw.count
            }
        }
        return batches
    }

    // MARK: - Submitting

    /// Has candidates judged, and takes in those that may wait.
    func submit(_ candidates: [Candidate]) async throws -> [Answer] {
        let submission = Submission(candidates.count)
        let fresh = try fresh(candidates, submission)
        guard queue.count + fresh.count <= ServiceLimit.waiting else {
            throw BusError(
                .busy, "\(queue.count) candidates wait for the ledger's word: send again in a moment",
                retryAfterMilliseconds: 100, limit: UInt64(ServiceLimit.waiting),
                actual: UInt64(queue.count + fresh.count))
        }
        guard !fresh.isEmpty else { return submission.answers.compactMap(\.self) }
        queue += fresh
        return try await withCheckedThrowingContinuation { done in
            submission.done = done
            wake()
        }
    }

    /// Answers what needs no word of the ledger.
    /// - Returns: the others.
    private func fresh(_ candidates: [Candidate], _ submission: Submission) throws -> [Waiting] {
        let core = try opened()
        return candidates.enumerated().compactMap { place, candidate in
            let refusal = candidate.sizeRefusal
            guard refusal != nil || core.contains(candidate.id) else {
                return Waiting(candidate: candidate, submission: submission, place: place)
            }
            submission.answers[place] = Answer(
                id: candidate.id, refusal: refusal, wasKnown: refusal == nil)
            submission.left -= 1
            return nil
        }
    }

    private func wake() {
        guard !idle.isEmpty else { return }
        idle.removeLast().resume()
    }

    /// Has candidates judged, call by call, until the end.
    func check() async {
        while !isClosed {
            let batch = nextBatch()
            guard !batch.isEmpty else {
                await withCheckedContinuation { idle.append($0) }
                continue
            }
            // More than one call's worth: another may begin.
            if !queue.isEmpty { wake() }
            do {
                let verdicts = try await ledger.verdicts(batch.map(\.candidate))
                settle(batch, verdicts)
            } catch {
                for waiting in batch { fail(waiting.submission, error) }
            }
        }
    }

    /// What one call holds, the oldest first.
    private func nextBatch() -> [Waiting] {
        var (count, bytes) = (0, 0)
        for waiting in queue.prefix(MempoolLimit.candidates) {
            bytes += waiting.candidate.raw.count
            guard count == 0 || bytes <= ServiceLimit.callBytes else { break }
            count += 1
        }
        defer { queue.removeFirst(count) }
        return Array(queue.prefix(count))
    }

    private func settle(_ batch: [Waiting], _ verdicts: [Verdict]) {
        var written: [UInt8] = []
        for (waiting, verdict) in zip(batch, verdicts) {
            let id = waiting.candidate.id
            _ = exchange.handle(.arrived(id), now: clock()) { _ in false }
            let actions = core?.handle(.judged(waiting.candidate, verdict)) ?? []
            written += note(actions)
            var refusal: MempoolRefusal?
            if case .refused(id, let reason)? = actions.last { refusal = reason }
            let answer = Answer(id: id, refusal: refusal, wasKnown: actions.isEmpty)
            give(answer, to: waiting)
        }
        journal.append(written)
    }

    private func give(_ answer: Answer, to waiting: Waiting) {
        let submission = waiting.submission
        submission.answers[waiting.place] = answer
        submission.left -= 1
        guard submission.left == 0 else { return }
        submission.done?.resume(returning: submission.answers.compactMap(\.self))
        submission.done = nil
    }

    private func fail(_ submission: Submission, _ error: any Error) {
        submission.done?.resume(throwing: error)
        submission.done = nil
    }

    /// Counts what happened, tells the exchange, and says what is to be written down.
    func note(_ actions: [Mempool.Action]) -> [UInt8] {
        var written: [UInt8] = []
        for action in actions {
            switch action {
            case .admitted(let candidate, let arrival):
                counts.admitted += 1
                _ = exchange.handle(.admitted(candidate.kind, candidate.id), now: clock()) { _ in true }
                written += Journal.bytes(
                    of: .admitted(candidate.kind, arrival: arrival, raw: candidate.raw))
            case .refused: counts.refused += 1
            case .removed(let id, let reason):
                if case .putOut? = reason { counts.putOut += 1 }
                if reason == nil { counts.included += 1 }
                written += Journal.bytes(of: .removed(id))
            }
        }
        return written
    }

    /// Ends what waits for candidates.
    func close() {
        isClosed = true
        for waiting in queue {
            fail(waiting.submission, BusError(.draining, "the mempool ends: send it again in a moment"))
        }
        queue = []
        for continuation in idle { continuation.resume() }
        idle = []
    }

    // MARK: - Blocks

    /// Takes out what a block has, and what it makes impossible.
    /// - Returns: how many.
    func committed(_ height: UInt64, transactions: [Bytes32], items: [[UInt8]]) async throws -> Int {
        _ = try opened()
        let info = try await ledger.info()
        guard height <= info.height else {
            throw BusError(
                .failed, "the ledger is at height \(info.height): apply block \(height) there before")
        }
        let news = Mempool.BlockNews(
            height: info.height, epoch: info.epoch, transactions: transactions, items: items)
        let actions = core?.handle(.committed(news)) ?? []
        journal.append(note(actions))
        return actions.count
    }

    /// The ledger has a block; nil: what it has now is not known.
    func heard(of height: UInt64?) {
        if heardHeight.map({ $0 <= core?.height ?? 0 }) ?? true { heardAt = clock() }
        heardHeight = max(height ?? .max, heardHeight ?? 0)
    }

    /// Asks the ledger itself when nobody told of its newest block in time.
    func catchUp() async {
        guard let heard = heardHeight, clock() &- heardAt >= ServiceLimit.newsPatience else { return }
        heardHeight = nil
        guard heard != core?.height, let info = try? await ledger.info() else { return }
        journal.append(note(core?.handle(.passed(height: info.height, epoch: info.epoch)) ?? []))
    }

    /// Has what blocks have touched judged anew, until the end.
    func recheck() async {
        while !isClosed {
            let due = core?.takeRechecks(MempoolLimit.candidates) ?? []
            guard !due.isEmpty else {
                await bus.pause(20)
                if Task.isCancelled { return }
                continue
            }
            do {
                for batch in Self.batches(due) {
                    let verdicts = try await ledger.verdicts(batch)
                    var written: [UInt8] = []
                    for (candidate, verdict) in zip(batch, verdicts) {
                        written += note(core?.handle(.rejudged(candidate.id, verdict)) ?? [])
                    }
                    journal.append(written)
                }
            } catch {
                core?.returnRechecks(due.map(\.id))
                await bus.pause(500)
            }
        }
    }

    /// Judges again what was refused at the start, as whoever judges proofs may come later.
    func retryItems() async {
        let tried = unsure
        unsure = []
        for (candidate, tries) in tried where tries > 0 {
            guard let verdict = try? await ledger.verdicts([candidate]).first else { continue }
            let actions = core?.handle(.judged(candidate, verdict)) ?? []
            journal.append(note(actions))
            if case .refused? = actions.last { unsure.append((candidate, tries - 1)) }
        }
    }

    // MARK: - The journal

    /// Writes the journal anew when most of it is of the past, or when it could not be written.
    func shortenJournal() {
        guard let core else { return }
        let live = core.transactions.bytes + core.items.activationBytes + 32 * core.transactions.count
        if journal.needsRewrite || journal.bytes > UInt64(2 * live + (4 << 20)) { rewriteJournal() }
    }

    private func rewriteJournal() {
        guard let core else { return }
        var bytes = Journal.mark
        for (candidate, arrival) in core.everything {
            bytes += Journal.bytes(of: .admitted(candidate.kind, arrival: arrival, raw: candidate.raw))
        }
        journal.rewrite(bytes)
    }

    /// Milliseconds of a clock that never goes back.
    func clock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1000 &+ UInt64(time.tv_nsec) / 1_000_000
    }
}
