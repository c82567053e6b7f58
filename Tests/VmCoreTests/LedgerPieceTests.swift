import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import Testing
import VmCore

@Suite("Admission, signatures, selection")
struct LedgerPieceTests {
    private let genesis = TestAccount.genesis
    private let wallet = TestAccount.wallet(0)
    private let other = TestAccount.wallet(1)
    private let multisig: TestAccount
    private let rules = AdmissionRules(genesis: TestAccount.genesis, layer: 150, blockGas: 3_600_000)

    init() throws {
        multisig = try .multisig(2, 2..<5)
    }

    private func state(balance: UInt64 = 1_000_000, nonce: UInt64 = 1) throws -> LedgerState {
        try .of([
            (wallet, wallet.record(balance: balance, nonce: nonce)),
            (multisig, multisig.record(balance: balance)),
            (other, Account(nextNonce: 0, balance: balance, spawned: nil)),
        ])
    }

    // MARK: - Records

    @Test("accounts, byte for byte")
    func golden() throws {
        let key = Bytes32(0x0102_0304_0506_0708, 1, 2, 3)
        let wallet = Account(nextNonce: 1, balance: 1_000_000_000, spawned: .wallet(key: key))
        let owner = Address(of: .vesting)
        let terms = VaultTerms(owner: owner, total: 16_384, initial: 64, start: 105_120, end: 420_480)
        let keys = try #require(MultisigKeys(required: 1, keys: [key, .zero]))
        let keyText = "0102030405060708000000000000000100000000000000020000000000000003"
        let rows: [(Account, String)] = [
            (Account(), "000000"),
            (Account(nextNonce: 0, balance: 63, spawned: nil), "00fc00"),
            (wallet, "0402286bee" + "0101" + keyText),
            (
                Account(nextNonce: 64, balance: .max, spawned: .multisig(keys)),
                "0101" + "13ffffffffffffffff" + "0102" + "0408" + keyText + String(repeating: "0", count: 64)
            ),
            (
                Account(nextNonce: 0, balance: 0, spawned: .vault(terms)),
                "0000" + "0104" + String(repeating: "0", count: 46) + "03" + "02000100" + "0101"
                    + "826a0600" + "02aa1900"
            ),
        ]
        for (account, text) in rows {
            #expect(Hexadecimal.text(of: account.bytes) == text)
            #expect(try Account(bytes: account.bytes) == account)
            for count in 0..<account.bytes.count {
                #expect(throws: ScaleFault.self) { try Account(bytes: Array(account.bytes.prefix(count))) }
            }
            #expect(throws: ScaleFault.trailing(count: 1)) { try Account(bytes: account.bytes + [0]) }
        }
    }

    // MARK: - Admission

    private func judge(
        _ transaction: SignedTransaction, _ state: LedgerState
    ) throws -> Result<Admission, AdmissionRefusal> {
        var checked = CheckedSignatures(bytes: 1 << 16)
        let read = LedgerTransaction(raw: transaction.raw)
        let verdict = try rules.judge(read, on: state, checked: &checked)
        if case .success(let admission) = verdict {
            #expect(admission.id == read.id && checked.contains(read.id))
        } else {
            #expect(!checked.contains(read.id))
        }
        return verdict
    }

    @Test("what the mempool is told of a good transaction")
    func admitted() throws {
        let send = try wallet.sign(.spend(to: other.address, amount: 77), nonce: 5, price: 3)
        let admission = try judge(send, try state()).get()
        #expect(admission.id == send.id && admission.principal == wallet.address && admission.nonce == 5)
        #expect(admission.gas == 36_090 && admission.gasPrice == 3 && admission.fee == 36_090 * 3)
        #expect(admission.amount == 77 && admission.nextNonce == 1 && admission.balance == 1_000_000)
    }

