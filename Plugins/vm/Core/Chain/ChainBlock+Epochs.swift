internal import NodeDomain

extension ChainBlock {
    /// Whether so much time has passed since the epoch's start; the block is never before it.
    func hasLasted(_ epoch: EpochRecord, _ span: UInt64) -> Bool {
        context.time - min(context.time, epoch.startTime) >= span
    }

    /// Ends the epoch if this block is the first of the next (spec: chain, §2).
    mutating func turnEpoch() throws {
        let number = pot.epoch
        try state.require(StateNeeds([.epoch(number), .epoch(number + 1)]))
        let epoch = try state.epoch(number)
        guard let opening = epoch.opening, var next = try state.epochs.get(number + 1), next.weight > 0,
            hasLasted(epoch, rules.parameters.epochTime),
            // So many blocks lie between the one with the proof and this one.
            context.height - opening.height > rules.parameters.windowHeights
        else { return }
        let lost = epoch.weight - min(epoch.weight, next.weight)
        guard next.weight >= lost || hasLasted(epoch, 2 * rules.parameters.epochTime) else { return }
        next.startHeight = context.height
        next.startTime = context.time
        let voters = try freeze(number + 1)
        try state.epochs.set(number + 1, next)
        pot.epoch = number + 1
        // Rows of older epochs are due whether they vote or not.
        if pot.early.epoch + ChainLimit.stakeEpochs <= pot.epoch {
            pot.early = RowCursor(epoch: pot.epoch - ChainLimit.stakeEpochs + 1)
        }
        events.append(.epochEnded(number))
        events.append(.epochStarted(number + 1, weight: next.weight, voters: voters))
    }

    /// Writes down who votes with how much: what an operator had in the epoch before and has in this one.
    private mutating func freeze(_ epoch: UInt32) throws -> Int {
        let ranges: [StateRange] = [.tallies(epoch: epoch - 1), .tallies(epoch: epoch)]
        var needs = StateNeeds([.frozen(epoch: epoch)])
        for range in ranges { needs.ranges[range] = FrozenRecord.most }
        try state.require(needs)
        let tallies = try ranges.map { range in
            try state.first(FrozenRecord.most, of: range).compactMap { key -> EpochKey? in
                guard case .tally(let epoch, let id) = key else { return nil }
                return EpochKey(epoch, id)
            }
        }
        needs = StateNeeds(Set(tallies.joined().map { .tally(epoch: $0.epoch, operator: $0.id) }))
        needs.keys.formUnion(tallies[0].map { .operator($0.id) })
        try state.require(needs)
        let matured = Set(tallies[0].map(\.id))
        var voters: [Voter] = []
        for key in tallies[1] where matured.contains(key.id) {
            guard let record = try state.operators.get(key.id), record.votes, !record.barred,
                let vrfKey = record.vrfKey, let now = try state.tallies.get(key),
                let before = try state.tallies.get(EpochKey(epoch - 1, key.id))
            else { continue }
            voters.append(Voter(operator: key.id, vrfKey: vrfKey, power: min(now.units, before.units)))
        }
        for key in tallies[0] { try state.tallies.set(key, nil) }
        try state.frozen.set(epoch, FrozenRecord(voters: voters))
        return voters.count
    }

    /// The layer's subsidy, if this is its first block, and the fees: into the epoch's index (spec: chain, §6).
    mutating func mint(fees: UInt64) throws {
        var epoch = try state.epoch(pot.epoch)
        var pool = fees
        let layer = rules.parameters.layer(at: context.time) ?? 0
        if pot.layer.map({ $0 < layer }) ?? true {
            pot.layer = layer
            let isLate = hasLasted(epoch, 2 * rules.parameters.epochTime + 1)
            if layer > rules.parameters.effectiveGenesisLayer, epoch.weight > 0, !isLate {
                let subsidy = Issuance.subsidy(layer - rules.parameters.effectiveGenesisLayer)
                let seatPart =
                    subsidy / 100 * ChainLimit.seatHundredths
                    + subsidy % 100 * ChainLimit.seatHundredths / 100
                pot.minted += subsidy
                pot.seatPot += seatPart
                pool += subsidy - seatPart
                events.append(.minted(layer: layer, subsidy: subsidy, seatPart: seatPart))
            }
        }
        guard epoch.weight > 0 else { return pot.burnt += pool }
        epoch.earn(pool)
        try state.epochs.set(pot.epoch, epoch)
    }
}

extension EpochRecord {
    /// Shares smidge among all units; the epoch must have weight.
    ///
    /// All smidge there are have 64 bits, so neither the pool nor the index times the weight has more than 128.
    package mutating func earn(_ pool: UInt64) {
        let number = UInt128(pool) << 64 + carry
        let (part, rest) = number.quotientAndRemainder(dividingBy: UInt128(weight))
        accumulated += part
        carry = rest
        earned += pool
    }

    /// What units have earned, to the smidge below.
    package func reward(units: UInt32) -> UInt64 {
        UInt64(truncatingIfNeeded: UInt128(units) * accumulated >> 64)
    }
}
