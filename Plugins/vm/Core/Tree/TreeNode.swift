package import NodeDomain

/// A record of the state at its place in the tree.
package struct TreeLeaf: Hashable, Sendable {
    /// Most bytes of a preimage.
    package static let preimageLimit = 64
    /// Most bytes of a value.
    package static let valueLimit = 3 << 20

    /// Where it stands: the hash of the preimage.
    package let key: Bytes32
    /// What the record is called: a tag and fields.
    package let preimage: [UInt8]
    /// What it says.
    package let value: [UInt8]

    /// A record at a key that is not its preimage's hash: for tests, and for what storage holds.
    package init(key: Bytes32, preimage: [UInt8], value: [UInt8]) {
        self.key = key
        self.preimage = preimage
        self.value = value
    }

    /// Refuses what is over a limit.
    func checkLimits() throws(TreeFault) {
        guard preimage.count <= TreeLeaf.preimageLimit else {
            throw .tooLong(count: preimage.count, limit: TreeLeaf.preimageLimit)
        }
        guard value.count <= TreeLeaf.valueLimit else {
            throw .tooLong(count: value.count, limit: TreeLeaf.valueLimit)
        }
    }
}

/// What an inner node knows of a child.
package struct TreeLink: Hashable, Sendable {
    /// The version that wrote the child.
    package let version: UInt64
    /// The child's hash.
    package let hash: Bytes32
}

/// A node with up to sixteen children; it stands for four levels of the binary tree that is hashed.
package struct TreeInner: Hashable, Sendable {
    /// Which nibbles have a child.
    package private(set) var present: UInt16 = 0
    /// Which of the children are leaves.
    package private(set) var leaves: UInt16 = 0
    /// The children in the order of their nibbles.
    package private(set) var links: [TreeLink] = []

    /// Without children, which is no node yet.
    init() {}

    /// Of children that were read.
    ///
    /// - Throws: `TreeNodeFault` when they are not those of a node.
    init(present: UInt16, leaves: UInt16, links: [TreeLink]) throws(TreeNodeFault) {
        self.present = present
        self.leaves = leaves
        self.links = links
        guard leaves & ~present == 0, links.count == present.nonzeroBitCount, !isTooSmall
        else { throw .children }
        guard !links.contains(where: { $0.hash == .zero }) else { throw .emptyHash }
    }

    /// Whether it holds fewer than two leaves, which one leaf or nothing stands for.
    var isTooSmall: Bool { present.nonzeroBitCount < 2 && (present == 0 || leaves != 0) }

    /// The child at a nibble.
    package func link(_ nibble: Int) -> TreeLink? {
        present & bit(nibble) == 0 ? nil : links[index(nibble)]
    }

    /// Whether the child at a nibble is a leaf.
    package func isLeaf(_ nibble: Int) -> Bool { leaves & bit(nibble) != 0 }

    /// Puts a child where none or another was.
    mutating func set(_ nibble: Int, _ link: TreeLink, isLeaf: Bool) {
        if present & bit(nibble) == 0 {
            links.insert(link, at: index(nibble))
            present |= bit(nibble)
        } else {
            links[index(nibble)] = link
        }
        leaves = isLeaf ? leaves | bit(nibble) : leaves & ~bit(nibble)
    }

    /// Takes a child away.
    mutating func remove(_ nibble: Int) {
        guard present & bit(nibble) != 0 else { return }
        links.remove(at: index(nibble))
        present &= ~bit(nibble)
        leaves &= ~bit(nibble)
    }

    private func bit(_ nibble: Int) -> UInt16 { 1 << UInt16(nibble) }

    private func index(_ nibble: Int) -> Int { (present & (bit(nibble) &- 1)).nonzeroBitCount }
}

/// A node as it is stored.
package enum TreeNode: Hashable, Sendable {
    /// The root of a tree without leaves.
    case empty
    /// A record.
    case leaf(TreeLeaf)
    /// A branch.
    case inner(TreeInner)

    /// Why it cannot be the node at a key; nil when it can.
    ///
    /// - Parameter isLeaf: what the parent says of it; nil for a root.
    func fault(at key: TreeNodeKey, isLeaf: Bool?) -> TreeNodeFault? {
        switch self {
        case .empty:
            key.path.depth == 0 ? nil : .place
        case .leaf(let leaf):
            key.path.contains(leaf.key) && isLeaf != false ? nil : .place
        case .inner(let inner):
            // Keys end at the last nibble, so below it there are leaves alone.
            isLeaf == true || key.path.depth >= NibblePath.longest
                || (key.path.depth == NibblePath.longest - 1 && inner.leaves != inner.present)
                || inner.links.contains { $0.version > key.version }
                ? .place : nil
        }
    }
}

/// A question's answer, looked at.
func checked(_ node: TreeNode?, at key: TreeNodeKey, isLeaf: Bool?) throws(TreeFault) -> TreeNode {
    guard let node else { throw .missing(key) }
    if let fault = node.fault(at: key, isLeaf: isLeaf) { throw .corrupt(key, fault) }
    return node
}
