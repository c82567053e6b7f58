import NodeDomain
import TestSupport
import Testing
import VmCore

/// Reading ahead: all that an update will ask for, and nothing else.
@Suite("State tree: warming")
struct TreeWarmingTests {
    /// Runs questions to their end; what they asked for, in order.
    private static func asked(_ questions: inout some TreeQuestions, in world: TreeWorld) throws
        -> [TreeNodeKey]
    {
        var asked: [TreeNodeKey] = []
        while true {
            let keys = questions.need()
            if keys.isEmpty { return asked }
            asked += keys
            try questions.have(try keys.map { try world.node($0) })
        }
    }

    /// The changes as the ledger knows them: what there was before is known.
    private static func known(_ changes: [TreeChange], in state: TreeState) -> [TreeChange] {
        changes.filter { $0.leaf != state[$0.key] }.sorted { $0.key < $1.key }.map {
            TreeChange(
                key: $0.key, preimage: $0.leaf?.preimage ?? [], value: $0.leaf?.value,
                replaces: state[$0.key] != nil)
        }
    }

    private static func touched(_ changes: [TreeChange], in state: TreeState) -> [TreeTouch] {
        changes.map { TreeTouch($0.key, hasRecord: state[$0.key] != nil) }
    }

    @Test(
        "asks for what an update without ends asks for, in the same rounds", arguments: 0..<8 as Range<UInt64>
    )
    func same(seed: UInt64) throws {
        var keys = TreeKeys(seed: seed, count: 300)
        var (world, state) = (TreeWorld(), TreeState())
        for version in 1...25 as ClosedRange<UInt64> {
            let changes = Self.known(keys.changes(30, deleting: 0), in: state)
            if let base = world.version {
                var warming = try TreeWarming(version: base, touched: Self.touched(changes, in: state))
                var update = try TreeUpdate(base: base, version: version, changes: changes)
                let ahead = try Self.asked(&warming, in: world)
                #expect(try ahead == Self.asked(&update, in: world) || changes.isEmpty)
            }
            _ = try world.update(to: version, changes)
            for change in changes { state[change.key] = change.leaf }
        }
    }

    @Test("of an update with ends, only leaves that move up are left", arguments: 10..<18 as Range<UInt64>)
    func ends(seed: UInt64) throws {
        var keys = TreeKeys(seed: seed, count: 200)
        var (world, state) = (TreeWorld(), TreeState())
        var moved = 0
        for version in 1...25 as ClosedRange<UInt64> {
            let changes = Self.known(keys.changes(30, deleting: 5), in: state)
            if let base = world.version {
                // More keys are touched than change in the end.
                let more = keys.changes(10, deleting: 0).filter { other in
                    !changes.contains { $0.key == other.key }
                }
                let all = (changes + more).sorted { $0.key < $1.key }
                var warming = try TreeWarming(version: base, touched: Self.touched(all, in: state))
                var update = try TreeUpdate(base: base, version: version, changes: changes)
                let ahead = Set(try Self.asked(&warming, in: world))
                for key in try Self.asked(&update, in: world) where !ahead.contains(key) {
                    guard case .leaf? = try world.node(key) else {
                        Issue.record("\(key) is not read ahead, and is no leaf")
                        continue
                    }
                    moved += 1
                }
            }
            _ = try world.update(to: version, changes)
            for change in changes { state[change.key] = change.leaf }
        }
        #expect(moved > 0)
    }

    @Test("a leaf is read where there is no record, and left where there is one")
    func leaves() throws {
        var world = TreeWorld()
        let (mine, near) = (Bytes32(1 << 63, 0, 0, 0), Bytes32(1 << 63, 1, 0, 0))
        let other = Bytes32(1, 0, 0, 0)
        _ = try world.update(to: 1, [mine, other].map { TreeChange(key: $0, preimage: [1], value: [1]) })
        func asked(_ touched: [TreeTouch]) throws -> [Int] {
            var warming = try TreeWarming(version: 1, touched: touched)
            return try Self.asked(&warming, in: world).map(\.path.depth)
        }
        #expect(try asked([TreeTouch(mine, hasRecord: true)]) == [0])
        #expect(try asked([TreeTouch(near, hasRecord: false)]) == [0, 1])
        #expect(try asked([TreeTouch(mine, hasRecord: true), TreeTouch(near, hasRecord: false)]) == [0, 1])
        #expect(try asked([]) == [])
    }

