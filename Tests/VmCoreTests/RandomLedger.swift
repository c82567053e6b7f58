import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import VmCore

/// Transactions of a small population, good ones and bad ones, the same for the same seed.
///
/// Wallets, multisig and vesting accounts have real keys and sign; vaults are of vesting accounts. Which transactions are good depends on
/// the state, so each block is asked for with the accounts as they are before it. More accounts come to be while it runs.
struct RandomLedger {
    /// Accounts to begin with: stubs, spawned ones, vaults; the rest of the population is unheard of.
    let genesis: [(address: Address, account: Account)]
    /// Layers pass by one for so many blocks.
    static let blocksPerLayer = 10

    private var random: SplitMix
    private var people: [TestAccount]
    private var vaults: [TestAccount]
    private var earlier: [[UInt8]] = []
    private var nonces: [Address: UInt64] = [:]

    init(seed: UInt64) throws {
        random = SplitMix(seed: seed)
        let spawned =
            try (0..<8).map { TestAccount.wallet($0) } + [
                .multisig(2, 8..<11), .multisig(1, 11..<12), .multisig(4, 12..<18), .multisig(10, 0..<10),
            ]
        let vesting: [TestAccount] = try [.vesting(1, 18..<20), .vesting(2, 20..<23), .vesting(1, 23..<24)]
        let stubs: [TestAccount] = try [
            .wallet(24), .wallet(25), .multisig(1, [26, 25]), .multisig(1, [25, 26]), .vesting(1, 27..<28),
        ]
        let vaults = vesting.enumerated().map { number, owner in
            TestAccount.vault(
                VaultTerms(
                    owner: owner.address, total: 1_000_000_000_000, initial: 250_000_000_000,
                    start: UInt32(10 + number), end: UInt32(400 * number + 50)))
        }
        var genesis: [(Address, Account)] = []
        for (number, account) in (spawned + vesting).enumerated() {
            genesis.append((account.address, account.record(balance: 1_000_000_000_000 >> UInt64(number))))
        }
        for account in stubs {
            genesis.append((account.address, Account(nextNonce: 0, balance: 3_000_000_000, spawned: nil)))
        }
        for (vault, balance) in zip(vaults, [1_000_000_000_000, 1_200_000_000_000, 5]) {
            genesis.append((vault.address, vault.record(balance: UInt64(balance), nonce: 0)))
        }
        self.genesis = genesis
        people = spawned + vesting + stubs
        self.vaults = vaults
    }

    /// The bytes of a block's transactions.
    /// - Parameter account: what the state knows of an address.
    mutating func block(
        of count: Int, account: (Address) throws -> Account
    ) throws -> [[UInt8]] {
        nonces = [:]
        var block: [[UInt8]] = []
        for _ in 0..<count {
            let raw = try transaction(account)
            block.append(raw)
            if earlier.count < 64 {
                earlier.append(raw)
            } else {
                earlier[random.below(64)] = raw
            }
        }
        return block
    }

    // MARK: - One transaction

    private func pick<Element>(_ list: [Element], _ random: inout SplitMix) -> Element {
        list[random.below(list.count)]
    }

    private mutating func somebody() -> TestAccount { pick(people, &random) }

    private mutating func transaction(_ account: (Address) throws -> Account) throws -> [UInt8] {
        if !earlier.isEmpty, random.below(40) == 0 { return pick(earlier, &random) }
        var sender = random.below(60) == 0 ? pick(vaults, &random) : somebody()
        // Mostly somebody who can pay.
        for _ in 0..<random.below(5) where try account(sender.address).balance < 1_000_000 {
            sender = somebody()
        }
        let record = try account(sender.address)
        let price = price()
        let action: TransactionAction
        if record.spawned == nil, random.below(8) != 0 {
            action = .spawn(sender.arguments)
        } else {
            action = try self.action(of: sender, record, price, account)
        }
        let nonce = nonce(of: sender, record)
        let signed = try sign(sender, action, nonce: nonce, price: price)
        return random.below(30) == 0 ? spoil(signed.raw) : signed.raw
    }

    private mutating func price() -> UInt64 {
        switch random.below(40) {
        case 0: 0
        case 1: .max >> UInt64(random.below(64))
        case 2...5: UInt64(1_000 + random.below(100_000))
        default: UInt64(1 + random.below(5))
        }
    }

    private mutating func nonce(of sender: TestAccount, _ record: Account) -> UInt64 {
        let next = max(record.nextNonce, nonces[sender.address] ?? 0)
        switch random.below(40) {
        case 0: return next &- 1
        case 1: return .max
        case 2, 3:
            nonces[sender.address] = next &+ 4
            return next &+ 3
        default:
            nonces[sender.address] = next &+ 1
            return next
        }
    }

