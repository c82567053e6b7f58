/// Nodes in memory, bounded in bytes.
///
/// A hand goes round: a node that was used since it last came by stays, one near the root for several rounds more. It
/// passes by what was used in the present period, until that is half of the memory. A tree of any size works with a
/// cache of any size, also with none.
package struct TreeCache: Sendable {
    private struct Entry: Sendable {
        let key: TreeNodeKey
        let node: TreeNode
        /// How often the hand still passes by.
        var rounds: UInt8
        /// When the node was last used.
        var period: UInt32
    }

    /// Most bytes of memory.
    package let limit: Int
    /// Bytes of memory in use, by `cost`.
    package private(set) var bytes = 0
    private var places: [TreeNodeKey: Int] = [:]
    private var entries: [Entry] = []
    private var hand = 0
    private var period: UInt32 = 0
    /// Bytes of nodes that were used in this period.
    private var periodBytes = 0

    /// An empty cache.
    ///
    /// - Parameter limit: most bytes of memory.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How many nodes there are.
    package var count: Int { entries.count }

    /// A node, if it is there.
    package mutating func node(_ key: TreeNodeKey) -> TreeNode? {
        guard let place = places[key] else { return nil }
        entries[place].rounds = TreeCache.rounds(key)
        if entries[place].period != period {
            entries[place].period = period
            periodBytes += TreeCache.cost(of: entries[place].node)
        }
        return entries[place].node
    }

    /// Begins a period: what is used from now on stays, up to half of the memory, until another begins.
    package mutating func beginPeriod() {
        period &+= 1
        periodBytes = 0
    }

    /// Answers questions as far as it can; the places of the others are for storage to answer.
    package mutating func answer(_ keys: [TreeNodeKey]) -> (nodes: [TreeNode?], missing: [Int]) {
        let nodes = keys.map { node($0) }
        return (nodes, nodes.indices.filter { nodes[$0] == nil })
    }

    /// Keeps a node, which never changes.
    package mutating func insert(_ key: TreeNodeKey, _ node: TreeNode) {
        guard places[key] == nil else { return }
        let cost = TreeCache.cost(of: node)
        guard cost <= limit else { return }
        while bytes + cost > limit { evict() }
        places[key] = entries.count
        entries.append(Entry(key: key, node: node, rounds: TreeCache.rounds(key), period: period))
        bytes += cost
        periodBytes += cost
    }

    /// Forgets a node.
    package mutating func remove(_ key: TreeNodeKey) {
        if let place = places[key] { remove(at: place) }
    }

    /// Follows an update: new nodes come, stale ones go.
    ///
    /// New leaves do not come: an update reads a leaf only when another comes beside it or leaves it alone, and all of them
    /// would drive out the inner nodes that every update reads.
    package mutating func apply(_ result: TreeUpdateResult) {
        for key in result.stale { remove(key) }
        keep(result.written)
    }

    /// Keeps nodes that are not leaves.
    package mutating func keep(_ nodes: [(TreeNodeKey, TreeNode)]) {
        for (key, node) in nodes {
            if case .leaf = node { continue }
            insert(key, node)
        }
    }

    /// What a node takes: its place in both tables, which grow by doubling, and its own memory with what the allocator
    /// adds.
    package static func cost(of node: TreeNode) -> Int {
        let tables =
            2 * (MemoryLayout<Entry>.stride + MemoryLayout<TreeNodeKey>.stride + MemoryLayout<Int>.stride)
        func array(_ bytes: Int) -> Int { bytes == 0 ? 0 : (32 + bytes + 8 + 15) / 16 * 16 }
        return switch node {
        case .empty: tables
        case .leaf(let leaf): tables + array(leaf.preimage.count) + array(leaf.value.count)
        case .inner(let inner): tables + array(inner.links.capacity * MemoryLayout<TreeLink>.stride)
        }
    }

    private static func rounds(_ key: TreeNodeKey) -> UInt8 { key.path.depth < 4 ? 4 : 1 }

    private mutating func evict() {
        if periodBytes > limit / 2 || periodBytes == bytes { beginPeriod() }
        while !entries.isEmpty {
            if hand >= entries.count { hand = 0 }
            if entries[hand].period != period {
                if entries[hand].rounds == 0 { return remove(at: hand) }
                entries[hand].rounds -= 1
            }
            hand += 1
        }
    }

    private mutating func remove(at place: Int) {
        let cost = TreeCache.cost(of: entries[place].node)
        bytes -= cost
        if entries[place].period == period { periodBytes -= cost }
        places[entries[place].key] = nil
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.key] = place
    }
}
