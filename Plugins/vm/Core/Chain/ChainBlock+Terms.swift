package import NodeDomain
internal import NodeEncoding

extension ChainBlock {
    /// Counts who signed the parent, and settles the term if the parent was its last (spec: chain, §5, §6).
    mutating func countPresence() throws {
        let term = rules.term(of: context.height)
        guard context.height > 1 else {
            guard context.present.isEmpty else {
                throw ChainRefusal.presence(context.present.count, expected: 0)
            }
            return
        }
        let last = rules.term(of: context.height - 1)
        try state.require(StateNeeds([.seats(term: term), .seats(term: last)]))
        let members = try state.committee(last).members
        guard context.present.count == members.count, pot.presence.count == members.count else {
            throw ChainRefusal.presence(context.present.count, expected: members.count)
        }
        pot.commits += 1
        for (place, isPresent) in context.present.enumerated() where isPresent { pot.presence[place] += 1 }
        guard term != last else { return }
        try settle(members)
        pot.commits = 0
        pot.presence = [UInt32](repeating: 0, count: try state.committee(term).members.count)
    }

    /// Pays the seats of a term that is over; the absent are struck, and their parts burn with what floors leave.
    private mutating func settle(_ members: [Voter]) throws {
        var needs = StateNeeds()
        for member in members {
            needs.keys.formUnion([.operator(member.operator), .account(member.account)])
        }
        try state.require(needs)
        let power = members.reduce(UInt128(0)) { $0 + UInt128($1.power) }
        var left = pot.seatPot
        for (place, member) in members.enumerated() {
            var record = try state.operators.get(member.operator) ?? OperatorRecord()
            guard UInt64(pot.presence[place]) * 2 >= pot.commits else {
                if !record.jailed { events.append(.jailed(member.operator)) }
                record.jailed = true
                try state.operators.set(member.operator, record)
                continue
            }
            let amount = UInt64(
                truncatingIfNeeded: UInt128(pot.seatPot) * UInt128(member.power) / max(power, 1))
            guard !record.barred, amount > 0 else { continue }
            left -= amount
            try state.credit(member.account, amount)
            events.append(.seatsPaid(member.operator, account: member.account, amount: amount))
        }
        pot.burnt += left
        pot.seatPot = 0
    }

    /// Asks at the block's beginning for what its end works on, so that no transaction is executed in vain.
    func requireEnd() throws {
        let span = rules.parameters.termHeights
        var needs = StateNeeds([.epoch(pot.epoch)])
        if context.height.isMultiple(of: span) {
            let term = UInt32(truncatingIfNeeded: context.height / span) + 1
            needs.keys.formUnion([.frozen(epoch: pot.drawEpoch), .seats(term: term), .seats(term: term - 1)])
            for place in 0..<Self.forgottenAtOnce {
                needs.keys.formUnion([
                    .seats(term: pot.oldestTerm + place), .frozen(epoch: pot.oldestFrozen + place),
                ])
            }
        }
        try state.require(needs)
        guard (context.height + 1).isMultiple(of: span) else { return }
        let term = UInt32(truncatingIfNeeded: (context.height + 1) / span)
        try state.require(StateNeeds([.seats(term: term), .seats(term: term - 1)]))
        let members = try state.committee(term).members
        try state.require(StateNeeds(Set(members.map { .operator($0.operator) })))
    }

    /// At the last height of a term: the committee of the next but one.
    mutating func drawCommittee() throws {
        let span = rules.parameters.termHeights
        guard context.height.isMultiple(of: span) else { return }
        let term = UInt32(truncatingIfNeeded: context.height / span) + 1
        let voters = try state.frozen.get(pot.drawEpoch)?.voters ?? []
        var members = rules.draw(term: term, beacon: pot.beacon, epoch: pot.drawEpoch, voters: voters)
        if members.isEmpty { members = try state.committee(term - 1).members }
        try state.seats.set(term, SeatsRecord(epoch: pot.drawEpoch, members: members))
        pot.drawEpoch = pot.epoch
        try forget(before: term - 2)
    }

    /// At the last height but one of a term: the next committee loses those who are jailed or barred.
    mutating func strikeCommittee() throws {
        let span = rules.parameters.termHeights
        guard (context.height + 1).isMultiple(of: span) else { return }
        let term = UInt32(truncatingIfNeeded: (context.height + 1) / span)
        var seats = try state.committee(term)
        let left = try seats.members.filter { member in
            let record = try state.operators.get(member.operator)
            return !(record?.jailed ?? false) && !(record?.barred ?? false)
        }
        // A chain without a committee could never go on.
        seats.members = left.isEmpty ? try state.committee(term - 1).members : left
        try state.seats.set(term, seats)
        events.append(.committee(term: term, members: seats.members))
    }

    private static let forgottenAtOnce: UInt32 = 2

    /// Drops committees that no evidence can be of any more, and voting sets that no draw is from.
    private mutating func forget(before term: UInt32) throws {
        for _ in 0..<Self.forgottenAtOnce where pot.oldestTerm < term {
            if let seats = try state.seats.get(pot.oldestTerm) {
                guard pot.epoch > seats.epoch + ChainLimit.evidenceEpochs else { break }
                try state.seats.set(pot.oldestTerm, nil)
            }
            pot.oldestTerm += 1
        }
        for _ in 0..<Self.forgottenAtOnce where pot.oldestFrozen < pot.drawEpoch {
            try state.frozen.set(pot.oldestFrozen, nil)
            pot.oldestFrozen += 1
        }
    }
}

extension Voter {
    /// The wallet of the operator's own key: its part of the seats goes there.
    package var account: Address { SpawnArguments.wallet(key: `operator`).principal }
}