    private mutating func action(
        of sender: TestAccount, _ record: Account, _ price: UInt64, _ account: (Address) throws -> Account
    ) throws -> TransactionAction {
        let drains = sender.arguments.template == .vesting ? 8 : random.below(4) / 3
        switch random.below(12 + drains) {
        case 0: return .spawn(try newcomer().arguments)
        case 1: return .spawn(somebody().arguments)
        case 12...: return try drain(by: sender, account)
        default: return .spend(to: try destination(of: sender), amount: amount(of: record, price))
        }
    }

    private mutating func destination(of sender: TestAccount) throws -> Address {
        switch random.below(20) {
        case 0: sender.address
        case 1: Address(of: pick(Template.allCases, &random))
        case 2: Address(random.next(), 0, UInt64(random.below(3)))
        case 3: pick(vaults, &random).address
        case 4: try newcomer().address
        default: somebody().address
        }
    }

    private mutating func amount(of record: Account, _ price: UInt64) -> UInt64 {
        // A wallet's send of 120 bytes, or of 121 to 128: so that what is left is sometimes nothing.
        let fee = (random.below(2) == 0 ? 36_090 : 36_218) &* price
        let left = record.balance >= fee ? record.balance - fee : 0
        switch random.below(16) {
        case 0: return 0
        case 1: return left
        case 2: return left &+ 1
        case 3: return .max >> UInt64(random.below(64))
        default: return left / UInt64(2 + random.below(20))
        }
    }

    private mutating func drain(
        by sender: TestAccount, _ account: (Address) throws -> Account
    ) throws -> TransactionAction {
        let own = vaults.filter {
            if case .vault(let terms) = $0.arguments { terms.owner == sender.address } else { false }
        }
        let isOwn = !own.isEmpty && random.below(4) != 0
        let vault = isOwn ? pick(own, &random) : pick(vaults + people, &random)
        let balance = try account(vault.address).balance
        let amount: UInt64 =
            switch random.below(4) {
            case 0: 0
            case 1: balance
            default: balance >> UInt64(random.below(40))
            }
        return .drain(vault: vault.address, to: try destination(of: vault), amount: amount)
    }

    /// An account that is rarely there: keys in a new order, or a vault of new terms.
    private mutating func newcomer() throws -> TestAccount {
        if random.below(2) == 0 {
            let terms = VaultTerms(
                owner: somebody().address, total: random.next() >> UInt64(20 + random.below(44)),
                initial: UInt64(random.below(2)), start: UInt32(random.below(900)),
                end: UInt32(random.below(900)))
            let vault = TestAccount.vault(terms)
            vaults[3...] = vaults.count < 12 ? vaults[3...] + [vault] : [vault]
            return vault
        }
        var places = Set<Int>()
        while places.count < 1 + random.below(3) { places.insert(random.below(TestKey.all.count)) }
        let required = UInt8(1 + random.below(places.count))
        let isVesting = random.below(3) == 0
        let account =
            isVesting
            ? try TestAccount.vesting(required, places.sorted())
            : try TestAccount.multisig(required, places.sorted())
        if people.count < 60 { people.append(account) } else { people[20 + random.below(40)] = account }
        return account
    }

    // MARK: - Signatures and damage

    private mutating func sign(
        _ sender: TestAccount, _ action: TransactionAction, nonce: UInt64, price: UInt64
    ) throws -> SignedTransaction {
        switch random.below(60) {
        case 0:
            let other = [UInt8](repeating: 1, count: GenesisID.count)
            return try sender.sign(action, nonce: nonce, price: price, genesis: other)
        case 1 where !sender.seeds.isEmpty:
            return try sender.sign(action, nonce: nonce, price: price, keys: [sender.seeds.count - 1])
        case 2 where !sender.seeds.isEmpty:
            return try sender.sign(action, nonce: nonce, price: price, keys: Array(0..<sender.seeds.count))
        default:
            let required = sender.arguments.signers?.required ?? 1
            let surplus = max(0, sender.seeds.count - required)
            let first = random.below(surplus + 1)
            return try sender.sign(action, nonce: nonce, price: price, keys: Array(first..<first + required))
        }
    }

    private mutating func spoil(_ raw: [UInt8]) -> [UInt8] {
        var raw = raw
        switch random.below(4) {
        case 0: raw.removeLast(1 + random.below(raw.count))
        case 1: raw += (0...random.below(70)).map { UInt8($0) }
        default: raw[random.below(raw.count)] ^= UInt8(1 << random.below(8))
        }
        return raw
    }
}