    @Test("what is refused, and why: one clear sentence each")
    func refused() throws {
        let spend = TransactionAction.spend(to: other.address, amount: 1)
        let rows: [(SignedTransaction, AdmissionRefusal)] = [
            (try wallet.sign(spend, nonce: 0), .ineffective(.nonce(has: 0, next: 1))),
            (try wallet.sign(spend, nonce: 1, price: 0), .ineffective(.price)),
            (
                try wallet.sign(.spend(to: other.address, amount: 963_911), nonce: 1),
                .cannotPay(has: 1_000_000, needs: 1_000_001)
            ),
            (try wallet.sign(spend, nonce: 1, price: 28), .cannotPay(has: 1_000_000, needs: 1_010_521)),
            (try wallet.sign(spend, nonce: 1, price: 99), .cannotPay(has: 1_000_000, needs: 3_572_911)),
            (try wallet.sign(spend, nonce: 1, price: .max), .cannotPay(has: 1_000_000, needs: nil)),
            (
                try wallet.sign(spend, nonce: 1, genesis: [UInt8](repeating: 8, count: 20)),
                .ineffective(.signature)
            ),
            (try multisig.sign(spend, nonce: 1, keys: [0]), .ineffective(.signature)),
            (try multisig.sign(spend, nonce: 1, keys: [0, 1, 2]), .ineffective(.signature)),
            (try other.sign(spend, nonce: 1), .ineffective(.notSpawned)),
            (try wallet.sign(.spawn(multisig.arguments), nonce: 1), .failure(.spawned)),
        ]
        for (transaction, refusal) in rows {
            let verdict = try judge(transaction, try state())
            #expect(verdict == .failure(refusal))
            #expect(refusal.description.count > 20 && !refusal.description.contains("Optional"))
        }
        let small = AdmissionRules(genesis: genesis, layer: 1, blockGas: 36_000)
        var checked = CheckedSignatures(bytes: 0)
        let send = LedgerTransaction(try wallet.sign(spend, nonce: 1))
        #expect(
            try small.judge(send, on: try state(), checked: &checked)
                == .failure(.gas(needs: 36_090, limit: 36_000)))
        let garbage = LedgerTransaction(raw: [1, 2, 3])
        let verdict = try rules.judge(garbage, on: LedgerState(), checked: &checked)
        guard case .failure(.ineffective(.unparsable)) = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }

    @Test("all but the signatures can be judged alone, as their checking is the dear part")
    func unsigned() throws {
        let genesis = [UInt8](repeating: 8, count: GenesisID.count)
        let spend = TransactionAction.spend(to: other.address, amount: 1)
        let send = LedgerTransaction(try wallet.sign(spend, nonce: 1, genesis: genesis))
        var checked = CheckedSignatures(bytes: 0)
        let state = try state()
        #expect(try rules.judge(send, on: state).get().fee == 36_090)
        #expect(
            try rules.judge(send, on: state, checked: &checked) == .failure(.ineffective(.signature)))
        // Known to be good: nobody looks at its signatures again.
        checked.insert(send.id)
        #expect(try rules.judge(send, on: state, checked: &checked) == rules.judge(send, on: state))
    }

    // MARK: - Signatures

    private func verdicts(
        _ transactions: [LedgerTransaction], on state: LedgerState,
        _ checked: borrowing CheckedSignatures = CheckedSignatures(bytes: 0)
    ) throws -> (verdicts: [Bool], count: Int) {
        let jobs = try SignatureJobs(of: transactions, on: state, genesis: genesis, checked: checked)
        return (jobs.check(), jobs.checks.count)
    }

    @Test("keys come from the record, from the transaction, or from a spawn anywhere in the block")
    func keys() throws {
        let third = TestAccount.wallet(9)
        var state = try state()
        try state.load(.account(third.address), nil)
        let spend = TransactionAction.spend(to: wallet.address, amount: 1)
        let byRecord = LedgerTransaction(try wallet.sign(spend, nonce: 1))
        let byItself = LedgerTransaction(try other.sign(.spawn(other.arguments), nonce: 0))
        let afterIt = LedgerTransaction(try other.sign(spend, nonce: 1))
        let spawnsThird = LedgerTransaction(try wallet.sign(.spawn(third.arguments), nonce: 2))
        let byThird = LedgerTransaction(try third.sign(spend, nonce: 0))
        let all = [byThird, byRecord, afterIt, byItself, spawnsThird]
        #expect(try verdicts(all, on: state) == ([true, true, true, true, true], 5))
        #expect(try verdicts([byThird, afterIt], on: state) == ([false, false], 0))
        let missing = LedgerTransaction(try TestAccount.wallet(12).sign(spend, nonce: 1))
        #expect(throws: StateMiss.self) { try verdicts([missing], on: state) }
    }

    @Test("a multisig needs all its signatures, and no other")
    func multisigChecks() throws {
        let spend = TransactionAction.spend(to: wallet.address, amount: 1)
        let good = try multisig.sign(spend, nonce: 1, keys: [0, 2])
        guard case .several(let parts) = good.signatures else { return }
        let swapped = SignedTransaction(
            good.body,
            .several([
                KeySignature(key: 0, signature: parts[1].signature),
                KeySignature(key: 2, signature: parts[0].signature),
            ]))
        let half = SignedTransaction(
            good.body, .several([parts[0], KeySignature(key: 1, signature: parts[1].signature)]))
        let few = SignedTransaction(good.body, .several([parts[0]]))
        let beyond = SignedTransaction(
            good.body, .several([parts[0], KeySignature(key: 3, signature: parts[1].signature)]))
        let all = [good, swapped, half, few, beyond].map { LedgerTransaction(raw: $0.raw) }
        let found = try verdicts(all + [LedgerTransaction(raw: [])], on: try state())
        #expect(found == ([true, false, false, false, false, false], 6))
        let jobs = try SignatureJobs(of: all, on: try state(), genesis: genesis, checked: .init(bytes: 0))
        #expect(jobs.verdicts([]) == [Bool](repeating: false, count: 5))
    }

    @Test("what was found good is not checked again; what was forgotten is")
    func checkedOnce() throws {
        let send = LedgerTransaction(try wallet.sign(.spend(to: other.address, amount: 1), nonce: 1))
        var checked = CheckedSignatures(bytes: 0)
        #expect(try verdicts([send], on: try state(), checked) == ([true], 1))
        checked.insert(send.id)
        #expect(try verdicts([send], on: try state(), checked) == ([true], 0))
        // A table of one row: eight others push it out.
        for number in 1...8 as ClosedRange<UInt64> { checked.insert(Bytes32(number, 0, 0, 0)) }
        #expect(!checked.contains(send.id))
        #expect(try verdicts([send], on: try state(), checked) == ([true], 1))
    }

    @Test("the set of checked ids keeps its bound, doubles while it fills, and forgets the oldest of a row")
    func bound() {
        var checked = CheckedSignatures(bytes: 1 << 16)
        var largest = 0
        var generator = SplitMix(seed: 7)
        var ids: [Bytes32] = []
        for _ in 0..<20_000 {
            let id = Bytes32(generator.next(), generator.next(), generator.next(), generator.next())
            ids.append(id)
            checked.insert(id)
            #expect(checked.contains(id))
            largest = max(largest, checked.bytes)
        }
        // While it doubles, a table and one of half its size are there.
        #expect(largest == 1 << 15 && largest * 3 / 2 <= 1 << 16)
        #expect(checked.count == 1 << 10)
        #expect(ids.suffix(256).filter(checked.contains).count >= 250)
        #expect(!ids.prefix(10_000).contains(where: checked.contains))
        var flood = CheckedSignatures(bytes: 1 << 16)
        for number in 0..<1_000 as Range<UInt64> { flood.insert(Bytes32(0, number, 1, 1)) }
        #expect(flood.contains(Bytes32(0, 999, 1, 1)) && !flood.contains(Bytes32(0, 991, 1, 1)))
        flood.insert(.zero)
        #expect(!flood.contains(.zero))
        #expect(CheckedSignatures.mostBytes == 48 << 20 && CheckedSignatures().bytes == 1 << 15)
    }

    // MARK: - Lane and selection

    @Test("a block ends where its gas ends, and what is smaller still fits")
    func gasOfBlock() throws {
        var state = try state(balance: 100_000_000)
        let sends = try (1...5 as ClosedRange<UInt64>).map {
            try wallet.make(.spend(to: other.address, amount: 1), nonce: $0)
        }
        let large = try wallet.make(.spawn(multisig.arguments), nonce: 9)
        var lane = TransactionLane(layer: 0, gas: 36_090 * 4 + 1)
        try lane.run(
            [sends[0], sends[1], large, sends[2], sends[3], sends[4]],
            signed: [true, true, true, true, true, true], on: &state)
        #expect(lane.receipts.map(\.outcome.code) == [0, 0, 8, 0, 0, 8])
        #expect(lane.fees == 36_090 * 4 && lane.gasLeft == 1)
        #expect(try state.account(wallet.address).nextNonce == 5)
    }

    @Test("3,000 sends of as many accounts are read and executed in one block")
    func wideBlock() throws {
        var state = LedgerState()
        let raws = try (0..<3_000 as Range<UInt64>).map { number in
            let sender = SpawnArguments.wallet(key: Bytes32(number, 0, 0, 1))
            let destination = SpawnArguments.wallet(key: Bytes32(number, 0, 0, 2)).principal
            let account = Account(nextNonce: 1, balance: 1 << 40, spawned: sender)
            try state.load(.account(sender.principal), account.bytes)
            try state.load(.account(destination), nil)
            let body = TransactionBody(
                principal: sender.principal, action: .spend(to: destination, amount: 1_000_000), nonce: 1,
                gasPrice: 1)
            return SignedTransaction(body, .one([UInt8](repeating: 7, count: 64))).raw
        }
        let signed = [Bool](repeating: true, count: raws.count)
        var lane = TransactionLane(layer: 0, gas: Gas.originalBlockLimit * 2)
        try lane.run(raws.map(LedgerTransaction.init(raw:)), signed: signed, on: &state)
        #expect(lane.receipts.count == 3_000 && lane.receipts.allSatisfy { $0.outcome.code == 0 })
    }

    @Test("fees never pass 64 bits: what would carry them over waits, and nothing is lost")
    func feeSum() throws {
        var state = try state(balance: .max)
        let price = UInt64.max / 40_000
        let first = try wallet.make(.spend(to: other.address, amount: 0), nonce: 1, price: price)
        let second = try multisig.make(.spend(to: other.address, amount: 0), nonce: 1, price: price)
        var lane = TransactionLane(layer: 0, gas: 3_600_000)
        try lane.run([first, second], signed: [true, true], on: &state)
        #expect(lane.receipts.map(\.outcome.code) == [0, 12])
        #expect(lane.fees == lane.receipts[0].fee)
        #expect(try state.account(multisig.address) == multisig.record(balance: .max))
    }

    @Test("what was not read is said, and nothing of the transaction was done")
    func miss() throws {
        var state = LedgerState()
        try state.load(.account(wallet.address), wallet.record(balance: 1_000_000).bytes)
        var lane = TransactionLane(layer: 0, gas: 3_600_000)
        let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1)
        #expect(throws: StateMiss.key(.account(other.address))) {
            try lane.run(send, isSigned: true, on: &state)
        }
        #expect(state.changes.isEmpty && lane.receipts.isEmpty)
        #expect(send.needs.keys == [.account(wallet.address), .account(other.address)])
        #expect(state.missing(send.needs).keys == [.account(other.address)])
    }

    private func choose(
        _ candidates: [LedgerTransaction], gas: UInt64 = 3_600_000, bytes: Int = 100_000, overhead: Int = 0,
        balance: UInt64 = 1_000_000
    ) throws -> [Int] {
        try ProposalSelection.choose(
            from: candidates, signed: [Bool](repeating: true, count: candidates.count),
            on: try state(balance: balance), layer: 0, room: .init(gas: gas, bytes: bytes, overhead: overhead)
        )
    }

    @Test("a proposal: the mempool's order by accounts, nonces in order, only what is effective")
    func selection() throws {
        func send(_ from: TestAccount, _ nonce: UInt64, price: UInt64 = 1) throws -> LedgerTransaction {
            try from.make(.spend(to: other.address, amount: 1), nonce: nonce, price: price)
        }
        let (w3, w1, w2, w0) = (
            try send(wallet, 3), try send(wallet, 1), try send(wallet, 2), try send(wallet, 0)
        )
        let (m1, m2) = (try send(multisig, 1), try send(multisig, 2))
        #expect(try choose([w3, m1, w1, w2, m2]) == [2, 1, 3, 0, 4])
        // The first place goes to nonce 0, which was used: it is passed over.
        #expect(try choose([w3, w0, w1]) == [2, 0])
        // Two of one nonce: the better.
        let rival = try send(wallet, 1, price: 2)
        #expect(try choose([rival, w1, w2]) == [0, 2])
        // By gas and by bytes: an account whose turn does not fit drops out, others may follow.
        let large = try multisig.make(
            .spawn(
                TestAccount.vault(VaultTerms(owner: wallet.address, total: 0, initial: 0, start: 0, end: 0))
                    .arguments), nonce: 1)
        #expect(try choose([large, w1, m2, w2], gas: 36_090 * 2) == [1, 3])
        #expect(try choose([w1, w2, w3], gas: 36_090 * 2 + 5) == [0, 1])
        #expect(try choose([m1, w1, m2, w2], bytes: m1.size - 1) == [1])
        #expect(try choose([m1, w1, m2, w2], bytes: m1.size + w1.size) == [0, 1])
        #expect(try choose([w1, w2, w3], bytes: (w1.size + 2) * 2, overhead: 2) == [0, 1])
        #expect(try choose([w1, w2, w3], balance: 36_091 * 2) == [0, 1])
        // A self-spawn, and what follows it.
        let spawn = try other.make(.spawn(other.arguments), nonce: 0)
        let after = try send(other, 1)
        #expect(try choose([after, spawn]) == [1, 0])
        #expect(try choose([after, LedgerTransaction(raw: [7])]) == [])
    }
}
