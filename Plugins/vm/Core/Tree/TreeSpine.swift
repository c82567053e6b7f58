internal import NodeDomain

/// The nodes that a version adds.
struct TreeWriter {
    let version: UInt64
    /// Whether the nodes are wanted; their hashes always are.
    let keeps: Bool
    var nodes: [(TreeNodeKey, TreeNode)] = []

    init(version: UInt64, keeps: Bool = true) {
        self.version = version
        self.keeps = keeps
    }

    mutating func write(_ node: TreeNode, at path: NibblePath) {
        if keeps { nodes.append((TreeNodeKey(version: version, path: path), node)) }
    }

    func link(_ hash: Bytes32) -> TreeLink { TreeLink(version: version, hash: hash) }
}

/// What a subtree has become.
enum Subtree {
    /// What it was.
    case unchanged
    case empty
    /// A leaf that is written where it comes to stand.
    case leaf(TreeLeaf, Bytes32)
    /// A leaf known by its link alone: it is read where it stood, and written where it comes to stand.
    case moved(TreeNodeKey, Bytes32)
    /// An inner node that was written at its place.
    case inner(Bytes32)
}

/// Builds a subtree from its leaves in the order of their keys, with one open node a level.
struct TreeSpine {
    private let depth: Int
    /// The open nodes from `depth` down, all of them above the last leaf.
    private var open: [TreeInner] = []
    /// The last leaf: how deep it stands depends on the next.
    private var last: (leaf: TreeLeaf, hash: Bytes32)?

    /// A subtree whose root stands at a depth.
    init(depth: Int) {
        self.depth = depth
    }

    /// The key of the last leaf.
    var lastKey: Bytes32? { last?.leaf.key }

    /// Takes a leaf above all before it that lies in the subtree.
    mutating func add(_ leaf: TreeLeaf, _ hash: Bytes32, to writer: inout TreeWriter) {
        if let last {
            let fork = last.leaf.key.commonBits(with: leaf.key) / 4
            while depth + open.count <= fork { open.append(TreeInner()) }
            settle(last, &writer)
            while depth + open.count > fork + 1 { close(last.leaf.key, &writer) }
        }
        last = (leaf, hash)
    }

    /// What all leaves together are.
    mutating func finish(_ writer: inout TreeWriter) -> Subtree {
        guard let last else { return .empty }
        if open.isEmpty { return .leaf(last.leaf, last.hash) }
        settle(last, &writer)
        while open.count > 1 { close(last.leaf.key, &writer) }
        let root = open.removeLast()
        writer.write(.inner(root), at: NibblePath(of: last.leaf.key, depth: depth))
        return .inner(root.hash)
    }

    /// Puts the last leaf below the deepest open node.
    private mutating func settle(_ last: (leaf: TreeLeaf, hash: Bytes32), _ writer: inout TreeWriter) {
        let level = open.count - 1
        let place = depth + level
        writer.write(.leaf(last.leaf), at: NibblePath(of: last.leaf.key, depth: place + 1))
        open[level].set(last.leaf.key.nibble(at: place), writer.link(last.hash), isLeaf: true)
    }

    /// Ends the deepest open node, which has a parent.
    private mutating func close(_ key: Bytes32, _ writer: inout TreeWriter) {
        let node = open.removeLast()
        let place = depth + open.count
        writer.write(.inner(node), at: NibblePath(of: key, depth: place))
        open[open.count - 1].set(key.nibble(at: place - 1), writer.link(node.hash), isLeaf: false)
    }
}
