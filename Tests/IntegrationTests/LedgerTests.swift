import Foundation
import LedgerSupport
import NodeBus
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import StorageClient
import StorageWire
import Testing
import VmCore

/// The ledger over the real bus, with storage as a process of its own.
@Suite("Ledger", .serialized)
struct LedgerTests {
    private static func candidate(_ raw: [UInt8]) -> Spacenode_Vm_V1_Candidate {
        var candidate = Spacenode_Vm_V1_Candidate()
        (candidate.kind, candidate.raw) = (.transaction, Data(raw))
        return candidate
    }

    private static func check(_ candidates: [[UInt8]], _ bus: BusClient) async throws
        -> [Spacenode_Vm_V1_CheckTxVerdict]
    {
        var request = Spacenode_Vm_V1_CheckTxRequest()
        request.candidates = candidates.map(candidate)
        return try await bus.call(VmContract.checkTx, request).verdicts
    }

    @Test("CheckTx: what the newest state takes, and one sentence for what it does not")
    func checkTx() async throws {
        let ledger = try TestLedger(accounts: 4)
        let world = ledger.world
        try await ledger.with { bus in
            let spend = TransactionAction.spend(to: try world.address(1), amount: 5)
            let good = try world.transaction(of: 0, spend, nonce: 0)
            var forged = good
            forged[forged.count - 1] ^= 1
            let verdicts = try await Self.check(
                [
                    good, forged, [1, 2, 3],
                    // Nobody has spawned account 9.
                    try world.transaction(of: 9, spend, nonce: 0),
                    try world.transaction(of: 2, .spend(to: try world.address(1), amount: .max), nonce: 0),
                    try world.transaction(of: 3, spend, nonce: 7, price: 2),
                ], bus)
            #expect(verdicts.map(\.valid) == [true, false, false, false, false, true])
            #expect(verdicts.map { $0.reason.isEmpty } == verdicts.map(\.valid))
            #expect(Set(verdicts.map(\.reason)).count == 5)
            #expect(verdicts[0].fee == verdicts[0].maxGas && verdicts[0].spends == 5)
            #expect(verdicts[5].fee == 2 * verdicts[5].maxGas && verdicts[5].nonce == 7)
            #expect(verdicts[0].balance == World.balance && verdicts[5].nextNonce == 0)

            var maker = BlockMaker(world, transactions: 0, spoilt: 0, seed: 1)
            _ = try await bus.finalize(try maker.next(with: [good]))
            let again = try await Self.check([good, try world.transaction(of: 0, spend, nonce: 1)], bus)
            #expect(again.map(\.valid) == [false, true])
            #expect(await bus.refusal { try await Self.check([], bus) }.contains("1 to 256"))
            let many = [[UInt8]](repeating: good, count: 257)
            #expect(await bus.refusal { try await Self.check(many, bus) }.contains("257 candidates"))
            #expect(try await Self.check(many.dropLast(), bus).count == 256)
        }
    }

    @Test("PrepareProposal: the mempool's order with each account's nonces, within gas and bytes")
    func prepare() async throws {
        let ledger = try TestLedger(accounts: 4)
        let world = ledger.world
        try await ledger.with { bus in
            let spend = TransactionAction.spend(to: try world.address(3), amount: 5)
            var forged = try world.transaction(of: 1, spend, nonce: 0)
            forged[forged.count - 1] ^= 1
            let candidates = [
                try world.transaction(of: 0, spend, nonce: 1), try world.transaction(of: 0, spend, nonce: 0),
                forged, try world.transaction(of: 2, spend, nonce: 0),
            ]
            func prepare(height: UInt64 = 1, bytes: UInt64 = 1 << 20, gas: UInt64 = 0) async throws
                -> Spacenode_Vm_V1_PrepareProposalReply
            {
                var request = Spacenode_Vm_V1_PrepareProposalRequest()
                (request.height, request.maxBytes, request.maxGas) = (height, bytes, gas)
                request.timeMs = world.time + 1000
                request.transactions = candidates.map { Data($0) }
                return try await bus.call(VmContract.prepareProposal, request)
            }
            let all = try await prepare()
            #expect(all.chosen == [1, 0, 3])
            #expect(all.bytes == UInt64([1, 0, 3].reduce(0) { $0 + candidates[$1].count }))
            let gas = try await Self.check([candidates[1]], bus)[0].maxGas
            #expect(try await prepare(gas: 2 * gas).chosen == [1, 0])
            #expect(try await prepare(gas: gas - 1).chosen == [])
            #expect(try await prepare(bytes: UInt64(candidates[1].count)).chosen == [1])
            #expect(try await prepare(bytes: UInt64(candidates[1].count - 1)).chosen == [])
            #expect(await bus.refusal { try await prepare(height: 2) }.contains("that is 1"))
        }
    }

