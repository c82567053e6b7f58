package import NodeDomain
package import NodeEncoding

extension ChainBlock {
    /// The first block after a halt: its committee is the one that operators agreed on, and so is the next term's, which was drawn already.
    ///
    /// Whoever had a seat there and has none now counts as absent: without that, later draws would seat those who are gone again.
    mutating func recover() throws {
        guard let recovery = rules.recovery(before: context.height) else { return }
        let term = rules.term(of: context.height)
        try state.require(StateNeeds([.seats(term: term), .seats(term: term + 1)]))
        let members = recovery.seats.map {
            Voter(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.power)
        }
        let old = try [term, term + 1].compactMap { try state.seats.get($0) }
        let gone = Set(old.flatMap(\.members).map(\.operator)).subtracting(members.map(\.operator)).sorted()
        try state.require(StateNeeds(Set(gone.map { .operator($0) })))
        for number in [term, term + 1] {
            guard var seats = try state.seats.get(number) else { continue }
            seats.members = members
            try state.seats.set(number, seats)
            events.append(.committee(term: number, members: members))
        }
        for key in gone {
            var record = try state.operators.get(key) ?? OperatorRecord()
            guard !record.jailed else { continue }
            record.jailed = true
            events.append(.jailed(key))
            try state.operators.set(key, record)
        }
        pot.commits = 0
        pot.presence = [UInt32](repeating: 0, count: members.count)
    }
}

/// All recoveries that an operator accepted, by rising heights.
package struct RecoveriesRecord: StateRecord {
    /// Most of a chain: each needs people all over the world to agree.
    package static let most = 64

    /// The recoveries.
    package var recoveries: [Recovery]

    /// These recoveries.
    package init(recoveries: [Recovery]) {
        self.recoveries = recoveries
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        recoveries = []
        for _ in 0..<(try reader.compact(limit: UInt64(Self.most))) {
            recoveries.append(try Recovery(from: &reader))
        }
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(recoveries.count))
        for recovery in recoveries { recovery.write(to: &writer) }
    }
}
