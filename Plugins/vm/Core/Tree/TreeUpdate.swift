internal import NodeCrypto
package import NodeDomain

/// A record's new value, or its end.
package struct TreeChange: TreeKeyed, Sendable {
    /// Where the record stands.
    package let key: Bytes32
    /// The record from now on; nil when it ends.
    package let leaf: TreeLeaf?
    /// Whether the base has a record of this key with another value: its leaf is then not read, as nothing in it is needed.
    package let replaces: Bool

    /// A record's new value; nil when it ends.
    ///
    /// - Parameter replaces: the base is known to have a record of this key, with another value.
    package init(preimage: [UInt8], value: [UInt8]?, replaces: Bool = false) {
        self.init(key: TreeHash.key(preimage), preimage: preimage, value: value, replaces: replaces)
    }

    /// A change at a key that is not the preimage's hash, for tests.
    package init(key: Bytes32, preimage: [UInt8], value: [UInt8]?, replaces: Bool = false) {
        self.key = key
        self.replaces = replaces
        leaf = value.map { TreeLeaf(key: key, preimage: preimage, value: $0) }
    }
}

/// What an update gives.
package struct TreeUpdateResult: Sendable {
    /// The root hash of the new version.
    package let root: Bytes32
    /// The nodes to store; the new version's root is always among them.
    package let written: [(TreeNodeKey, TreeNode)]
    /// The nodes of older versions that the new one does without.
    package let stale: [TreeNodeKey]
}

/// Makes the next version of a tree: a value that asks for the nodes it needs, a level at a time.
///
/// On the way down it asks for the nodes that the changes touch, each level's together. Then it works upwards, level by
/// level; a deletion can leave a node with a single leaf that nobody touched, and such leaves are asked for in one more
/// round.
package struct TreeUpdate: TreeQuestions, Sendable {
    /// A stored node that changes touch.
    struct Item: Sendable {
        let key: TreeNodeKey
        /// What the parent says of it.
        let isLeaf: Bool?
        /// The changes below it.
        let changes: Range<Int>
        var node = TreeNode.empty
        /// The node is known without reading it.
        var isKnown = false
        /// The touched children, in the order of their nibbles.
        var children = 0..<0
        var outcome = Subtree.unchanged
    }

    let base: UInt64?
    let changes: [TreeChange]
    /// The hash of each change's leaf.
    let hashes: [Bytes32]
    /// Level by level from the root, so that parents stand before their children.
    var items: [Item]
    /// The items whose nodes are needed.
    private var waiting: Range<Int>
    var writer: TreeWriter
    var stale: [TreeNodeKey] = []
    /// Leaves that move up: where they stand, and the place of their node among the written.
    var moved: [(from: TreeNodeKey, to: Int)] = []
    var root = TreeHash.empty
    /// Leaves of the node at work that are written if it stays a node.
    var pending: [(nibble: Int, leaf: TreeLeaf)] = []
    /// Leaves of the node at work that move to it if it stays a node.
    var lifted: [(nibble: Int, from: TreeNodeKey)] = []

    /// An update of a version.
    ///
    /// - Parameters:
    ///   - base: the version to start from; nil for a tree without leaves.
    ///   - version: the new one, above the base.
    ///   - changes: in strictly ascending order of their keys.
    /// - Throws: `TreeFault` when versions or keys do not rise, or a limit is exceeded.
    package init(base: UInt64?, version: UInt64, changes: [TreeChange]) throws(TreeFault) {
        if let base, version <= base { throw .version(base: base, new: version) }
        for place in changes.indices {
            if place > 0, changes[place].key <= changes[place - 1].key { throw .unordered(at: place) }
            try changes[place].leaf?.checkLimits()
        }
        self.base = base
        self.changes = changes
        hashes = changes.map { $0.leaf?.hash ?? TreeHash.empty }
        writer = TreeWriter(version: version)
        items = [Item(key: .root(base ?? 0), isLeaf: nil, changes: changes.indices)]
        waiting = base == nil ? 0..<0 : 0..<1
        if waiting.isEmpty { ascend() }
    }

    /// The nodes wanted next.
    package func need() -> [TreeNodeKey] {
        waiting.isEmpty ? moved.map(\.from) : items[waiting].filter { !$0.isKnown }.map(\.key)
    }

    /// Takes the nodes that were needed.
    package mutating func have(_ nodes: [TreeNode?]) throws(TreeFault) {
        let unread = waiting.filter { !items[$0].isKnown }
        let expected = waiting.isEmpty ? moved.count : unread.count
        guard nodes.count == expected else { throw .answers(expected: expected, given: nodes.count) }
        if waiting.isEmpty { return try place(nodes) }
        let next = items.count
        for (item, node) in zip(unread, nodes) {
            items[item].node = try checked(node, at: items[item].key, isLeaf: items[item].isLeaf)
        }
        for item in waiting { descend(from: item) }
        waiting = next..<items.count
        if items[waiting].allSatisfy(\.isKnown) {
            waiting = 0..<0
            ascend()
        }
    }

    /// The new version, once nothing is needed any more.
    ///
    /// - Throws: `TreeFault` when nodes are still needed.
    package consuming func finish() throws(TreeFault) -> TreeUpdateResult {
        guard waiting.isEmpty, moved.isEmpty else { throw .unfinished }
        return TreeUpdateResult(root: root, written: writer.nodes, stale: stale)
    }

    /// Adds the children that changes touch to the items.
    private mutating func descend(from item: Int) {
        guard case .inner(let inner) = items[item].node else { return }
        let (key, depth) = (items[item].key, items[item].key.path.depth)
        let (first, all) = (items.count, changes)
        all.forEachNibble(items[item].changes, depth) { nibble, changes in
            guard let link = inner.link(nibble) else { return }
            var item = Item(
                key: TreeNodeKey(version: link.version, path: key.path.appending(nibble)),
                isLeaf: inner.isLeaf(nibble), changes: changes)
            let first = all[changes.lowerBound]
            if inner.isLeaf(nibble), changes.count == 1, first.replaces {
                // The one leaf below this place is that of the record: what stood in it does not matter.
                item.node = .leaf(TreeLeaf(key: first.key, preimage: [], value: []))
                item.isKnown = true
            }
            items.append(item)
        }
        items[item].children = first..<items.count
    }

    /// Takes the leaves that move up.
    private mutating func place(_ nodes: [TreeNode?]) throws(TreeFault) {
        for ((from, to), node) in zip(moved, nodes) {
            writer.nodes[to].1 = try checked(node, at: from, isLeaf: true)
        }
        moved.removeAll()
    }
}
