import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A node in memory: records, nodes of the tree, and blocks applied as the plugin applies them.
private struct BlockWorld {
    let rules: ChainRules
    private(set) var records: [[UInt8]: [UInt8]] = [:]
    private var nodes: [TreeNodeKey: TreeNode] = [:]
    private(set) var height: UInt64 = 0
    private(set) var root: Bytes32
    private var checked = CheckedSignatures(bytes: 1 << 20)

    /// A state from its leaves, as a checkpoint gives them.
    init(_ rules: ChainRules, height: UInt64, leaves: [TreeLeaf]) throws {
        self.rules = rules
        self.height = height
        var builder = TreeBuilder(version: height, keepsNodes: true)
        for leaf in leaves.sorted(by: { $0.key < $1.key }) {
            try builder.add(leaf)
            records[leaf.preimage] = leaf.value
        }
        root = builder.finish()
        for (key, node) in builder.takeNodes() { nodes[key] = node }
    }

    /// All records of the newest version, from the tree alone.
    func leaves() throws -> [TreeLeaf] {
        var walk = TreeWalk(version: height)
        var leaves: [TreeLeaf] = []
        while true {
            let keys = walk.need()
            if !keys.isEmpty { try walk.have(keys.map { nodes[$0] }) }
            let taken = walk.takeLeaves()
            if taken.isEmpty, keys.isEmpty { return leaves }
            leaves += taken
        }
    }

    func account(_ address: Address) -> Account {
        records[StateKey.account(address).bytes].flatMap { try? Account(bytes: $0) } ?? Account()
    }

    var supply: Supply {
        get throws {
            var supply = Supply()
            for (key, value) in records {
                if let key = StateKey(bytes: key) { try supply.add(key, value) }
            }
            return supply
        }
    }

    private func load(_ needs: StateNeeds, into state: inout LedgerState) throws {
        let missing = state.missing(needs)
        for (range, limit) in missing.ranges {
            let keys = records.keys.filter { $0.starts(with: range.prefix) }
                .sorted { $0.lexicographicallyPrecedes($1) }.prefix(limit).compactMap { StateKey(bytes: $0) }
            state.load(range, limit: limit, keys: keys)
            for key in keys { try state.load(key, records[key.bytes]) }
        }
        for key in missing.keys { try state.load(key, records[key.bytes]) }
    }

    /// Applies a block.
    mutating func apply(_ input: BlockInput) throws -> BlockOutcome {
        let execution = try BlockExecution(input, rules)
        var state = LedgerState()
        try load(execution.needs, into: &state)
        let jobs = try SignatureJobs(
            of: execution.transactions, on: state, genesis: rules.parameters.genesisID, checked: checked)
        let signed = jobs.check()
        for (transaction, isSigned) in zip(execution.transactions, signed) where isSigned {
            checked.insert(transaction.id)
        }
        var outcome: BlockOutcome?
        while outcome == nil {
            do {
                outcome = try execution.run(on: state, signed: signed)
            } catch let miss as StateMiss {
                try load(miss.needs, into: &state)
            }
        }
        let done = try #require(outcome)
        let changes = done.changes.map {
            TreeChange(preimage: $0.key.bytes, value: $0.value, replaces: $0.replaces)
        }
        .sorted { $0.key < $1.key }
        var update = try TreeUpdate(base: height, version: input.height, changes: changes)
        try update.run { nodes[$0] }
        let result = try update.finish()
        for key in result.stale { nodes[key] = nil }
        for (key, node) in result.written { nodes[key] = node }
        for change in done.changes { records[change.key.bytes] = change.value }
        (height, root) = (input.height, result.root)
        return done
    }
}

/// Makes blocks with the one operator of the test's network.
private struct BlockSource {
    private static let operatorSeed = BLAKE3.hash([1])
    private static let vrfSeed = BLAKE3.hash([2])

    let rules: ChainRules
    private var beacon: Bytes32
    private var parent = Bytes32.zero
    private var height: UInt64 = 0

    init() throws {
        var parameters = NetworkParameters()
        parameters.genesisTime = 1_000_000_000
        parameters.genesisID = TestAccount.genesis
        parameters.blockGas = 600_000
        // A layer is as long as the random ledger's vaults count it.
        parameters.layerTime = parameters.blockInterval * UInt64(RandomLedger.blocksPerLayer)
        parameters.epochTime = max(parameters.epochTime, parameters.layerTime * 12)
        let key = try #require(Ed25519.publicKey(seed: Self.operatorSeed))
        let vrfKey = try #require(Ed25519.publicKey(seed: Self.vrfSeed))
        rules = try ChainRules(
            parameters, chainID: "test", committee: [Voter(operator: key, vrfKey: vrfKey, power: 1)])
        beacon = rules.firstBeacon
    }

    mutating func block(_ transactions: [[UInt8]]) throws -> BlockInput {
        height += 1
        let alpha = rules.beaconAlpha(height: height, last: beacon)
        let proof = try #require(VRF.prove(alpha, seed: Self.vrfSeed))
        beacon = rules.beacon(after: beacon, beta: try #require(VRF.output(ofUnchecked: proof)))
        let hash = BLAKE3.hash(parent.bytes + transactions.joined())
        defer { parent = hash }
        return BlockInput(
            height: height, time: rules.parameters.genesisTime + height * rules.parameters.blockInterval,
            hash: hash, parent: parent, proposer: rules.committee[0].operator,
            items: [BlockItem.system(SystemRecord(proof: proof)).bytes], transactions: transactions,
            present: height == 1 ? [] : [1])
    }
}

@Suite("Blocks of random transactions, with their tree")
struct BlockPropertyTests {
    /// 10,000, or as many as SPACENODE_BLOCKS says; the seed is SPACENODE_SEED.
    private static let environment = ProcessInfo.processInfo.environment
    private static let blocks = environment["SPACENODE_BLOCKS"].flatMap { Int($0) } ?? 10_000
    private static let seed = environment["SPACENODE_SEED"].flatMap { UInt64($0) } ?? 0xb10c

    @Test("conserved after each block; a node from a checkpoint half-way goes on to the same roots")
    func blocks() throws {
        var source = try BlockSource()
        var random = try RandomLedger(seed: Self.seed)
        let genesis = try source.rules.genesis(
            accounts: Dictionary(uniqueKeysWithValues: random.genesis.map { ($0.address, $0.account) })
        ).changes.compactMap { change in
            change.value.map { TreeLeaf(preimage: change.key.bytes, value: $0) }
        }
        var first = try BlockWorld(source.rules, height: 0, leaves: genesis)
        var second: BlockWorld?
        var done = 0
        for number in 0..<Self.blocks {
            let raws = try random.block(of: 5 + number % 6) { first.account($0) }
            let block = try source.block(raws)
            let outcome = try first.apply(block)
            done += outcome.receipts.filter { $0.outcome.code == 0 }.count
            guard try first.supply.isConserved else {
                Issue.record("block \(block.height): smidge were made or lost; seed \(Self.seed)")
                return
            }
            if second != nil {
                let again = try #require(try second?.apply(block))
                guard second?.root == first.root, again.receipts == outcome.receipts else {
                    Issue.record("block \(block.height): the restored node differs; seed \(Self.seed)")
                    return
                }
            }
            if number == Self.blocks / 2 {
                second = try BlockWorld(source.rules, height: first.height, leaves: try first.leaves())
                #expect(second?.root == first.root && second?.records == first.records)
            }
        }
        #expect(done > Self.blocks * 3)
    }
}
