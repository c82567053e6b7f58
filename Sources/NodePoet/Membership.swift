internal import NodeCrypto
package import NodeDomain

/// Where a challenge stands among those that a PoET works for: siblings from the challenge up.
package struct MemberPath: Hashable, Sendable {
    /// From the left, the first is 0.
    package let index: UInt64
    /// None: it is the only member.
    package let siblings: [Bytes32]

    /// A place.
    package init(index: UInt64, siblings: [Bytes32]) {
        self.index = index
        self.siblings = siblings
    }

    /// What the PoET works on, if a challenge stands here.
    package func statement(of challenge: Bytes32) -> Bytes32 {
        siblings.enumerated().reduce(challenge) { node, next in
            index >> UInt64(next.offset) & 1 == 0
                ? Membership.join(node, next.element) : Membership.join(next.element, node)
        }
    }
}

/// The members of a round, ordered by who registered them; a challenge may stand among them more than once.
package struct Membership: Hashable, Sendable {
    /// Most members: what a path of 32 has room for is more than anybody keeps in memory.
    package static let mostMembers = 1 << 20

    /// Challenges in the order of the keys that registered them.
    package let challenges: [Bytes32]

    /// Members in their order; nil: there are none, or too many.
    package init?(_ challenges: [Bytes32]) {
        guard (1...Membership.mostMembers).contains(challenges.count) else { return nil }
        self.challenges = challenges
    }

    /// What the work is of.
    package var statement: Bytes32 { layers.last?.first ?? .zero }

    /// Where a challenge stands first; nil: nowhere.
    package func path(of challenge: Bytes32) -> MemberPath? {
        challenges.firstIndex(of: challenge).map(path(at:))
    }

    private func path(at index: Int) -> MemberPath {
        var (place, siblings) = (index, [Bytes32]())
        for layer in layers.dropLast() {
            siblings.append(layer.indices.contains(place ^ 1) ? layer[place ^ 1] : .zero)
            place >>= 1
        }
        return MemberPath(index: UInt64(index), siblings: siblings)
    }

    /// Nodes from the challenges up to the root.
    private var layers: [[Bytes32]] {
        var layers = [challenges]
        while let below = layers.last, below.count > 1 {
            layers.append(
                stride(from: 0, to: below.count, by: 2).map { place in
                    Membership.join(below[place], place + 1 < below.count ? below[place + 1] : .zero)
                })
        }
        return layers
    }

    static func join(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        BLAKE3.hash([1] + left.bytes + right.bytes)
    }
}
