import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Every rule of the transaction layer with its class: ineffective, failed or done.
@Suite("Rules of transactions")
struct LedgerRuleTests {
    private static let rich: UInt64 = 1_000_000_000
    private static let layer: UInt64 = 150

    private let wallet = TestAccount.wallet(0)
    private let other = TestAccount.wallet(1)
    private let multisig: TestAccount
    private let vesting: TestAccount
    private let vault: TestAccount

    init() throws {
        multisig = try .multisig(2, 2..<5)
        vesting = try .vesting(1, 5..<7)
        vault = .vault(
            VaultTerms(owner: vesting.address, total: 1_000, initial: 250, start: 100, end: 200))
    }

    /// All accounts are spawned and rich but `other`, which nobody has heard of.
    private func state(
        balance: UInt64 = LedgerRuleTests.rich, vault balanceOfVault: UInt64 = 1_000,
        of account: TestAccount? = nil, _ record: Account? = nil
    ) throws -> LedgerState {
        var accounts: [(TestAccount, Account?)] = [
            (wallet, wallet.record(balance: balance)), (multisig, multisig.record(balance: balance)),
            (vesting, vesting.record(balance: balance)), (vault, vault.record(balance: balanceOfVault)),
            (other, nil),
        ]
        if let account { accounts.append((account, record)) }
        return try .of(accounts, others: Template.allCases.map(Address.init(of:)))
    }

    /// Executes one transaction, and checks what every class promises besides.
    private func run(
        _ transaction: LedgerTransaction, on state: LedgerState, isSigned: Bool = true,
        gas: UInt64 = 3_600_000, layer: UInt64 = LedgerRuleTests.layer
    ) throws -> (receipt: TransactionReceipt, state: LedgerState) {
        var after = state
        var lane = TransactionLane(layer: layer, gas: gas)
        let receipt = try lane.run(transaction, isSigned: isSigned, on: &after)
        #expect(lane.receipts == [receipt] && lane.fees == receipt.fee && lane.gasLeft == gas - receipt.gas)
        #expect(receipt.id == transaction.id)
        guard let body = transaction.signed?.body else {
            #expect(!receipt.outcome.isEffective && after.changes.isEmpty)
            return (receipt, after)
        }
        let (old, new) = (try state.account(body.principal), try after.account(body.principal))
        switch receipt.outcome {
        case .ineffective:
            #expect(receipt.fee == 0 && receipt.gas == 0 && after.changes.isEmpty && receipt.addresses == [])
        case .failed:
            #expect(Set(after.changes.map(\.key)) == [.account(body.principal)])
            #expect(new.balance == old.balance - receipt.fee && new.nextNonce == body.nonce + 1)
            #expect(new.spawned == old.spawned && receipt.addresses == [body.principal])
        case .done:
            #expect(new.nextNonce == body.nonce + 1 && receipt.addresses.first == body.principal)
            #expect(Set(after.changes.map(\.key)).isSubset(of: receipt.addresses.map { .account($0) }))
        }
        return (receipt, after)
    }

    private func outcome(
        _ transaction: LedgerTransaction, on state: LedgerState? = nil, isSigned: Bool = true,
        gas: UInt64 = 3_600_000, layer: UInt64 = LedgerRuleTests.layer
    ) throws -> TransactionOutcome {
        try run(
            transaction, on: try state ?? self.state(), isSigned: isSigned, gas: gas, layer: layer
        ).receipt.outcome
    }

    // MARK: - Ineffective

