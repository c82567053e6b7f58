internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// A member of a committee.
package struct Validator: Hashable, Sendable {
    /// Its Ed25519 key.
    package let key: Bytes32
    /// The first twenty bytes of the key's SHA-256.
    package let address: ValidatorAddress
    /// Its seats.
    package let power: Int64

    /// A member with this key and power.
    package init(key: Bytes32, power: Int64) {
        self.key = key
        self.power = power
        // SHA-256 always gives 32 bytes.
        address = ValidatorAddress(ofDigest: Bytes32(SHA2.sha256(key.bytes)) ?? .zero)
    }
}

/// Why some members make no set.
package enum ValidatorSetFault: Error, Hashable, Sendable {
    /// There are none.
    case empty
    /// There are more than a set has.
    case tooMany(Int)
    /// A member has less than one seat.
    case power(Bytes32)
    /// A key is there twice.
    case twice(Bytes32)
    /// Together they have more power than can be counted.
    case totalPower
}

extension ValidatorSetFault: CustomStringConvertible {
    /// What is wrong, and what is allowed.
    package var description: String {
        switch self {
        case .empty: "a set without members decides nothing: name one or more"
        case .tooMany(let count): "\(count) members are over the limit of \(MemberBitmap.mostMembers)"
        case .power(let key): "member \(key) has less power than 1: leave it out"
        case .twice(let key): "member \(key) is there twice: add its power up"
        case .totalPower: "the total power is over the limit of \(ValidatorSet.mostPower)"
        }
    }
}

/// The members that decide on a height, by power from the highest, then by address from the lowest.
package struct ValidatorSet: Hashable, Sendable {
    /// The largest sum of powers: proposers' priorities stay within 64 bits.
    package static let mostPower = Int64.max / 8

    /// The members, in order; a member's place here is the one that votes and certificates name.
    package let members: [Validator]
    /// The sum of powers.
    package let totalPower: Int64
    /// RFC 6962's root over the members, as headers name the set.
    package let hash: Bytes32

    private let placesByKey: [Bytes32: Int]

    /// A set of these members, given in any order.
    ///
    /// - Throws: `ValidatorSetFault` when they make no set.
    package init(_ members: [Validator]) throws(ValidatorSetFault) {
        guard !members.isEmpty else { throw .empty }
        guard members.count <= MemberBitmap.mostMembers else { throw .tooMany(members.count) }
        self.members = members.sorted { ($1.power, $0.address) < ($0.power, $1.address) }
        var (total, places): (Int64, [Bytes32: Int]) = (0, [:])
        for (place, member) in self.members.enumerated() {
            guard member.power > 0 else { throw .power(member.key) }
            guard places.updateValue(place, forKey: member.key) == nil else { throw .twice(member.key) }
            guard member.power <= ValidatorSet.mostPower - total else { throw .totalPower }
            total += member.power
        }
        (totalPower, placesByKey) = (total, places)
        hash = MerkleTree.root(
            of: self.members.map { HeaderLeaves.validator(key: $0.key, power: $0.power) })
    }

    /// How many members there are.
    package var count: Int { members.count }

    /// The member at a place; nil when there is no such place.
    package func member(at place: Int) -> Validator? {
        members.indices.contains(place) ? members[place] : nil
    }

    /// The member of an address; nil when nobody has it.
    package func member(_ address: ValidatorAddress) -> Validator? {
        members.first { $0.address == address }
    }

    /// The place of a key; nil when it is no member's.
    package func place(of key: Bytes32) -> Int? { placesByKey[key] }

    /// Power of the members of a bitmap over this set's places.
    package func power(of members: MemberBitmap) -> Int64 {
        members.places.reduce(0) { $0 + (member(at: $1)?.power ?? 0) }
    }

    /// Whether a power is more than two thirds of all.
    package func isQuorum(_ power: Int64) -> Bool { Int128(power) * 3 > Int128(totalPower) * 2 }

    /// Whether a power is more than a third of all: someone honest is in it.
    package func hasHonest(_ power: Int64) -> Bool { Int128(power) * 3 > Int128(totalPower) }
}