    @Test("ProcessProposal: executed, judged and dropped")
    func process() async throws {
        let ledger = try TestLedger(accounts: 4)
        let world = ledger.world
        try await ledger.with { bus in
            let before = try await bus.info()
            var maker = BlockMaker(world, transactions: 5, spoilt: 0, seed: 3)
            let block = try maker.next()
            var (early, next, unproven, twice) = (block, block, block, block)
            early.timeMs = world.time
            next.height = 2
            unproven.items[0][10] ^= 1
            twice.items.append(block.items[0])
            for bad in [early, next, unproven, twice] {
                let reply = try await bus.process(bad)
                #expect(!reply.accepted && !reply.reason.isEmpty)
            }
            let reply = try await bus.process(block)
            #expect(reply.accepted && reply.reason.isEmpty)
            #expect(try await bus.info() == before)
            #expect(try await bus.finalize(block).appHash != before.appHash)
            #expect(try await !bus.process(block).accepted)
            #expect(try await bus.process(try maker.next()).accepted)
        }
    }

    @Test("Query: records with proofs of presence and of absence, at this version and an older one")
    func query() async throws {
        let ledger = try TestLedger(accounts: 4)
        let world = ledger.world
        try await ledger.with { bus in
            let (rich, poor, fresh) = (
                try world.address(0), try world.address(1), try world.address(77)
            )
            let genesis = try await bus.info().appHash
            let first = try await bus.query("account", poor.bytes)
            var maker = BlockMaker(world, transactions: 0, spoilt: 0, seed: 4)
            let spends = [poor, fresh].enumerated().map { ($0, TransactionAction.spend(to: $1, amount: 11)) }
            let block = try maker.next(
                with: try spends.map { try world.transaction(of: 0, $1, nonce: UInt64($0)) })
            let done = try await bus.finalize(block)
            #expect(done.results.map(\.outcome) == [.done, .done])
            #expect(try await bus.info().appHash == done.appHash)

            let fees = done.results.reduce(0) { $0 + $1.fee }
            let wanted = [(rich, World.balance - 22 - fees), (poor, World.balance + 11), (fresh, 11)]
            for (address, balance) in wanted {
                let reply = try await bus.query("account", address.bytes)
                #expect(reply.height == 1 && reply.appHash == done.appHash)
                #expect(try Account(bytes: [UInt8](reply.value)).balance == balance)
                #expect(try reply.proves(.account(address), [UInt8](reply.value)))
                #expect(try !reply.proves(.account(address), [UInt8](reply.value) + [0]))
                #expect(try !reply.proves(.account(address), nil))
            }
            let nobody = try world.address(78)
            let absent = try await bus.query("account", nobody.bytes)
            #expect(try !absent.found && absent.proves(.account(nobody), nil))
            #expect(try !absent.proves(.account(rich), nil))
            _ = try await bus.finalize(try maker.next(with: []))
            let old = try await bus.query("account", rich.bytes, height: 1)
            #expect(old.height == 1 && old.appHash == done.appHash)
            #expect(try old.proves(.account(rich), [UInt8](old.value)))
            #expect(try await bus.query("account", rich.bytes, height: 1, prove: false).proof.isEmpty)
            // What a proof said holds of its root, whatever came later.
            #expect(first.appHash == genesis)
            #expect(try first.proves(.account(poor), [UInt8](first.value)))
            #expect(try await bus.query("receipt", done.results[0].idBytes, prove: false).found)
            #expect(await bus.refusal { try await bus.query("purse", poor.bytes) }.contains("paths are"))
            #expect(await bus.refusal { try await bus.query("account", [1]) }.contains("1 bytes"))
            #expect(
                await bus.refusal { try await bus.query("pot", height: 3) }.contains(
                    "versions 0 to 2 are kept"))
        }
    }
}

/// What needs no node.
@Suite("Ledger: tools")
struct LedgerToolTests {
    @Test("address derive: a vault at the edge of its terms, and none that nobody could spawn")
    func vault() throws {
        let key = String(repeating: "7", count: 64)
        func derive(_ words: String...) throws -> (status: Int32, output: String) {
            try Programs.run("spacenode-vm", ["tool", "address", "derive"] + words)
        }
        let owner = try derive("--template", "wallet", "--key", key).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let vault = ["--template", "vault", "--owner", owner, "--total", "100"]
        func terms(_ words: String...) throws -> (status: Int32, output: String) {
            try Programs.run("spacenode-vm", ["tool", "address", "derive"] + vault + words)
        }
        #expect(try terms("--initial", "100", "--start", "5", "--end", "5").status == 0)
        let over = try terms("--initial", "101")
        #expect(over.status == 2 && over.output.contains("--initial 101 is over --total 100"))
        let ends = try terms("--start", "5", "--end", "4")
        #expect(ends.status == 2 && ends.output.contains("--end 4 is before --start 5"))
    }
}

extension World {
    /// Where an account stands, also one that is not there.
    func address(_ account: Int) throws -> Address { try arguments(account).principal }
}

extension Spacenode_Vm_V1_TransactionResult {
    var idBytes: [UInt8] { [UInt8](id) }
}

extension Spacenode_Vm_V1_QueryReply {
    /// Whether the proof shows a value at a key, or nothing, to whoever trusts the root.
    func proves(_ key: StateKey, _ value: [UInt8]?) throws -> Bool {
        let root = try #require(Bytes32([UInt8](appHash)))
        return try StateProof(scale: [UInt8](proof)).verify(root: root, key: key.treeKey, value: value)
    }
}
