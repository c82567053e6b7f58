internal import NodeCrypto
package import NodeDomain

/// What a version holds at a key, and the proof of it.
package struct TreeReading: Hashable, Sendable {
    /// The root hash of the version.
    package let root: Bytes32
    /// The record; nil when there is none.
    package let leaf: TreeLeaf?
    /// The proof for that root.
    package let proof: StateProof
}

/// Reads one key of a version: a value that asks for one node a level.
package struct TreeLookup: TreeQuestions, Sendable {
    private let key: Bytes32
    private var root: Bytes32?
    private var siblings: [Bytes32] = []
    private var state: State

    private enum State: Sendable {
        case needs(TreeNodeKey, isLeaf: Bool?)
        case done(TreeLeaf?, StateProof.End)
    }

    /// A key of a version.
    package init(version: UInt64, key: Bytes32) {
        self.key = key
        state = .needs(.root(version), isLeaf: nil)
    }

    /// The next node, or none.
    package func need() -> [TreeNodeKey] {
        if case .needs(let node, _) = state { [node] } else { [] }
    }

    /// Takes the node.
    package mutating func have(_ nodes: [TreeNode?]) throws(TreeFault) {
        let expected = need().count
        guard nodes.count == expected else { throw .answers(expected: expected, given: nodes.count) }
        guard case .needs(let place, let isLeaf) = state else { return }
        let node = try checked(nodes[0], at: place, isLeaf: isLeaf)
        if root == nil { root = node.hash }
        switch node {
        case .empty: state = .done(nil, .nothing)
        case .leaf(let leaf): end(at: leaf)
        case .inner(let inner): descend(inner, place.path)
        }
    }

    /// What there is, once nothing is needed any more.
    ///
    /// - Throws: `TreeFault` when a node is still needed.
    package func finish() throws(TreeFault) -> TreeReading {
        guard case .done(let leaf, let end) = state, let root else { throw .unfinished }
        return TreeReading(root: root, leaf: leaf, proof: StateProof(siblings: siblings, end: end))
    }

    private mutating func end(at leaf: TreeLeaf) {
        guard leaf.key != key else {
            state = .done(leaf, .record)
            return
        }
        state = .done(nil, .other(key: leaf.key, valueHash: TreeHash.value(leaf.value)))
    }

    /// Follows the key through the four bits of a node.
    private mutating func descend(_ inner: TreeInner, _ path: NibblePath) {
        let nibble = key.nibble(at: path.depth)
        var range = NibbleRange.whole
        while true {
            switch inner.content(range) {
            case .nothing:
                state = .done(nil, .nothing)
                return
            case .leaf(let place):
                follow(inner, place, path)
                return
            case .more:
                guard let (left, right) = range.halves else { return follow(inner, nibble, path) }
                let isRight = nibble >= right.start
                siblings.append(inner.hash(isRight ? left : right))
                range = isRight ? right : left
            }
        }
    }

    private mutating func follow(_ inner: TreeInner, _ nibble: Int, _ path: NibblePath) {
        guard let link = inner.link(nibble) else {
            state = .done(nil, .nothing)
            return
        }
        state = .needs(
            TreeNodeKey(version: link.version, path: path.appending(nibble)), isLeaf: inner.isLeaf(nibble))
    }
}
