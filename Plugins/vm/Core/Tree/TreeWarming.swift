package import NodeDomain

/// A key that a block may change.
package struct TreeTouch: TreeKeyed, Hashable, Sendable {
    /// Where the record stands.
    package let key: Bytes32
    /// Whether there is a record of this key: its leaf is then not read, as an update does without it too.
    package let hasRecord: Bool

    /// A key, and whether there is a record of it.
    package init(_ key: Bytes32, hasRecord: Bool) {
        self.key = key
        self.hasRecord = hasRecord
    }
}

/// Reads what an update of some keys will read, and makes nothing of it: a value that asks for one level at a time.
///
/// Whoever answers keeps the nodes, so that the update, whose values are known later than its keys, finds them in
/// memory. Keys that are changed in the end without being among these are read by the update itself.
package struct TreeWarming: TreeQuestions, Sendable {
    /// Bytes of a cache that a key takes about, in a tree of millions of records: the nodes that it shares with few others.
    package static let bytesOfKey = 2 << 10

    private struct Item: Sendable {
        let key: TreeNodeKey
        /// What the parent says of it.
        let isLeaf: Bool?
        /// The keys below it.
        let touched: Range<Int>
    }

    private let touched: [TreeTouch]
    private var waiting: [Item]

    /// The ways of keys through a version.
    ///
    /// - Parameter touched: in strictly ascending order of their keys.
    /// - Throws: `TreeFault` when keys do not rise.
    package init(version: UInt64, touched: [TreeTouch]) throws(TreeFault) {
        for place in touched.indices.dropFirst() where touched[place].key <= touched[place - 1].key {
            throw .unordered(at: place)
        }
        self.touched = touched
        waiting = touched.isEmpty ? [] : [Item(key: .root(version), isLeaf: nil, touched: touched.indices)]
    }

    /// The nodes wanted next.
    package func need() -> [TreeNodeKey] { waiting.map(\.key) }

    /// Takes the nodes that were needed.
    package mutating func have(_ nodes: [TreeNode?]) throws(TreeFault) {
        guard nodes.count == waiting.count else {
            throw .answers(expected: waiting.count, given: nodes.count)
        }
        var next: [Item] = []
        for (item, node) in zip(waiting, nodes) {
            let node = try checked(node, at: item.key, isLeaf: item.isLeaf)
            guard case .inner(let inner) = node else { continue }
            let path = item.key.path
            touched.forEachNibble(item.touched, path.depth) { nibble, range in
                guard let link = inner.link(nibble) else { return }
                let isLeaf = inner.isLeaf(nibble)
                // The one leaf below this place is that of the record.
                if isLeaf, range.count == 1, touched[range.lowerBound].hasRecord { return }
                let key = TreeNodeKey(version: link.version, path: path.appending(nibble))
                next.append(Item(key: key, isLeaf: isLeaf, touched: range))
            }
        }
        waiting = next
    }
}

/// Something at a key of the tree.
protocol TreeKeyed {
    /// Where it stands.
    var key: Bytes32 { get }
}

extension Array where Element: TreeKeyed {
    /// Cuts a range, in the order of its keys, where the nibble at a depth changes.
    func forEachNibble(_ range: Range<Int>, _ depth: Int, _ body: (Int, Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let nibble = self[start].key.nibble(at: depth)
            var end = start + 1
            while end < range.upperBound, self[end].key.nibble(at: depth) == nibble { end += 1 }
            body(nibble, start..<end)
            start = end
        }
    }
}
