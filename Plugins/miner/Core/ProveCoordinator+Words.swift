internal import NodeDomain
internal import NodeEncoding

extension ProveCoordinator {
    func packed(_ indices: [UInt64]) -> [UInt8] {
        IndexPacking.pack(indices, bits: IndexPacking.bits(labels: plan.labels))
    }

    // MARK: - Words of workers

    mutating func take(_ hits: [FleetHit], of job: FleetJob) {
        guard case .scan(let segment, let pass, _, _) = job, passes.indices.contains(pass) else { return }
        let labels = plan.labels(ofSegment: segment)
        for hit in hits {
            let group = hit.nonce / ProofAsk.noncesPerGroup
            guard labels.contains(hit.index), passes[pass].contains(UInt8(clamping: group)), group < 256
            else {
                strangeHits += 1
                continue
            }
            ledger.add(hit)
        }
    }

    mutating func ended(_ job: FleetJob, _ outcome: JobOutcome, _ now: UInt64) -> [FleetAction] {
        switch job {
        case .work(let group, _): workEnded(group, job, outcome, now)
        case .scan(let segment, let pass, let from, _):
            scanEnded(ScanKey(pass: pass, segment: segment), from, job, outcome, now)
        case .initialize: []
        }
    }

    private mutating func workEnded(
        _ group: UInt8, _ job: FleetJob, _ outcome: JobOutcome, _ now: UInt64
    ) -> [FleetAction] {
        if case .work(let pow) = outcome {
            // The first that came stays: scans may be under way with it.
            if pows[group] == nil { pows[group] = pow }
            board.finish(works[group] ?? job, at: now)
            works[group] = nil
            return []
        }
        guard pows[group] == nil, works[group] ?? job == job else { return [] }
        let next = FleetJob.work(group: group, round: job.round &+ 1)
        works[group] = next
        board.replace(job, by: next, bytes: 1)
        guard hasBegun else { return [] }
        if case .failed(let text) = outcome, next.round &- (firstRound[group] ?? 0) >= ProveCoordinator.rounds
        {
            hasEnded = true
            return cancelOpen("another task failed") + [
                .finish(.failed("the proof of work of group \(group) cannot be made: \(text)"))
            ]
        }
        return [.offer(next)]
    }

    private mutating func scanEnded(
        _ key: ScanKey, _ from: UInt64, _ job: FleetJob, _ outcome: JobOutcome, _ now: UInt64
    ) -> [FleetAction] {
        guard passes.indices.contains(key.pass), plan.segments.indices.contains(key.segment) else {
            return []
        }
        var round = job.round
        var next = from
        switch outcome {
        case .scanned(let hits, let place):
            take(hits, of: job)
            next = place
        case .cancelled(let place):
            next = place ?? from
            round &+= 1
        case .failed: round &+= 1
        case .made, .work: return []
        }
        // Labels are looked at in order from `from`, which was reached when the job was made.
        reached[key] = max(reached[key] ?? 0, next)
        guard scans[key] == job || !hasBegun else { return [] }
        resting[job] = nil
        if case .scanned = outcome, next >= plan.labels(ofSegment: key.segment).upperBound {
            board.finish(job, at: now)
            scans[key] = nil
            return []
        }
        prepareScan(key, round: round)
        guard hasBegun, let again = scans[key] else { return [] }
        guard case .failed = outcome else { return [.offer(again)] }
        resting[again] = now + ProveCoordinator.pause
        return []
    }

    mutating func judged(_ judgement: Judgement, _ now: UInt64) -> [FleetAction] {
        guard isJudging, let proof = proof() else { return [] }
        isJudging = false
        switch judgement {
        case .valid:
            hasEnded = true
            return cancelOpen("the proof is made") + [.finish(.proof(proof, damaged: ledger.banned))]
        case .invalid(_, let index?):
            ledger.ban(index)
            return []
        case .invalid(let reason, nil):
            hasEnded = true
            return cancelOpen("the proof is not valid") + [
                .finish(.failed("the proof that was put together is not valid: \(reason)"))
            ]
        case .unanswered:
            judgeAt = now + 2000
            return []
        }
    }

    /// Offers anew what has rested; a worker that comes back does not wait for the end of the pause.
    mutating func wake(at now: UInt64) -> [FleetAction] {
        let due = resting.filter { $0.value <= now }.keys.sorted { ($0.segment ?? 0) < ($1.segment ?? 0) }
        for job in due { resting[job] = nil }
        return due.map { .offer($0) }
    }

    func cancelOpen(_ reason: String) -> [FleetAction] {
        let jobs = scans.sorted { ($0.key.pass, $0.key.segment) < ($1.key.pass, $1.key.segment) }.map(\.value)
        let open = works.sorted { $0.key < $1.key }.map(\.value)
        return (jobs + open).map { .cancel($0, reason) }
    }

    // MARK: - Odds

    /// The chance that the passes begun give a proof: with all disks, or with those alone that are there.
    package func odds(onPresent: Bool) -> Double {
        guard ledger.winner == nil else { return 1 }
        var none = 1.0
        for number in 0...pass where passes.indices.contains(number) {
            let left = labelsLeft(of: number, onPresent: onPresent)
            let mean = Double(ask.k1) * left / Double(max(plan.labels, 1))
            let found = passes[number].flatMap { group in
                (0..<ProofAsk.noncesPerGroup).map {
                    ledger.found(UInt32(group) * ProofAsk.noncesPerGroup + $0)
                }
            }
            none *= 1 - Odds.any(found: found, needed: ask.k2, mean: mean)
        }
        return 1 - none
    }

    /// Labels of a pass that nobody has looked at.
    private func labelsLeft(of number: Int, onPresent: Bool) -> Double {
        if number == pass, isWorking {
            return plan.segments.indices.reduce(0) { sum, segment in
                let counts = !onPresent || board.isThere(plan.segments[segment].worker)
                return counts ? sum + Double(plan.labels(ofSegment: segment).count) : sum
            }
        }
        return board.labelsLeft(of: number, onPresent: onPresent)
    }
}
