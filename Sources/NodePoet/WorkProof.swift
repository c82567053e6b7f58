internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// The original's proof of sequential work, without what binds it to an epoch.
package struct WorkProof: Hashable, Sendable {
    /// Root of the tree of leaves.
    package var root: Bytes32
    /// The leaves that are shown, by index.
    package var leaves: [Bytes32]
    /// Nodes beside their ways, depth first.
    package var nodes: [Bytes32]
    /// How many leaves there are.
    package var leafCount: UInt64

    /// A proof of these fields.
    package init(root: Bytes32, leaves: [Bytes32], nodes: [Bytes32], leafCount: UInt64) {
        self.root = root
        self.leaves = leaves
        self.nodes = nodes
        self.leafCount = leafCount
    }

    /// What the proof of an epoch shows of the work.
    package init(_ proof: PoetProof) {
        self.init(root: proof.root, leaves: proof.leaves, nodes: proof.nodes, leafCount: proof.leafCount)
    }

    /// The proof's name: BLAKE3 of the original's encoding.
    package var reference: Bytes32 {
        BLAKE3.hash(
            PoetProof(epoch: 0, member: MemberPath(index: 0, siblings: []), work: self).referenceScale)
    }
}

extension PoetProof {
    /// The chain's item: work, and where the epoch's challenge stands among the members that it is of.
    package init(epoch: UInt32, member: MemberPath, work: WorkProof) {
        self.init(
            epoch: epoch, index: member.index, path: member.siblings, root: work.root, leaves: work.leaves,
            nodes: work.nodes, leafCount: work.leafCount)
    }

    /// What the proof's work is of, if the challenge stands where it says (spec: chain, §3).
    package func statement(of challenge: Bytes32) -> Bytes32 {
        MemberPath(index: index, siblings: path).statement(of: challenge)
    }
}
