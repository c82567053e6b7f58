/// A PoET's proof for an epoch's challenge (spec: chain, §3); unsigned: anyone posts it.
package struct PoetProof: Hashable, Sendable {
    /// The only version there is.
    package static let version: UInt8 = 1
    /// Most nodes of the path from the challenge to the PoET's statement.
    package static let mostPath = 32
    /// Leaves that a proof shows, or all of them if there are fewer.
    package static let shownLeaves = 150
    /// Most nodes of the tree that a proof carries.
    package static let mostNodes = 5400
    /// Most leaves that a round may have.
    package static let mostLeaves: UInt64 = 1 << 40

    /// The epoch whose challenge is proved.
    package var epoch: UInt32
    /// Where the challenge stands among the PoET's members.
    package var index: UInt64
    /// Siblings from the challenge up; none: it is the only member.
    package var path: [Bytes32]
    /// Root of the tree of sequential work.
    package var root: Bytes32
    /// The leaves that are shown, by index.
    package var leaves: [Bytes32]
    /// Inner nodes, depth first.
    package var nodes: [Bytes32]
    /// How many leaves there are.
    package var leafCount: UInt64

    /// A proof of these fields.
    package init(
        epoch: UInt32, index: UInt64, path: [Bytes32], root: Bytes32, leaves: [Bytes32], nodes: [Bytes32],
        leafCount: UInt64
    ) {
        self.epoch = epoch
        self.index = index
        self.path = path
        self.root = root
        self.leaves = leaves
        self.nodes = nodes
        self.leafCount = leafCount
    }
}
