internal import NodeDomain

/// What a proof is asked for.
package struct ProofAsk: Hashable, Sendable {
    /// Nonces of a group.
    package static let noncesPerGroup: UInt32 = 16

    /// Labels expected to be good for a nonce.
    package let k1: UInt32
    /// Indices of a proof.
    package let k2: Int
    /// Nonces of a pass over the plot, a multiple of 16.
    package let nonces: UInt32
    /// Nonces below this alone may win, a multiple of 16 up to 4096.
    package let maxNonces: UInt32

    /// What is asked.
    package init(k1: UInt32, k2: Int, nonces: UInt32, maxNonces: UInt32) {
        self.k1 = k1
        self.k2 = k2
        self.nonces = nonces
        self.maxNonces = maxNonces
    }

    /// The groups of each pass.
    package var passes: [ClosedRange<UInt8>] {
        let all = Int(min(maxNonces, 4096) / ProofAsk.noncesPerGroup)
        let step = max(Int(nonces / ProofAsk.noncesPerGroup), 1)
        return stride(from: 0, to: all, by: step).map { UInt8($0)...UInt8(min($0 + step, all) - 1) }
    }
}

/// Spreads a proof over workers: proofs of work anywhere, scans where the files are, hits together here.
///
/// A state machine: event in, actions out, no clock. Its state is a function of the outcomes and hits it was told, in
/// whatever order and however often; so one that comes back is told again what was kept and goes on. What it was told
/// before `begin` asks for nothing.
package struct ProveCoordinator: Sendable {
    /// How long a pass waits for disks that are not there, or that fail, before the next pass begins without them.
    package static let patience: UInt64 = 60_000
    /// Pause before a job that failed as often as the queue allows is offered anew.
    package static let pause: UInt64 = 30_000
    /// Below this, nobody waits for what is left.
    package static let hopeless = 1e-9
    /// Rounds of a proof of work; each fails three times at the queue.
    package static let rounds: UInt32 = 3

    let plan: FleetPlan
    let ask: ProofAsk
    let passes: [ClosedRange<UInt8>]
    /// What is shown.
    package internal(set) var board: LaneBoard
    /// All hits.
    package internal(set) var ledger: HitLedger
    /// Which pass is under way, from 0.
    package internal(set) var pass = 0
    /// Whether proofs of work of this pass are still missing.
    package internal(set) var isWorking = true
    /// Hits that cannot be: of other labels or nonces than the job's.
    package internal(set) var strangeHits = 0
    var pows: [UInt8: UInt64] = [:]
    var works: [UInt8: FleetJob] = [:]
    /// Of each pass and segment, how far its labels were looked at.
    var reached: [ScanKey: UInt64] = [:]
    var scans: [ScanKey: FleetJob] = [:]
    /// Jobs that failed, and when to offer them anew.
    var resting: [FleetJob: UInt64] = [:]
    var firstRound: [UInt8: UInt32] = [:]
    var stalledSince: UInt64?
    var isJudging = false
    var judgeAt: UInt64 = 0
    var hasBegun = false
    /// Whether all is over: no hit is wanted any more.
    package internal(set) var hasEnded = false

    struct ScanKey: Hashable {
        let pass: Int
        let segment: Int
    }

    /// A coordinator of a plan without faults.
    package init(plan: FleetPlan, ask: ProofAsk) {
        self.plan = plan
        self.ask = ask
        passes = ask.passes
        board = LaneBoard(plan: plan, isReading: true)
        ledger = HitLedger(needed: ask.k2)
        showWorks()
    }

    /// The proofs of work of a pass, once all are there.
    package func groups(of pass: Int) -> [FleetGroup]? {
        guard passes.indices.contains(pass) else { return nil }
        let found = passes[pass].compactMap { number in
            pows[number].map { FleetGroup(number: number, pow: $0) }
        }
        return found.count == passes[pass].count ? found : nil
    }

    /// Asks for what this pass lacks.
    package mutating func begin(at now: UInt64) -> [FleetAction] {
        hasBegun = true
        firstRound = works.mapValues(\.round)
        return askForWorks() + advance(at: now)
    }

    /// Takes an event, and says what to do.
    package mutating func handle(_ event: FleetEvent, at now: UInt64) -> [FleetAction] {
        guard !hasEnded else { return [] }
        var actions: [FleetAction] = []
        switch event {
        case .workers(let list): board.note(list)
        case .jobs(let words): board.note(words, at: now)
        case .hits(let job, let hits): take(hits, of: job)
        case .ended(let job, let outcome): actions = ended(job, outcome, now)
        case .judged(let judgement): actions = judged(judgement, now)
        case .tick: actions = wake(at: now)
        }
        return hasBegun ? actions + advance(at: now) : []
    }

    // MARK: - Stages

    /// The proofs of work of this pass that are missing, on the board.
    mutating func showWorks() {
        for number in passes.indices.contains(pass) ? Array(passes[pass]) : [] where pows[number] == nil {
            let job = works[number] ?? .work(group: number, round: 0)
            works[number] = job
            board.add(job, bytes: 1)
        }
    }

    private func askForWorks() -> [FleetAction] {
        guard passes.indices.contains(pass) else { return [] }
        return passes[pass].compactMap { number in
            pows[number] == nil ? works[number].map { .offer($0) } : nil
        }
    }

    /// Goes on as far as what is known allows.
    private mutating func advance(at now: UInt64) -> [FleetAction] {
        var actions: [FleetAction] = []
        while !hasEnded {
            if let judge = judgeWinner(at: now) { actions.append(judge) }
            if isJudging { break }
            if isWorking {
                guard groups(of: pass) != nil else { break }
                isWorking = false
                actions += beginScans()
            } else if mayLeavePass(at: now), pass + 1 < passes.count {
                pass += 1
                isWorking = true
                stalledSince = nil
                showWorks()
                for (group, job) in works where firstRound[group] == nil { firstRound[group] = job.round }
                actions += askForWorks()
            } else if isExhausted {
                hasEnded = true
                actions += cancelOpen("no nonce can reach \(ask.k2) labels any more")
                actions.append(.finish(.unproved(best: ledger.best, damaged: ledger.banned)))
            } else {
                break
            }
        }
        return actions
    }

    private mutating func beginScans() -> [FleetAction] {
        board.removeFinished()
        for segment in plan.segments.indices { prepareScan(ScanKey(pass: pass, segment: segment)) }
        return plan.segments.indices.compactMap { segment in
            scans[ScanKey(pass: pass, segment: segment)].map { .offer($0) }
        }
    }

    /// Makes the job of what is left of a segment, when anything is.
    mutating func prepareScan(_ key: ScanKey, round: UInt32 = 0) {
        let labels = plan.labels(ofSegment: key.segment)
        let from = max(reached[key] ?? labels.lowerBound, labels.lowerBound)
        let old = scans[key]
        guard from < labels.upperBound else {
            scans[key] = nil
            return
        }
        let job = FleetJob.scan(
            segment: key.segment, pass: key.pass, from: from, round: max(round, old?.round ?? 0))
        scans[key] = job
        board.replace(
            old ?? job, by: job, bytes: Double(labels.upperBound - from) * Double(FleetPlan.labelBytes))
    }

    /// A proof of the winner, when there is one that nobody judges yet.
    private mutating func judgeWinner(at now: UInt64) -> FleetAction? {
        guard !isJudging, now >= judgeAt, let proof = proof() else { return nil }
        isJudging = true
        return .judge(proof)
    }

    /// The winner's proof.
    func proof() -> PostProof? {
        guard let winner = ledger.winner,
            let pow = pows[UInt8(truncatingIfNeeded: winner / ProofAsk.noncesPerGroup)]
        else { return nil }
        return PostProof(nonce: winner, indices: packed(ledger.winning), pow: pow)
    }

    // MARK: - When to stop waiting

    /// All scans of this pass are done, or those left have been waited for long enough.
    private mutating func mayLeavePass(at now: UInt64) -> Bool {
        if !scans.keys.contains(where: { $0.pass == pass }) { return true }
        guard isStalled else {
            stalledSince = nil
            return false
        }
        let since = stalledSince ?? now
        stalledSince = since
        return now >= since && now - since >= ProveCoordinator.patience
    }

    /// Scans of this pass are left, but all are of disks that are not there or that fail.
    private var isStalled: Bool {
        scans.allSatisfy { key, job in
            key.pass < pass || !board.isThere(plan.segments[key.segment].worker) || resting[job] != nil
        }
    }

    /// Nothing is left that could still make a proof; what is being read is read to its end.
    private var isExhausted: Bool {
        guard pass + 1 >= passes.count, !isWorking, ledger.winner == nil else { return false }
        return scans.isEmpty || (isStalled && odds(onPresent: false) < ProveCoordinator.hopeless)
    }
}