    @Test("bytes that are no transaction are ineffective, whatever is wrong with them")
    func unparsable() throws {
        let good = try wallet.sign(.spend(to: other.address, amount: 5), nonce: 1).raw
        var version = good
        version[0] = 4
        var method = good
        method[25] = 8
        var template = try wallet.sign(.spawn(other.arguments), nonce: 1).raw
        template[49] = 9
        let noKeys: [UInt8] =
            [0] + Address(of: .multisig).bytes + [0] + Address(of: .multisig).bytes
            + [0, 4, 4, 0] + [UInt8](repeating: 0, count: 65)
        let cases: [([UInt8], (TransactionFault) -> Bool)] = [
            ([], { if case .bytes(.ended) = $0 { true } else { false } }),
            (version, { $0 == .version(1) }), (method, { $0 == .method(2) }),
            (template, { if case .template = $0 { true } else { false } }),
            (noKeys, { $0 == .keys }),
            (good + [0], { $0 == .signatures(65 + 0) || $0 == .order }),
            (good + [UInt8](repeating: 0, count: 10), { $0 == .signatures(74) }),
            (Array(good.dropLast()), { $0 == .signatures(63) }),
            (good + [UInt8](repeating: 0, count: 1024), { $0 == .tooLarge(good.count + 1024) }),
            ([1, 0] + good.dropFirst(), { $0 == .bytes(.notMinimal(offset: 0)) }),
        ]
        for (raw, isExpected) in cases {
            let transaction = LedgerTransaction(raw: raw)
            #expect(transaction.id == BLAKE3.hash(raw))
            guard case .ineffective(.unparsable(let fault)) = try outcome(transaction) else {
                Issue.record("\(raw) is taken")
                continue
            }
            #expect(isExpected(fault), "\(fault)")
        }
    }

    @Test("an account that is not spawned does nothing but spawn itself")
    func notSpawned() throws {
        let rich = Account(nextNonce: 0, balance: Self.rich, spawned: nil)
        let state = try state(of: other, rich)
        for action in [
            TransactionAction.spend(to: wallet.address, amount: 1), .spawn(multisig.arguments),
            .drain(vault: vault.address, to: other.address, amount: 1),
        ] {
            #expect(try outcome(try other.make(action, nonce: 0), on: state) == .ineffective(.notSpawned))
        }
        let (receipt, after) = try run(try other.make(.spawn(other.arguments), nonce: 0), on: state)
        #expect(receipt.outcome == .done(.spawned(other.address, .wallet)) && receipt.fee == 100_432)
        #expect(try after.account(other.address).spawned == other.arguments)
    }

