import NodeDomain
import Testing
import VmCore

/// The cache: never over its bound, never a wrong node.
@Suite("State tree: cache")
struct TreeCacheTests {
    @Test("updates through a cache of any size give the same roots", arguments: [0, 1_000, 20_000, 1 << 24])
    func sizes(limit: Int) throws {
        var keys = TreeKeys(seed: 11, count: 300)
        var world = TreeWorld()
        var state = TreeState()
        var cache = TreeCache(limit: limit)
        var (asked, missed, missedInner) = (0, 0, 0)
        for version in 1...30 as ClosedRange<UInt64> {
            let changes = keys.changes(40, deleting: 3)
            var update = try TreeUpdate(
                base: world.version, version: version, changes: changes.sorted { $0.key < $1.key })
            while true {
                let needed = update.need()
                if needed.isEmpty { break }
                var (nodes, missing) = cache.answer(needed)
                for place in missing {
                    nodes[place] = try world.node(needed[place])
                    if let node = nodes[place] { cache.insert(needed[place], node) }
                    if case .inner = nodes[place] { missedInner += 1 }
                    #expect(cache.bytes <= limit)
                }
                asked += needed.count
                missed += missing.count
                try update.have(nodes)
            }
            let result = try update.finish()
            for change in changes { state[change.key] = change.leaf }
            #expect(result.root == state.root)
            for (key, node) in result.written { world.nodes[key.bytes] = node.bytes }
            world.version = version
            cache.apply(result)
            #expect(cache.bytes <= limit)
            for key in result.stale { #expect(cache.node(key) == nil) }
        }
        #expect(limit != 0 || missed == asked)
        #expect(limit != 20_000 || (missed > 0 && missed < asked))
        #expect(limit != 1 << 24 || (missedInner == 0 && missed < asked / 2))
    }

    @Test("bytes are given back")
    func bytes() throws {
        var cache = TreeCache(limit: 1 << 20)
        let leaves = (0..<200).map {
            TreeLeaf(preimage: [UInt8($0)], value: [UInt8](repeating: 1, count: $0))
        }
        for (place, leaf) in leaves.enumerated() { cache.insert(.root(UInt64(place)), .leaf(leaf)) }
        #expect(cache.count == 200)
        #expect(cache.bytes == leaves.reduce(0) { $0 + TreeCache.cost(of: .leaf($1)) })
        cache.insert(.root(0), .empty)
        #expect(cache.node(.root(0)) == .leaf(leaves[0]))
        for place in 0..<200 { cache.remove(.root(UInt64(place))) }
        #expect(cache.count == 0)
        #expect(cache.bytes == 0)
    }

    @Test("nodes near the root outlive leaves that were used as often")
    func upper() {
        let leaf = TreeNode.leaf(TreeLeaf(preimage: [1], value: [1]))
        var cache = TreeCache(limit: 100 * TreeCache.cost(of: leaf))
        for version in 0..<10 as Range<UInt64> { cache.insert(.root(version), leaf) }
        let deep = NibblePath(of: .zero, depth: 9)
        for version in 0..<190 as Range<UInt64> {
            cache.insert(TreeNodeKey(version: version, path: deep), leaf)
        }
        let kept = (0..<10 as Range<UInt64>).filter { cache.node(.root($0)) != nil }
        #expect(kept.count == 10)
        #expect(cache.count == 100)
    }
}
