package import NodeDomain
package import NodeEncoding

/// An operator: a consensus key that published an activation or is named at genesis.
package struct OperatorRecord: StateRecord {
    /// Key of its VRF; what a committee uses was copied when its set was frozen.
    package var vrfKey: Bytes32?
    /// Whether its last activation says that it runs an online validator.
    package var votes: Bool
    /// It was absent in a term: its seats are struck until any activation.
    package var jailed: Bool
    /// It signed twice: for ever without seats, activations and rewards.
    package var barred: Bool

    /// A record of these fields.
    package init(vrfKey: Bytes32? = nil, votes: Bool = false, jailed: Bool = false, barred: Bool = false) {
        self.vrfKey = vrfKey
        self.votes = votes
        self.jailed = jailed
        self.barred = barred
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            vrfKey: try reader.option { reader throws(ScaleFault) in try reader.bytes32() },
            votes: try reader.flag(), jailed: try reader.flag(), barred: try reader.flag())
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeOption(vrfKey) { writer, key in writer.write(key) }
        writer.write(UInt8(votes ? 1 : 0))
        writer.write(UInt8(jailed ? 1 : 0))
        writer.write(UInt8(barred ? 1 : 0))
    }
}

/// Units of the voting rows that an operator has in an epoch.
package struct TallyRecord: StateRecord {
    /// Their sum.
    package var units: UInt64

    /// A tally.
    package init(units: UInt64) {
        self.units = units
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        units = try reader.compact()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(units)
    }
}

/// An operator with its weight in a frozen set, or its seats in a committee.
package struct Voter: Hashable, Sendable {
    /// Its consensus key.
    package var `operator`: Bytes32
    /// Key of its VRF, as it was when the set was frozen.
    package var vrfKey: Bytes32
    /// Units, or seats.
    package var power: UInt64

    /// A voter of these fields.
    package init(operator: Bytes32, vrfKey: Bytes32, power: UInt64) {
        self.operator = `operator`
        self.vrfKey = vrfKey
        self.power = power
    }
}

/// The voting set as it was at an epoch's first block, by operator in rising order.
package struct FrozenRecord: StateRecord {
    /// Most voters of a set; operators beyond them, in the order of their keys, stay out of it.
    package static let most = 1 << 20

    /// Voters with their units.
    package var voters: [Voter]

    /// A set of these voters.
    package init(voters: [Voter]) {
        self.voters = voters
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        voters = try reader.voters(limit: FrozenRecord.most)
    }

    package func write(to writer: inout ScaleWriter) {
        writer.write(voters)
    }
}

/// The committee of a term, by operator in rising order.
package struct SeatsRecord: StateRecord {
    /// The epoch whose frozen set it was drawn from.
    package var epoch: UInt32
    /// Members with their seats.
    package var members: [Voter]

    /// A committee of these members.
    package init(epoch: UInt32, members: [Voter]) {
        self.epoch = epoch
        self.members = members
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        epoch = try reader.compact32()
        members = try reader.voters(limit: FrozenRecord.most)
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(epoch))
        writer.write(members)
    }

    /// The member of a key; nil: it has no seat.
    package func member(_ operator: Bytes32) -> Voter? {
        members.first { $0.operator == `operator` }
    }
}

extension ScaleWriter {
    fileprivate mutating func write(_ voters: [Voter]) {
        writeCompact(UInt64(voters.count))
        for voter in voters {
            write(voter.operator)
            write(voter.vrfKey)
            writeCompact(voter.power)
        }
    }
}

extension ScaleReader {
    fileprivate mutating func voters(limit: Int) throws(ScaleFault) -> [Voter] {
        var voters: [Voter] = []
        for _ in 0..<(try compact(limit: UInt64(limit))) {
            voters.append(Voter(operator: try bytes32(), vrfKey: try bytes32(), power: try compact()))
        }
        return voters
    }
}