    @Test("a vault signs nothing, spawned or not")
    func vaultSigns() throws {
        for action in [
            TransactionAction.spend(to: vesting.address, amount: 1), .spawn(vault.arguments),
        ] {
            #expect(try outcome(try vault.make(action, nonce: 1)) == .ineffective(.vaultSigns))
        }
        let unspawned = try state(of: vault, Account(nextNonce: 0, balance: Self.rich, spawned: nil))
        #expect(
            try outcome(try vault.make(.spawn(vault.arguments), nonce: 0), on: unspawned)
                == .ineffective(.vaultSigns))
    }

    @Test("only vesting accounts drain")
    func method() throws {
        let drain = TransactionAction.drain(vault: vault.address, to: wallet.address, amount: 1)
        #expect(try outcome(try wallet.make(drain, nonce: 1)) == .ineffective(.method(.drain, of: .wallet)))
        #expect(
            try outcome(try multisig.make(drain, nonce: 1)) == .ineffective(.method(.drain, of: .multisig)))
    }

    @Test("no vault of impossible terms")
    func terms() throws {
        for (initial, start, end) in [(11 as UInt64, 1 as UInt32, 2 as UInt32), (10, 3, 2)] {
            let terms = VaultTerms(
                owner: vesting.address, total: 10, initial: initial, start: start, end: end)
            let vault = TestAccount.vault(terms)
            let state = try state(of: vault, nil)
            #expect(
                try outcome(try wallet.make(.spawn(vault.arguments), nonce: 1), on: state)
                    == .ineffective(.vaultTerms))
        }
    }

    @Test("a price of 0")
    func price() throws {
        let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1, price: 0)
        #expect(try outcome(send) == .ineffective(.price))
    }

    @Test("a balance below base and data, at the price, is not charged; at it, all of it is")
    func balance() throws {
        for price in [1, 3, 1 << 20] as [UInt64] {
            let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1, price: price)
            let needs = Gas.intrinsic(size: send.size, signatures: 1, spawns: false) * price
            #expect(
                try outcome(send, on: try state(balance: needs - 1))
                    == .ineffective(.balance(has: needs - 1, needs: needs)))
            let (receipt, after) = try run(send, on: try state(balance: needs))
            let most = Gas.spend(size: send.size, signatures: 1, keys: 1)
            #expect(receipt.outcome == .failed(.fee(has: needs, needs: most * price)))
            #expect(receipt.fee == needs && receipt.gas == most)
            #expect(try after.account(wallet.address).balance == 0)
        }
        // 25,048 · price has 64 bits, 36,090 · price has not; then neither has.
        let between = UInt64.max / 30_000
        let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1, price: between)
        let all = try state(balance: .max)
        #expect(try outcome(send, on: all) == .failed(.fee(has: .max, needs: nil)))
        let beyond = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1, price: .max)
        #expect(try outcome(beyond, on: all) == .ineffective(.balance(has: .max, needs: nil)))
    }

    @Test("self-spawn by an address that holds too little")
    func poorSelfSpawn() throws {
        let spawn = try other.make(.spawn(other.arguments), nonce: 0)
        let intrinsic = Gas.intrinsic(size: spawn.size, signatures: 1, spawns: true)
        #expect(try outcome(spawn) == .ineffective(.balance(has: 0, needs: intrinsic)))
        let poor = try state(of: other, Account(nextNonce: 0, balance: intrinsic, spawned: nil))
        let (receipt, after) = try run(spawn, on: poor)
        #expect(receipt.outcome == .failed(.fee(has: intrinsic, needs: 100_432)))
        let left = try after.account(other.address)
        #expect(left == Account(nextNonce: 1, balance: 0, spawned: nil))
    }

    @Test("more gas than the block has left; exactly so much is enough")
    func blockGas() throws {
        let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1)
        let most = Gas.spend(size: send.size, signatures: 1, keys: 1)
        #expect(try outcome(send, gas: most - 1) == .ineffective(.gas(needs: most, left: most - 1)))
        #expect(try outcome(send, gas: most).isEffective)
    }

    @Test("signatures that do not hold")
    func signature() throws {
        let send = try wallet.make(.spend(to: other.address, amount: 1), nonce: 1)
        #expect(try outcome(send, isSigned: false) == .ineffective(.signature))
    }

    @Test("nonces: too low is ineffective, gaps are allowed, the largest is not")
    func nonces() throws {
        let state = try state(of: wallet, wallet.record(balance: Self.rich, nonce: 7))
        func send(_ nonce: UInt64) throws -> TransactionOutcome {
            try outcome(try wallet.make(.spend(to: other.address, amount: 1), nonce: nonce), on: state)
        }
        #expect(try send(6) == .ineffective(.nonce(has: 6, next: 7)))
        #expect(try send(0) == .ineffective(.nonce(has: 0, next: 7)))
        for nonce in [7, 8, 1 << 40, .max - 1] as [UInt64] { #expect(try send(nonce).code == 0) }
        #expect(try send(.max) == .ineffective(.lastNonce))
        let used = try self.state(of: wallet, wallet.record(balance: Self.rich, nonce: .max))
        let last = try wallet.make(.spend(to: other.address, amount: 1), nonce: .max)
        #expect(try outcome(last, on: used) == .ineffective(.lastNonce))
    }

    // MARK: - Spawn

    @Test(
        "a spawned account spawns others of any template, and pays for loading itself and for what is stored")
    func spawnOthers() throws {
        let third = TestAccount.wallet(20)
        let stub = Account(nextNonce: 0, balance: 77, spawned: nil)
        let fourth = try TestAccount.multisig(3, 20..<24)
        let fifth = try TestAccount.vesting(1, 20..<21)
        let terms = VaultTerms(owner: vesting.address, total: 5, initial: 0, start: 1, end: 1)
        for (made, stored) in [
            (third, 9 * 5_000 as UInt64), (fourth, 21 * 5_000), (fifth, 9 * 5_000),
            (TestAccount.vault(terms), 12 * 5_000),
        ] {
            for payer in [wallet, multisig, vesting] {
                let spawn = try payer.make(.spawn(made.arguments), nonce: 1)
                let (receipt, after) = try run(spawn, on: try state(of: made, stub))
                #expect(receipt.outcome == .done(.spawned(made.address, made.arguments.template)))
                #expect(
                    try after.account(made.address)
                        == Account(nextNonce: 0, balance: 77, spawned: made.arguments))
                let keys = UInt64(payer.seeds.count)
                let signers = try #require(payer.arguments.signers)
                let base = 50_000 + UInt64(signers.required) * 3_000 + UInt64(spawn.size + 7) / 8 * 128
                #expect(receipt.gas == base + 2_500 + (keys * 32 + 36 + 7) / 8 * 182 + stored)
                #expect(try after.account(payer.address).balance == Self.rich - receipt.fee)
            }
        }
    }

    @Test("spawning what is spawned fails, and the fee is taken")
    func spawnAgain() throws {
        #expect(try outcome(try wallet.make(.spawn(wallet.arguments), nonce: 1)) == .failed(.spawned))
        #expect(try outcome(try wallet.make(.spawn(vault.arguments), nonce: 1)) == .failed(.spawned))
        // Another order of keys is another account.
        let (receipt, _) = try run(try wallet.make(.spawn(multisig.arguments), nonce: 9), on: try state())
        #expect(receipt.outcome == .failed(.spawned) && receipt.fee > 0)
    }

    // MARK: - Spend

    @Test("sending: to stubs, to nobody, to itself, to templates, nothing, all that is left")
    func spend() throws {
        func send(_ to: Address, _ amount: UInt64) throws -> (receipt: TransactionReceipt, state: LedgerState)
        {
            try run(try wallet.make(.spend(to: to, amount: amount), nonce: 1), on: try state())
        }
        let (toNobody, after) = try send(other.address, 5)
        #expect(toNobody.outcome == .done(.sent(from: wallet.address, to: other.address, amount: 5)))
        #expect(try after.account(other.address) == Account(nextNonce: 0, balance: 5, spawned: nil))
        #expect(try after.account(wallet.address).balance == Self.rich - 5 - toNobody.fee)
        for template in Template.allCases {
            let address = Address(of: template)
            let sent = try send(address, 9)
            #expect(try sent.receipt.outcome.code == 0 && sent.state.account(address).balance == 9)
        }
        let toItself = try send(wallet.address, 1_000)
        #expect(toItself.receipt.outcome.code == 0)
        #expect(try toItself.state.account(wallet.address).balance == Self.rich - toItself.receipt.fee)
        let nothing = try send(other.address, 0)
        #expect(nothing.receipt.outcome.code == 0)
        #expect(try nothing.state.accounts.get(other.address) == nil)
        #expect(nothing.state.changes.map(\.key) == [.account(wallet.address)])
        let fee = toNobody.fee
        let all = try send(other.address, Self.rich - 36_090)
        let tooMuch = try send(wallet.address, .max)
        #expect(fee == 36_090 && all.receipt.fee == 36_090 && all.receipt.outcome.code == 0)
        #expect(try all.state.account(wallet.address).balance == 0)
        #expect(
            try send(other.address, Self.rich - 36_089).receipt.outcome
                == .failed(.amount(has: Self.rich - 36_090, needs: Self.rich - 36_089)))
        #expect(tooMuch.receipt.outcome.code == Failure.amount(has: 0, needs: 0).code)
    }

    @Test("a balance never counts past 64 bits")
    func fullDestination() throws {
        let full = Account(nextNonce: 0, balance: .max - 4, spawned: nil)
        let state = try state(of: other, full)
        let five = try wallet.make(.spend(to: other.address, amount: 5), nonce: 1)
        #expect(try outcome(five, on: state) == .failed(.destination))
        let four = try wallet.make(.spend(to: other.address, amount: 4), nonce: 1)
        #expect(try outcome(four, on: state).code == 0)
    }

    // MARK: - Vaults

    private func drain(
        _ amount: UInt64, to: Address, layer: UInt64, balance: UInt64 = 1_000, by payer: TestAccount? = nil,
        of vault: Address? = nil
    ) throws -> (receipt: TransactionReceipt, state: LedgerState) {
        let action = TransactionAction.drain(vault: vault ?? self.vault.address, to: to, amount: amount)
        return try run(
            try (payer ?? vesting).make(action, nonce: 1), on: try state(vault: balance), layer: layer)
    }

    @Test("what a vault frees, layer by layer")
    func vested() throws {
        for (layer, free) in [
            (99, 0), (100, 0), (101, 10), (150, 500), (199, 990), (200, 1_000), (999, 1_000),
        ]
            as [(UInt64, UInt64)]
        {
            let (receipt, after) = try drain(free, to: wallet.address, layer: layer)
            #expect(
                receipt.outcome
                    == .done(.drained(vault: vault.address, to: wallet.address, amount: free)))
            #expect(try after.account(vault.address) == vault.record(balance: 1_000 - free))
            #expect(try after.account(wallet.address).balance == Self.rich + free)
            #expect(
                try drain(free + 1, to: wallet.address, layer: layer).receipt.outcome
                    == .failed(.vested(free: free, needs: free + 1)))
        }
    }

    @Test("what was drawn stays drawn; what was given besides is free; one that was never filled is refused")
    func vaultBalance() throws {
        #expect(
            try drain(400, to: wallet.address, layer: 150, balance: 900).receipt.outcome.code == 0)
        #expect(
            try drain(401, to: wallet.address, layer: 150, balance: 900).receipt.outcome
                == .failed(.vested(free: 400, needs: 401)))
        #expect(try drain(750, to: wallet.address, layer: 150, balance: 1_250).receipt.outcome.code == 0)
        #expect(
            try drain(0, to: wallet.address, layer: 150, balance: 499).receipt.outcome
                == .failed(.misconfigured(has: 499, bound: 500)))
        #expect(
            try drain(1, to: wallet.address, layer: 150, balance: 500).receipt.outcome
                == .failed(.vested(free: 0, needs: 1)))
    }

    @Test("a vault is drained by its owner alone, and only a vault is; to the owner, to itself, to nobody")
    func vaultOwner() throws {
        let stranger = try TestAccount.vesting(1, 9..<10)
        let action = TransactionAction.drain(vault: vault.address, to: wallet.address, amount: 1)
        let withStranger = try state(of: stranger, stranger.record(balance: Self.rich))
        #expect(try outcome(try stranger.make(action, nonce: 1), on: withStranger) == .failed(.owner))
        for address in [wallet.address, other.address, vesting.address] {
            let (receipt, _) = try drain(1, to: wallet.address, layer: 150, of: address)
            #expect(receipt.outcome == .failed(.noVault))
        }
        let (toOwner, after) = try drain(500, to: vesting.address, layer: 150)
        #expect(try after.account(vesting.address).balance == Self.rich - toOwner.fee + 500)
        let (toItself, same) = try drain(500, to: vault.address, layer: 150)
        #expect(try toItself.outcome.code == 0 && same.account(vault.address).balance == 1_000)
        let (nothing, none) = try drain(0, to: other.address, layer: 150)
        #expect(try nothing.outcome.code == 0 && none.accounts.get(other.address) == nil)
        let (toNobody, new) = try drain(3, to: other.address, layer: 150)
        #expect(try toNobody.outcome.code == 0 && new.account(other.address).balance == 3)
    }

    // MARK: - Text

    @Test("every reason has a number of its own, and a sentence")
    func words() {
        let ineffective: [Ineffective] = [
            .unparsable(.keys), .notSpawned, .vaultSigns, .method(.drain, of: .wallet), .vaultTerms, .price,
            .balance(has: 1, needs: nil), .gas(needs: 2, left: 1), .signature, .nonce(has: 1, next: 2),
            .lastNonce, .feeSum,
        ]
        let failures: [Failure] = [
            .fee(has: 1, needs: 2), .amount(has: 1, needs: 2), .spawned, .noVault, .owner,
            .misconfigured(has: 1, bound: 2), .vested(free: 1, needs: 2), .destination,
        ]
        #expect(ineffective.map(\.code) == Array(1...12) && failures.map(\.code) == Array(64...71))
        for text in ineffective.map(\.description) + failures.map(\.description) {
            #expect(text.count > 20 && !text.contains("Optional") && !text.hasSuffix("."), "\(text)")
        }
    }
}
