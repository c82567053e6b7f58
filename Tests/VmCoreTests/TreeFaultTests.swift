import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import Testing
import VmCore

/// What storage may do to a tree, and what callers may: a clear refusal each, and never a trap.
@Suite("State tree: faults")
struct TreeFaultTests {
    private static func world() throws -> (TreeWorld, TreeKeys) {
        var keys = TreeKeys(seed: 9, count: 40)
        var world = TreeWorld()
        _ = try world.update(to: 1, keys.changes(60, deleting: 0))
        return (world, keys)
    }

    @Test("each node that is missing is named, by update, lookup and walk")
    func missing() throws {
        let (world, keys) = try Self.world()
        for (bytes, _) in world.nodes {
            let key = try TreeNodeKey(bytes: bytes)
            var damaged = world
            damaged.nodes[bytes] = nil
            #expect(throws: TreeFault.missing(key)) { try damaged.leaves(of: 1) }
            let changes = keys.pool.map { TreeChange(key: $0, preimage: [], value: [9]) }
            #expect(throws: TreeFault.missing(key)) { try damaged.update(to: 2, changes) }
            guard case .leaf(let leaf) = try world.node(key) else { continue }
            #expect(throws: TreeFault.missing(key)) { try damaged.read(leaf.key, at: 1) }
        }
    }

    @Test("a node in another's place is found")
    func swapped() throws {
        let (world, keys) = try Self.world()
        let places = world.nodes.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var random = SplitMix(seed: 1)
        var found = 0
        for place in places {
            var damaged = world
            let key = try TreeNodeKey(bytes: place)
            let other = places[random.below(places.count)]
            guard let node = try world.node(key), case .leaf = node, other != place else { continue }
            damaged.nodes[other] = world.nodes[place]
            let there = try TreeNodeKey(bytes: other)
            guard !Self.isAbove(there, node) else { continue }
            found += 1
            #expect(throws: TreeFault.corrupt(there, .place)) { try damaged.leaves(of: 1) }
            let changes = keys.pool.map { TreeChange(key: $0, preimage: [], value: [9]) }
            #expect(throws: TreeFault.corrupt(there, .place)) { try damaged.update(to: 2, changes) }
        }
        #expect(found > 10)
    }

    /// Answers each question first without its last node, then whole.
    private static func runTwice(_ questions: inout some TreeQuestions, in world: TreeWorld) throws {
        while true {
            let keys = questions.need()
            guard let last = keys.last else { return }
            let nodes = try keys.map { try world.node($0) }
            #expect(throws: TreeFault.missing(last)) { try questions.have(nodes.dropLast() + [nil]) }
            #expect(questions.need() == keys)
            try questions.have(nodes)
        }
    }

    @Test("after a refusal the same questions may be answered again")
    func again() throws {
        var (world, keys) = try Self.world()
        let changes = keys.changes(60, deleting: 5).sorted { $0.key < $1.key }
        var update = try TreeUpdate(base: 1, version: 2, changes: changes)
        try Self.runTwice(&update, in: world)
        let result = try update.finish()
        var walk = TreeWalk(version: 1, batch: 3)
        var leaves: [TreeLeaf] = []
        while !walk.need().isEmpty {
            try Self.runTwice(&walk, in: world)
            leaves += walk.takeLeaves()
        }
        #expect(try leaves == world.leaves(of: 1))
        var lookup = TreeLookup(version: 1, key: leaves[0].key)
        try Self.runTwice(&lookup, in: world)
        #expect(try lookup.finish().leaf == leaves[0])
        let straight = try world.update(to: 2, changes).result
        #expect(straight.root == result.root)
        #expect(straight.written.map(\.0) == result.written.map(\.0))
        #expect(straight.stale == result.stale)
    }

    private static func isAbove(_ key: TreeNodeKey, _ node: TreeNode) -> Bool {
        if case .leaf(let leaf) = node { key.path.contains(leaf.key) } else { false }
    }