    @Test("what was read ahead is in a full cache of twice its size when the update comes")
    func cache() throws {
        var random = SplitMix(seed: 3)
        let pool = (0..<6000).map { _ in random.key() }
        var world = TreeWorld()
        _ = try world.update(to: 1, pool.map { TreeChange(key: $0, preimage: [1], value: [1]) })
        let limit = 120 * TreeWarming.bytesOfKey
        var cache = TreeCache(limit: limit)
        var full = 0
        func run(_ questions: inout some TreeQuestions) throws -> Int {
            var missed = 0
            while true {
                let keys = questions.need()
                if keys.isEmpty { return missed }
                var (nodes, missing) = cache.answer(keys)
                missed += missing.count
                for place in missing {
                    nodes[place] = try world.node(keys[place])
                    if let node = nodes[place] { cache.insert(keys[place], node) }
                }
                try questions.have(nodes)
            }
        }
        for version in 2...60 as ClosedRange<UInt64> {
            let chosen = Set((0..<40).map { _ in pool[random.below(pool.count)] }).sorted()
            var warming = try TreeWarming(
                version: version - 1, touched: chosen.map { TreeTouch($0, hasRecord: true) })
            cache.beginPeriod()
            #expect(try run(&warming) > 0)
            let value = [UInt8(version)]
            let changes = chosen.map { TreeChange(key: $0, preimage: [1], value: value, replaces: true) }
            var update = try TreeUpdate(base: version - 1, version: version, changes: changes)
            #expect(try run(&update) == 0)
            let result = try update.finish()
            for (key, node) in result.written { world.nodes[key.bytes] = node.bytes }
            cache.apply(result)
            if cache.bytes > limit * 9 / 10 { full += 1 }
        }
        #expect(full > 20)
    }

    @Test("damage and the caller's faults are what they are for an update, and may be answered again")
    func faults() throws {
        var keys = TreeKeys(seed: 9, count: 60)
        var world = TreeWorld()
        _ = try world.update(to: 1, keys.changes(60, deleting: 0))
        let touched = keys.pool.map { TreeTouch($0, hasRecord: false) }
        var warming = try TreeWarming(version: 1, touched: touched)
        var rounds = 0
        while let last = warming.need().last {
            let wanted = warming.need()
            let nodes = try wanted.map { try world.node($0) }
            #expect(throws: TreeFault.missing(last)) { try warming.have(nodes.dropLast() + [nil]) }
            #expect(throws: TreeFault.answers(expected: wanted.count, given: 0)) { try warming.have([]) }
            #expect(warming.need() == wanted)
            try warming.have(nodes)
            rounds += 1
        }
        #expect(rounds > 2)
        #expect(throws: TreeFault.unordered(at: 1)) {
            try TreeWarming(version: 1, touched: [touched[0], touched[0]])
        }
        var above = try TreeWarming(version: 1, touched: touched)
        let leaf = TreeNode.leaf(TreeLeaf(key: .zero, preimage: [], value: []))
        try above.have([try world.node(.root(1))])
        let wanted = above.need()
        #expect(throws: (any Error).self) { try above.have(wanted.map { _ in leaf }) }
    }

    @Test("the state says what is touched, and of what there is a record")
    func state() throws {
        var state = LedgerState()
        let (here, gone) = (Bytes32(7, 0, 0, 0), Bytes32(8, 0, 0, 0))
        let tally = StateKey.tally(epoch: 1, operator: here)
        try state.load(.epoch(1), nil)
        try state.load(tally, TallyRecord(units: 3).bytes)
        let touched = state.touched(by: StateNeeds([.plot(gone), tally, .epoch(1)]))
        #expect(touched.map(\.key) == [StateKey.plot(gone), tally, .epoch(1)].map(\.treeKey).sorted())
        #expect(touched.filter(\.hasRecord).map(\.key) == [tally.treeKey])
        #expect(state.missing(StateNeeds([.plot(gone), tally, .epoch(1)])).keys == [.plot(gone)])
    }
}
