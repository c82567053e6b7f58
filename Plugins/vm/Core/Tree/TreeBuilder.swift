internal import NodeCrypto
package import NodeDomain

/// Computes the root of many leaves that come in the order of their keys, with one open node a level in memory.
///
/// It checks a checkpoint, and with `keepsNodes` restores one: take the nodes away with `takeNodes` after every few
/// leaves.
package struct TreeBuilder: Sendable {
    private var writer: TreeWriter
    private var spine = TreeSpine(depth: 0)
    private var count = 0

    /// A tree without leaves yet.
    ///
    /// - Parameter version: that of the nodes.
    package init(version: UInt64 = 0, keepsNodes: Bool = false) {
        writer = TreeWriter(version: version, keeps: keepsNodes)
    }

    /// Takes a leaf whose key is above all before it.
    ///
    /// - Throws: `TreeFault` when it is not, or a limit is exceeded.
    package mutating func add(_ leaf: TreeLeaf) throws(TreeFault) {
        if let last = spine.lastKey, leaf.key <= last { throw .unordered(at: count) }
        try leaf.checkLimits()
        spine.add(leaf, leaf.hash, to: &writer)
        count += 1
    }

    /// The nodes that were finished since the last call.
    package mutating func takeNodes() -> [(TreeNodeKey, TreeNode)] {
        defer { writer.nodes.removeAll(keepingCapacity: true) }
        return writer.nodes
    }

    /// The root hash; the last nodes are then there to be taken.
    package mutating func finish() -> Bytes32 {
        let hash: Bytes32
        switch spine.finish(&writer) {
        case .leaf(let leaf, let leafHash):
            writer.write(.leaf(leaf), at: .root)
            hash = leafHash
        case .inner(let innerHash):
            hash = innerHash
        case .empty, .unchanged, .moved:
            writer.write(.empty, at: .root)
            hash = TreeHash.empty
        }
        spine = TreeSpine(depth: 0)
        return hash
    }
}