    @Test(
        "an empty tree below the root, a leaf said to be none, and a child younger than its parent are damage"
    )
    func impossible() throws {
        let hash = Bytes32.largest.bytes
        let leaf = TreeNode.leaf(TreeLeaf(key: .zero, preimage: [], value: []))
        let children = [20] + hash + [20] + hash
        let inner = try TreeNode(bytes: [2, 0, 3, 0, 0] + children)
        let above = try TreeNode(bytes: [2, 0, 3, 0, 3] + children)
        var young = TreeWalk(version: 4)
        #expect(throws: TreeFault.corrupt(.root(4), .place)) { try young.have([inner]) }
        // The first child is said to be a branch, then to be a leaf.
        for (root, bad) in [(inner, TreeNode.empty), (inner, leaf), (above, .empty), (above, inner)] {
            var walk = TreeWalk(version: 5)
            try walk.have([root])
            let first = walk.need()[0]
            #expect(throws: TreeFault.corrupt(first, .place)) { try walk.have([bad, bad]) }
        }
        // Below the last nibble there are leaves alone.
        let last = TreeNodeKey(version: 5, path: NibblePath(of: .zero, depth: 63))
        var lookup = TreeLookup(version: 5, key: .zero)
        while lookup.need() != [last] { try lookup.have([inner]) }
        #expect(throws: TreeFault.corrupt(last, .place)) { try lookup.have([inner]) }
        try lookup.have([above])
        try lookup.have([leaf])
        #expect(try lookup.finish().leaf != nil)
    }

    @Test("the caller's faults")
    func caller() throws {
        #expect(throws: TreeFault.version(base: 3, new: 3)) {
            try TreeUpdate(base: 3, version: 3, changes: [])
        }
        let change = TreeChange(preimage: [1], value: [])
        #expect(throws: TreeFault.unordered(at: 1)) {
            try TreeUpdate(base: nil, version: 3, changes: [change, change])
        }
        #expect(throws: TreeFault.tooLong(count: 65, limit: 64)) {
            let long = TreeChange(preimage: [UInt8](repeating: 0, count: 65), value: [])
            _ = try TreeUpdate(base: nil, version: 3, changes: [long])
        }
        var builder = TreeBuilder()
        let huge = TreeLeaf(preimage: [1], value: [UInt8](repeating: 0, count: TreeLeaf.valueLimit + 1))
        #expect(throws: TreeFault.tooLong(count: huge.value.count, limit: TreeLeaf.valueLimit)) {
            try builder.add(huge)
        }
        let leaf = TreeLeaf(preimage: [1], value: [])
        try builder.add(leaf)
        #expect(throws: TreeFault.unordered(at: 1)) { try builder.add(leaf) }
        var update = try TreeUpdate(base: 1, version: 3, changes: [])
        #expect(throws: TreeFault.answers(expected: 1, given: 0)) { try update.have([]) }
        #expect(throws: TreeFault.unfinished) { try update.finish() }
        let lookup = TreeLookup(version: 1, key: .zero)
        #expect(throws: TreeFault.unfinished) { try lookup.finish() }
    }

    @Test("the largest value that is allowed is kept whole")
    func largest() throws {
        var world = TreeWorld()
        let value = [UInt8](repeating: 7, count: TreeLeaf.valueLimit)
        let preimage = [UInt8](repeating: 1, count: TreeLeaf.preimageLimit)
        let result = try world.update(to: 1, [TreeChange(preimage: preimage, value: value)]).result
        let reading = try world.read(TreeHash.key(preimage), at: 1)
        #expect(reading.leaf?.value == value)
        #expect(reading.proof.verify(root: result.root, preimage: preimage, value: value))
    }

    @Test("every fault says what is wrong")
    func texts() {
        let faults: [any Error] = [
            TreeFault.missing(.root(7)), TreeFault.corrupt(.root(7), .place),
            TreeFault.answers(expected: 1, given: 2), TreeFault.unfinished,
            TreeFault.version(base: 1, new: 1), TreeFault.unordered(at: 1),
            TreeFault.tooLong(count: 2, limit: 1), TreeNodeFault.encoding(.trailing(count: 1)),
            TreeNodeFault.length(1), TreeNodeFault.kind(9), TreeNodeFault.depth(65), TreeNodeFault.padding,
            TreeNodeFault.children, TreeNodeFault.emptyHash, TreeNodeFault.place, TreeNodeFault.order,
        ]
        #expect(Set(faults.map { "\($0)" }).count == faults.count)
        #expect("\(faults[0])".contains("node 7/"))
    }
}
