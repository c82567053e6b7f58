import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import Testing
import VmCore

/// Trees of many versions against a dictionary and the definition of the hash.
@Suite("State tree: model")
struct TreeModelTests {
    /// A tree with all its versions, and what each holds.
    private static func history(seed: UInt64) throws -> (TreeWorld, [(version: UInt64, state: TreeState)]) {
        var keys = TreeKeys(seed: seed, count: 8 << (seed % 5))
        var world = TreeWorld()
        var state = TreeState()
        var versions: [(version: UInt64, state: TreeState)] = []
        var version: UInt64 = 0
        for round in 0..<24 {
            // Some rounds fill the tree, some empty it, some change nothing.
            let changes = keys.changes(
                [0, 1, 2, 7, 40][keys.random.below(5)], deleting: [1, 3, 9][round / 3 % 3])
            version += UInt64(1 + keys.random.below(3))
            let (result, rounds) = try world.update(to: version, changes)
            for change in changes { state[change.key] = change.leaf }
            #expect(result.root == state.root, "seed \(seed), version \(version)")
            #expect(result.written.filter { $0.0 == .root(version) }.count == 1)
            #expect(result.written.allSatisfy { $0.0.version == version })
            #expect(Set(result.stale).count == result.stale.count)
            #expect(rounds <= 66)
            versions.append((version, state))
        }
        return (world, versions)
    }

    @Test("every root is the definition's, and every version can be read", arguments: UInt64(0)..<12)
    func roots(seed: UInt64) throws {
        let (world, versions) = try Self.history(seed: seed)
        for (version, state) in versions {
            #expect(try world.leaves(of: version) == state.sorted)
        }
    }

    @Test("a key reads as it was at each version, with a proof", arguments: UInt64(0)..<12)
    func readings(seed: UInt64) throws {
        let (world, versions) = try Self.history(seed: seed)
        var random = SplitMix(seed: seed)
        let keys = TreeKeys(seed: seed, count: 8 << (seed % 5)).pool + [random.key(), .zero, .largest]
        for (version, state) in versions {
            for key in keys.shuffled(using: &random).prefix(20) {
                let reading = try world.read(key, at: version)
                #expect(reading.leaf == state[key])
                #expect(reading.root == state.root)
                #expect(reading.proof.verify(root: state.root, key: key, value: state[key]?.value))
                #expect(try StateProof(scale: reading.proof.scale) == reading.proof)
            }
        }
    }

    @Test(
        "pruning takes old versions alone, and leaves no node that no version needs",
        arguments: UInt64(0)..<12)
    func pruning(seed: UInt64) throws {
        var (world, versions) = try Self.history(seed: seed)
        for (place, version) in versions.map(\.version).enumerated() {
            try world.prune(version)
            for (older, _) in versions.prefix(place) {
                #expect(throws: TreeFault.missing(.root(older))) { try world.leaves(of: older) }
            }
            for (newer, state) in versions.dropFirst(place) {
                #expect(try world.leaves(of: newer) == state.sorted)
            }
        }
        let last = try #require(versions.last).version
        #expect(try world.nodes.count == world.size(of: last))
    }

    @Test("what replaces a record makes the same version without reading its leaf", arguments: UInt64(0)..<12)
    func replaced(seed: UInt64) throws {
        var keys = TreeKeys(seed: seed, count: 200)
        var world = TreeWorld()
        var state: TreeState = [:]
        var (spared, asked) = (0, 0)
        for version in UInt64(1)...10 {
            let changes = keys.changes(60, deleting: 3).sorted { $0.key < $1.key }
            let flagged = changes.map { change in
                TreeChange(
                    key: change.key, preimage: change.leaf?.preimage ?? [], value: change.leaf?.value,
                    replaces: state[change.key].map { $0 != change.leaf } ?? false)
            }
            var update = try TreeUpdate(base: world.version, version: version, changes: flagged)
            while !update.need().isEmpty {
                asked += update.need().count
                try update.have(try update.need().map { try world.node($0) })
            }
            let result = try update.finish()
            var plain = try TreeUpdate(base: world.version, version: version, changes: changes)
            while !plain.need().isEmpty {
                spared += plain.need().count
                try plain.have(try plain.need().map { try world.node($0) })
            }
            let other = try plain.finish()
            #expect(result.root == other.root)
            #expect(result.written.map(\.0) == other.written.map(\.0))
            #expect(result.written.map(\.1) == other.written.map(\.1))
            #expect(result.stale == other.stale)
            _ = try world.update(to: version, changes)
            for change in changes { state[change.key] = change.leaf }
        }
        #expect(spared > asked)
    }

    @Test("the builder gives the same root, and nodes that make the same tree", arguments: UInt64(0)..<12)
    func builder(seed: UInt64) throws {
        let (_, versions) = try Self.history(seed: seed)
        for (version, state) in versions {
            var bare = TreeBuilder()
            var builder = TreeBuilder(version: version, keepsNodes: true)
            var world = TreeWorld()
            world.version = version
            func keep(_ nodes: [(TreeNodeKey, TreeNode)]) {
                for (key, node) in nodes { world.nodes[key.bytes] = node.bytes }
            }
            for leaf in state.sorted {
                try bare.add(leaf)
                try builder.add(leaf)
                keep(builder.takeNodes())
            }
            let root = builder.finish()
            keep(builder.takeNodes())
            #expect(root == state.root)
            #expect(bare.finish() == root)
            #expect(bare.takeNodes().isEmpty)
            #expect(try world.leaves(of: version) == state.sorted)
            #expect(try world.nodes.count == world.size(of: version))
            #expect(try world.update(to: version + 1, []).result.root == root)
        }
    }

    @Test(
        "values that stay, and ends of what is not there, write a root and nothing else",
        arguments: [0, 1, 2, 50])
    func unchanged(count: Int) throws {
        var keys = TreeKeys(seed: UInt64(count), count: 200)
        var world = TreeWorld()
        let changes = keys.changes(count, deleting: 0)
        let root = try world.update(to: 1, changes).result.root
        let there = Set(changes.map(\.key))
        let absent = keys.pool.filter { !there.contains($0) }
            .map { TreeChange(key: $0, preimage: [], value: nil) }
        let result = try world.update(to: 2, changes + absent).result
        #expect(result.root == root)
        #expect(result.written.map(\.0) == [.root(2)])
        #expect(result.stale == [.root(1)])
    }

    @Test("a walk goes on behind any key", arguments: UInt64(0)..<12)
    func resumed(seed: UInt64) throws {
        let (world, versions) = try Self.history(seed: seed)
        var random = SplitMix(seed: seed)
        let (version, state) = versions[random.below(versions.count)]
        let keys = state.sorted.map(\.key) + [.zero, .largest, random.key()]
        for key in keys {
            let rest = state.sorted.filter { $0.key > key }
            #expect(try world.leaves(of: version, after: key, batch: 1 + random.below(20)) == rest)
        }
    }
}
