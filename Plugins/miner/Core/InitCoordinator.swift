/// Spreads the making of a plot over workers: one job a file, the smallest label wins.
///
/// What it was told before `begin` is memory of an earlier life: it counts, but asks for nothing.
package struct InitCoordinator: Sendable {
    /// Tries of a file, each of which the queue makes three times.
    package static let rounds: UInt32 = 3

    private struct Piece: Hashable {
        let segment: Int
        let file: UInt64
    }

    private let plan: FleetPlan
    /// What is shown.
    package private(set) var board: LaneBoard
    /// The smallest label so far.
    package private(set) var candidate: NonceCandidate?
    private var open: [Piece: FleetJob] = [:]
    private var firstRound: [Piece: UInt32] = [:]
    private var failures: [Piece: String] = [:]
    private var hasBegun = false
    private var hasEnded = false

    /// A coordinator of a plan without faults.
    package init(plan: FleetPlan) {
        self.plan = plan
        board = LaneBoard(plan: plan, isReading: false)
        for (number, segment) in plan.segments.enumerated() {
            for file in segment.files {
                let piece = Piece(segment: number, file: file)
                let job = FleetJob.initialize(segment: number, file: file, round: 0)
                open[piece] = job
                board.add(job, bytes: bytes(piece))
            }
        }
    }

    private func bytes(_ piece: Piece) -> Double {
        Double(plan.labels(of: piece.file..<piece.file + 1).count) * Double(FleetPlan.labelBytes)
    }

    /// Asks for all that is not done: of every segment the first file, then of every segment the second.
    package mutating func begin(at now: UInt64) -> [FleetAction] {
        hasBegun = true
        firstRound = open.mapValues(\.round)
        let order = open.keys.sorted { left, right in
            let (one, two) = (place(left), place(right))
            return (one, left.segment) < (two, right.segment)
        }
        return order.compactMap { open[$0].map { .offer($0) } } + endWhenDone()
    }

    private func place(_ piece: Piece) -> UInt64 {
        piece.file - plan.segments[piece.segment].files.lowerBound
    }

    /// Takes an event, and says what to do.
    package mutating func handle(_ event: FleetEvent, at now: UInt64) -> [FleetAction] {
        switch event {
        case .workers(let list): board.note(list)
        case .jobs(let words): board.note(words, at: now)
        case .ended(let job, let outcome): return ended(job, outcome, now)
        case .hits, .judged, .tick: break
        }
        return []
    }

    private mutating func ended(_ job: FleetJob, _ outcome: JobOutcome, _ now: UInt64) -> [FleetAction] {
        guard case .initialize(let segment, let file, let round) = job else { return [] }
        let piece = Piece(segment: segment, file: file)
        if case .made(let found) = outcome {
            // Whoever made it, and whenever: a file that is there is there.
            candidate = NonceCandidate.smaller(candidate, found)
            board.finish(open[piece] ?? job, at: now)
            open[piece] = nil
            failures[piece] = nil
            return endWhenDone()
        }
        guard open[piece] == job else { return [] }
        if case .failed(let text) = outcome { failures[piece] = text }
        let next = FleetJob.initialize(segment: segment, file: file, round: round &+ 1)
        board.replace(job, by: next, bytes: bytes(piece))
        open[piece] = next
        guard hasBegun else { return [] }
        if next.round &- (firstRound[piece] ?? 0) < InitCoordinator.rounds { return [.offer(next)] }
        return endWhenDone()
    }

    /// The end, once no job is left that may still succeed.
    private mutating func endWhenDone() -> [FleetAction] {
        let hopeful = open.contains { $1.round &- (firstRound[$0] ?? 0) < InitCoordinator.rounds }
        guard hasBegun, !hasEnded, !hopeful else { return [] }
        hasEnded = true
        guard !open.isEmpty else { return [.finish(.initialized(candidate))] }
        let lost = open.keys.sorted { ($0.segment, $0.file) < ($1.segment, $1.file) }
        let words = lost.prefix(5).map { piece in
            let segment = plan.segments[piece.segment]
            return
                "\(segment.worker):\(segment.directory), file \(piece.file): \(failures[piece] ?? "failed")"
        }
        return [
            .finish(
                .failed(
                    "\(lost.count) files could not be made: \(words.joined(separator: "; ")); mend that and begin again"
                ))
        ]
    }
}
