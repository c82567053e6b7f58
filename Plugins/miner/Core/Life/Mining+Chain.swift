internal import NodeDomain

extension Mining {
    /// Takes the chain in.
    mutating func see(_ next: ChainSight) -> [MiningAction] {
        let last = sight?.epoch
        sight = next
        var actions: [MiningAction] = []
        if let last, last.number != next.epoch.number { actions += leave(last) }
        if next.epoch.opening != nil, opened != next.epoch.number {
            opened = next.epoch.number
            actions.append(
                .note(
                    MiningNote(
                        .opened, epoch: next.epoch.number, "the window is open",
                        cause: "a PoET's proof is on chain", next: "a proof of every plot")))
        }
        for place in lives.indices { actions += look(place, next) }
        dropIncluded()
        return actions
    }

    /// An epoch is over: what belongs to it is worth nothing any more.
    private mutating func leave(_ last: EpochSight) -> [MiningAction] {
        drafts = drafts.filter { $0.value.epoch > last.number }
        var actions: [MiningAction] = []
        for place in lives.indices {
            if case .proving(let epoch)? = lives[place].work, epoch <= last.number {
                lives[place].work = nil
                lives[place].succeed()
                actions.append(.callOff(plot: lives[place].plot.name, "epoch \(epoch) is over"))
            }
            lives[place].draft = lives[place].draft.flatMap { drafts[$0] == nil ? nil : $0 }
            actions += missed(place, last)
        }
        return actions
    }

    private mutating func missed(_ place: Int, _ last: EpochSight) -> [MiningAction] {
        let life = lives[place]
        let row = sight?.plots[life.plot.identity]?.rows[last.number + 1]
        guard life.isMade, row == nil, life.missed != last.number, last.opening != nil,
            sight?.epoch.number == last.number + 1
        else { return [] }
        lives[place].missed = last.number
        let cause =
            if life.unprovable == last.number {
                "no nonce had enough labels"
            } else if life.proved?.epoch == last.number {
                "its activation came into no block"
            } else {
                life.trouble.isEmpty ? "its proof was not ready in time" : life.trouble
            }
        return [
            note(
                .missed, place, "it does not mine in epoch \(last.number + 1)", cause: cause,
                next: "the window of epoch \(last.number + 1)", epoch: last.number)
        ]
    }

    /// What the chain says of a plot.
    private mutating func look(_ place: Int, _ sight: ChainSight) -> [MiningAction] {
        guard let seen = sight.plots[lives[place].plot.identity] else { return [] }
        let epoch = sight.epoch.number
        var actions: [MiningAction] = []
        if seen.rows[epoch + 1] != nil, lives[place].included != epoch {
            lives[place].included = epoch
            lives[place].succeed()
            if case .proving(epoch)? = lives[place].work {
                lives[place].work = nil
                actions.append(.callOff(plot: lives[place].plot.name, "its activation is on chain"))
            }
            actions.append(
                note(
                    .included, place, "its activation is on chain", cause: "block \(sight.height)",
                    next: "epoch \(epoch + 1)"))
        }
        if let row = seen.rows[epoch], lives[place].owed[epoch] == nil {
            lives[place].owed[epoch] = UInt64(row.units)
            actions.append(
                note(
                    .active, place, "it mines with \(row.units) units",
                    cause: "its activation of epoch \(epoch &- 1)",
                    next: row.isVoting ? "paid in epoch \(epoch + 3)" : "paid in epoch \(epoch + 1)",
                    amount: UInt64(row.units)))
        }
        return actions + settle(place, seen, sight)
    }

    /// Rows that are gone were paid, or burnt with the stake of an operator that was barred.
    private mutating func settle(_ place: Int, _ seen: PlotSight, _ sight: ChainSight) -> [MiningAction] {
        var actions: [MiningAction] = []
        for (epoch, units) in lives[place].owed.sorted(by: { $0.key < $1.key })
        where epoch < sight.epoch.number {
            guard let index = sight.ended[epoch], seen.rows[epoch] == nil else { continue }
            lives[place].owed[epoch] = nil
            let smidge = Mining.reward(units: units, index: index)
            if sight.operator?.isBarred ?? false {
                actions.append(
                    note(
                        .burnt, place, "its part of epoch \(epoch) is lost",
                        cause: "its operator signed twice",
                        epoch: epoch, amount: smidge))
            } else {
                lives[place].paid += smidge
                actions.append(
                    note(.paid, place, "its part of epoch \(epoch) is paid", epoch: epoch, amount: smidge))
            }
        }
        return actions
    }

    /// Smidge of so many units, by an epoch's index (spec: chain, §6).
    package static func reward(units: UInt64, index: UInt128) -> UInt64 {
        let (high, low) = UInt128(units).multipliedFullWidth(by: index)
        return UInt64(truncatingIfNeeded: high << 64 | low >> 64)
    }

    /// Activations of which every plot is on chain.
    private mutating func dropIncluded() {
        for (number, draft) in drafts where !draft.names.isEmpty {
            let open = draft.names.filter { name in
                place(name).map { lives[$0].included != draft.epoch } ?? false
            }
            guard open.isEmpty else { continue }
            drafts[number] = nil
            for name in draft.names { change(name) { $0.draft = nil } }
        }
        // Without plots it only asks to be let in again.
        if let sight, !(sight.operator?.isJailed ?? false) {
            drafts = drafts.filter { !$0.value.names.isEmpty }
        }
    }

    // MARK: - Memory

    /// Takes back what was noted in an earlier life.
    mutating func remember(_ note: MiningNote) {
        switch note.kind {
        case .opened: opened = note.epoch
        case .stopped: isStopped = true
        case .resumed: isStopped = false
        case .signed:
            let number = nextDraft
            nextDraft += 1
            drafts = drafts.filter { $0.value.epoch == note.epoch && $0.value.names != note.plots }
            drafts[number] = Draft(epoch: note.epoch, names: note.plots, item: note.item, state: .waiting(0))
            for name in note.plots { change(name) { $0.draft = number } }
        case .refused: forget(note)
        default: change(note.plot) { $0.remember(note) }
        }
    }

    /// A refused activation is made anew.
    private mutating func forget(_ note: MiningNote) {
        drafts = drafts.filter { $0.value.names != note.plots }
        for name in note.plots { change(name) { $0.draft = nil } }
    }
}

extension PlotLife {
    fileprivate mutating func remember(_ note: MiningNote) {
        switch note.kind {
        case .made: isMade = true
        case .proved: proved = note.proof.map { Proved(epoch: note.epoch, proof: $0, since: 0) }
        case .unproved: unprovable = note.epoch
        case .included: included = note.epoch
        case .missed: missed = note.epoch
        case .active: owed[note.epoch] = note.amount
        case .paid:
            owed[note.epoch] = nil
            paid += note.amount
        case .burnt: owed[note.epoch] = nil
        default: break
        }
    }
}
