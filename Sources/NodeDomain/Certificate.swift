/// Some of a committee's members, by their places.
package struct MemberBitmap: Hashable, Sendable {
    /// Most members that a committee has.
    package static let mostMembers = 1024

    /// How many places there are.
    package let count: Int
    /// A bit for each place, the first in the lowest place of the first byte; those beyond the last are 0.
    package private(set) var bytes: [UInt8]

    /// No members of so many places.
    package init(count: Int) {
        self.count = max(0, count)
        bytes = [UInt8](repeating: 0, count: (self.count + 7) / 8)
    }

    /// Members from bytes; nil when there are more or fewer bytes than places need, or bits beyond the last place.
    package init?(count: Int, bytes: [UInt8]) {
        guard count >= 0, bytes.count == (count + 7) / 8 else { return nil }
        if let last = bytes.last, count % 8 != 0, last >> UInt8(count % 8) != 0 { return nil }
        self.count = count
        self.bytes = bytes
    }

    /// Whether a place is in it.
    package func contains(_ place: Int) -> Bool {
        place >= 0 && place < count && bytes[place / 8] & 1 << UInt8(place % 8) != 0
    }

    /// Adds a place; false when it is in it already, or there is no such place.
    @discardableResult
    package mutating func insert(_ place: Int) -> Bool {
        guard place >= 0, place < count, !contains(place) else { return false }
        bytes[place / 8] |= 1 << UInt8(place % 8)
        return true
    }

    /// How many are in it.
    package var members: Int { bytes.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The places that are in it, rising.
    package var places: [Int] { (0..<count).filter(contains) }
}

/// Votes of one kind for one block that prove more than two thirds of a committee: a polka, or a commit.
///
/// All members sign the same bytes, since a vote's time is that of the block's header.
package struct Certificate: Hashable, Sendable {
    /// Prevotes make a polka, precommits a commit.
    package var kind: VoteKind
    /// At which height.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// For what.
    package var target: VotedBlock
    /// Whose votes they are, by place in the height's set.
    package var members: MemberBitmap
    /// 64 bytes of each of them, in the order of places.
    package var signatures: [[UInt8]]

    /// A certificate of these fields.
    package init(
        kind: VoteKind, height: UInt64, round: UInt32, target: VotedBlock, members: MemberBitmap,
        signatures: [[UInt8]]
    ) {
        self.kind = kind
        self.height = height
        self.round = round
        self.target = target
        self.members = members
        self.signatures = signatures
    }

    /// The votes it consists of.
    package var votes: [Vote] {
        zip(members.places, signatures).map { place, signature in
            Vote(
                kind: kind, height: height, round: round, target: target,
                member: UInt32(truncatingIfNeeded: place), signature: signature)
        }
    }
}
