internal import NodeDomain

extension ChainBlock {
    /// Pays rows that are due: all of old epochs, and those that do not vote of newer ones (spec: chain, §6).
    mutating func payRows() throws {
        let stake = ChainLimit.stakeEpochs
        var needs = StateNeeds()
        let old = pot.epoch >= stake && pot.dueEpoch <= pot.epoch - stake
        let oldRange = StateRange.rows(epoch: pot.dueEpoch, after: nil)
        let early = pot.early.epoch < pot.epoch
        let earlyRange = StateRange.rows(epoch: pot.early.epoch, after: pot.early.after)
        if old { needs.ranges[oldRange] = ChainLimit.dueRows }
        if early { needs.ranges[earlyRange] = ChainLimit.dueRows }
        try state.require(needs)
        var budget = ChainLimit.dueRows
        if old {
            let keys = try rowKeys(oldRange, limit: budget)
            try pay(keys, of: pot.dueEpoch) { _ in true }
            budget -= keys.count
            if keys.count < ChainLimit.dueRows { try finish() }
        }
        if early, budget > 0 {
            let keys = try rowKeys(earlyRange, limit: ChainLimit.dueRows)
            let taken = Array(keys.prefix(budget))
            try pay(taken, of: pot.early.epoch) { !$0.voting }
            let isLast = taken.count == keys.count && keys.count < ChainLimit.dueRows
            pot.early =
                isLast
                ? RowCursor(epoch: pot.early.epoch + 1)
                : RowCursor(epoch: pot.early.epoch, after: taken.last?.id ?? pot.early.after)
        }
    }

    private func rowKeys(_ range: StateRange, limit: Int) throws -> [EpochKey] {
        try state.first(limit, of: range).compactMap { key in
            guard case .row(let epoch, let plot) = key else { return nil }
            return EpochKey(epoch, plot)
        }
    }

    /// No row of the oldest epoch is left: what floors left of its index burns.
    private mutating func finish() throws {
        let number = pot.dueEpoch
        try state.require(StateNeeds([.epoch(number)]))
        var epoch = try state.epoch(number)
        pot.burnt += epoch.earned - epoch.settled
        epoch.settled = epoch.earned
        try state.epochs.set(number, epoch)
        pot.dueEpoch += 1
    }

    private mutating func pay(_ keys: [EpochKey], of number: UInt32, where isDue: (RowRecord) -> Bool) throws
    {
        guard !keys.isEmpty else { return }
        var needs = StateNeeds([.epoch(number)])
        for key in keys {
            needs.keys.insert(.row(epoch: number, plot: key.id))
            needs.keys.insert(.plot(key.id))
            needs.keys.insert(.expiry(epoch: expiry(of: number), plot: key.id))
        }
        try state.require(needs)
        var due: [(key: EpochKey, row: RowRecord)] = []
        for key in keys {
            guard let row = try state.rows.get(key), isDue(row) else { continue }
            due.append((key, row))
        }
        needs = StateNeeds()
        for (_, row) in due { needs.keys.formUnion([.operator(row.operator), .account(row.coinbase)]) }
        try state.require(needs)
        var epoch = try state.epoch(number)
        for (key, row) in due {
            let amount = epoch.reward(units: row.units)
            epoch.settled += amount
            try settle(key, row, amount)
        }
        try state.epochs.set(number, epoch)
    }

    private mutating func settle(_ key: EpochKey, _ row: RowRecord, _ amount: UInt64) throws {
        if try state.operators.get(row.operator)?.barred ?? false {
            pot.burnt += amount
            events.append(
                .rewardBurnt(epoch: key.epoch, plot: key.id, operator: row.operator, amount: amount))
        } else {
            try state.credit(row.coinbase, amount)
            events.append(
                .rewardPaid(epoch: key.epoch, plot: key.id, coinbase: row.coinbase, amount: amount))
        }
        try state.rows.set(key, nil)
        guard let plot = try state.plots.get(key.id), plot.lastEpoch == key.epoch else { return }
        let place = EpochKey(expiry(of: key.epoch), key.id)
        try state.expiries.set(place, ExpiryRecord(lastEpoch: key.epoch))
        events.append(.plotLapsed(key.id, lastEpoch: key.epoch))
    }

    /// In which epoch a plot of this last epoch is dropped, which is one to come.
    private func expiry(of epoch: UInt32) -> UInt32 {
        max(epoch + ChainLimit.lapsedEpochs, pot.epoch + 1)
    }

    /// Drops records of plots that lapsed long ago.
    mutating func dropPlots() throws {
        guard pot.expiryEpoch <= pot.epoch else { return }
        let range = StateRange.expiries(epoch: pot.expiryEpoch)
        var needs = StateNeeds()
        needs.ranges[range] = ChainLimit.expiries
        try state.require(needs)
        let keys = try state.first(ChainLimit.expiries, of: range)
        needs = StateNeeds(Set(keys))
        for case .expiry(_, let plot) in keys { needs.keys.insert(.plot(plot)) }
        try state.require(needs)
        for case .expiry(let epoch, let plot) in keys {
            let place = EpochKey(epoch, plot)
            // A plot that came back has a later last epoch, and lapses by another record.
            if let record = try state.plots.get(plot),
                try state.expiries.get(place)?.lastEpoch == record.lastEpoch
            {
                try state.plots.set(plot, nil)
                events.append(.plotDropped(plot))
            }
            try state.expiries.set(place, nil)
        }
        if keys.count < ChainLimit.expiries { pot.expiryEpoch += 1 }
    }
}
