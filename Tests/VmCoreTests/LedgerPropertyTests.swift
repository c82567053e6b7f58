import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A ledger over its whole life: what storage would keep, and what the fees came to.
private struct LedgerWorld {
    private(set) var accounts: [Address: Account]
    private(set) var fees: UInt64 = 0
    private(set) var outcomes: [UInt8: Int] = [:]
    private var checked = CheckedSignatures(bytes: 1 << 20)
    private let gas: UInt64 = 600_000

    init(_ genesis: [(address: Address, account: Account)]) {
        accounts = Dictionary(uniqueKeysWithValues: genesis.map { ($0.address, $0.account) })
    }

    var total: UInt64 { accounts.values.reduce(fees) { $0 + $1.balance } }

    /// What a block needs, read in an order of our own.
    private func state(_ needs: StateNeeds, reversed: Bool) throws -> LedgerState {
        var state = LedgerState()
        let keys = needs.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) != reversed }
        for key in keys {
            guard case .account(let address) = key else { continue }
            try state.load(key, accounts[address]?.bytes)
        }
        #expect(state.missing(needs).isEmpty)
        return state
    }

    private func execute(
        _ block: [LedgerTransaction], signed: [Bool], layer: UInt64, on state: LedgerState
    ) throws -> (lane: TransactionLane, changes: [StateChange]) {
        var state = state
        var lane = TransactionLane(layer: layer, gas: gas)
        try lane.run(block, signed: signed, on: &state)
        let order = { (change: StateChange) in change.key.bytes }
        let changes = state.changes.sorted { order($0).lexicographicallyPrecedes(order($1)) }
        return (lane, changes)
    }

    /// Executes a block, and checks what must be true of any block.
    mutating func run(_ raws: [[UInt8]], layer: UInt64) throws {
        let block = raws.map(LedgerTransaction.init(raw:))
        let needs = LedgerTransaction.needs(of: block)
        let state = try state(needs, reversed: false)
        let jobs = try SignatureJobs(of: block, on: state, genesis: TestAccount.genesis, checked: checked)
        let signed = jobs.check()
        let (lane, changes) = try execute(block, signed: signed, layer: layer, on: state)
        let again = try execute(
            block, signed: signed, layer: layer, on: try self.state(needs, reversed: true))
        #expect(again.lane.receipts == lane.receipts && again.changes == changes)
        try checkAdmission(block[0], lane.receipts[0], on: state, layer: layer)
        try checkSelection(block, signed: signed, on: state, layer: layer)

        #expect(lane.fees == lane.receipts.reduce(0) { $0 + $1.fee })
        #expect(gas - lane.gasLeft == lane.receipts.reduce(0) { $0 + $1.gas })
        let named = Set(lane.receipts.flatMap(\.addresses))
        for change in changes {
            guard case .account(let address) = change.key, let bytes = change.value else {
                Issue.record("an account vanished: \(change.key)")
                continue
            }
            let account = try Account(bytes: bytes)
            let before = accounts[address] ?? Account()
            #expect(named.contains(address) && account.nextNonce >= before.nextNonce)
            #expect(before.spawned == nil || account.spawned == before.spawned)
            accounts[address] = account
        }
        fees += lane.fees
        for (transaction, isSigned) in zip(block, signed) where isSigned { checked.insert(transaction.id) }
        for receipt in lane.receipts { outcomes[receipt.outcome.code, default: 0] += 1 }
    }

    /// A block's first transaction: whoever is let into the mempool does what it says, and nobody else.
    private func checkAdmission(
        _ transaction: LedgerTransaction, _ receipt: TransactionReceipt, on state: LedgerState, layer: UInt64
    ) throws {
        var checked = CheckedSignatures(bytes: 0)
        let rules = AdmissionRules(genesis: TestAccount.genesis, layer: layer, blockGas: gas)
        switch try rules.judge(transaction, on: state, checked: &checked) {
        case .success(let admission):
            #expect(receipt.outcome.code == 0 && admission.fee == receipt.fee && admission.gas == receipt.gas)
        case .failure(let refusal): #expect(receipt.outcome.code != 0, "\(refusal)")
        }
    }

    private func checkSelection(
        _ block: [LedgerTransaction], signed: [Bool], on state: LedgerState, layer: UInt64
    ) throws {
        let bytes = block.reduce(0) { $0 + $1.size } * 3 / 4
        let room = ProposalSelection.Room(gas: gas / 2, bytes: bytes)
        let chosen = try ProposalSelection.choose(
            from: block, signed: signed, on: state, layer: layer, room: room)
        var scratch = state
        var lane = TransactionLane(layer: layer, gas: room.gas)
        try lane.run(chosen.map { block[$0] }, signed: chosen.map { signed[$0] }, on: &scratch)
        #expect(lane.receipts.allSatisfy(\.outcome.isEffective) && Set(chosen).count == chosen.count)
        #expect(chosen.reduce(0) { $0 + block[$1].size } <= bytes)
    }
}

@Suite("Ledger of random transactions")
struct LedgerPropertyTests {
    private static let blocks = 10_000

    @Test("nothing is made or lost, every order of reading gives the same, and what was named was enough")
    func blocks() throws {
        var random = try RandomLedger(seed: 0x1ed6e5)
        var world = LedgerWorld(random.genesis)
        let total = world.total
        for number in 0..<Self.blocks {
            let raws = try random.block(of: 5 + number % 6) { world.accounts[$0] ?? Account() }
            try world.run(raws, layer: UInt64(number / RandomLedger.blocksPerLayer))
            guard world.total == total else {
                Issue.record("block \(number): \(world.total) smidge, \(total) at genesis")
                return
            }
        }
        // Every outcome was met but those that need more smidge than there are.
        let met = Set(world.outcomes.keys)
        #expect(met == Set([0] + Array(1...11) + Array(64...70)), "\(world.outcomes)")
        #expect(world.outcomes[0, default: 0] > Self.blocks * 3, "\(world.outcomes)")
    }

    @Test("the same seed makes the same blocks")
    func seeds() throws {
        func bytes(_ seed: UInt64) throws -> [[UInt8]] {
            var random = try RandomLedger(seed: seed)
            let genesis = Dictionary(uniqueKeysWithValues: random.genesis.map { ($0.address, $0.account) })
            return try (0..<5).flatMap { _ in try random.block(of: 8) { genesis[$0] ?? Account() } }
        }
        #expect(try bytes(1) == bytes(1))
        #expect(try bytes(1) != bytes(2))
    }
}
