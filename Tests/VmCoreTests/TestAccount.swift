import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A secret key with its public one, made once.
struct TestKey: Sendable {
    let seed, key: Bytes32

    /// Forty keys, which all tests share.
    static let all: [TestKey] = (0..<40 as Range<UInt64>).compactMap { number in
        let seed = Bytes32(number, 0x7465_7374, 0, 1)
        return Ed25519.publicKey(seed: seed).map { TestKey(seed: seed, key: $0) }
    }
}

/// An account whose keys are known, so that it can sign.
struct TestAccount: Sendable {
    static let genesis = [UInt8](repeating: 9, count: GenesisID.count)

    let arguments: SpawnArguments
    let seeds: [Bytes32]
    let address: Address

    private init(_ arguments: SpawnArguments, _ keys: [TestKey]) {
        self.arguments = arguments
        seeds = keys.map(\.seed)
        address = arguments.principal
    }

    static func wallet(_ number: Int) -> TestAccount {
        TestAccount(.wallet(key: TestKey.all[number].key), [TestKey.all[number]])
    }

    static func multisig(_ required: UInt8, _ places: some Collection<Int>) throws -> TestAccount {
        let keys = places.map { TestKey.all[$0] }
        return TestAccount(
            .multisig(try #require(MultisigKeys(required: required, keys: keys.map(\.key)))), keys)
    }

    static func vesting(_ required: UInt8, _ places: some Collection<Int>) throws -> TestAccount {
        let keys = places.map { TestKey.all[$0] }
        return TestAccount(
            .vesting(try #require(MultisigKeys(required: required, keys: keys.map(\.key)))), keys)
    }

    static func vault(_ terms: VaultTerms) -> TestAccount { TestAccount(.vault(terms), []) }

    /// The account as it is when spawned.
    func record(balance: UInt64, nonce: UInt64 = 1) -> Account {
        Account(nextNonce: nonce, balance: balance, spawned: arguments)
    }

    /// A transaction of its own, signed by those that must, or by those named.
    func sign(
        _ action: TransactionAction, nonce: UInt64, price: UInt64 = 1, keys: [Int]? = nil,
        genesis: [UInt8] = TestAccount.genesis
    ) throws -> SignedTransaction {
        let body = TransactionBody(principal: address, action: action, nonce: nonce, gasPrice: price)
        let message = genesis + body.scale
        func signature(_ seed: Bytes32) throws -> [UInt8] {
            try #require(Ed25519.sign(message, seed: seed))
        }
        guard case .wallet = arguments else {
            let required = arguments.signers?.required ?? 1
            let parts = try (keys ?? Array(0..<required)).map { place in
                KeySignature(
                    key: UInt8(place), signature: try signature(seeds.isEmpty ? .zero : seeds[place]))
            }
            return SignedTransaction(body, .several(parts))
        }
        return SignedTransaction(body, .one(try signature(seeds[0])))
    }

    /// As `sign`, as it comes in a block.
    func make(_ action: TransactionAction, nonce: UInt64, price: UInt64 = 1) throws -> LedgerTransaction {
        LedgerTransaction(raw: try sign(action, nonce: nonce, price: price).raw)
    }
}

extension LedgerState {
    /// A state in which these accounts are, and those others are known not to be.
    static func of(
        _ accounts: [(TestAccount, Account?)], others: [Address] = []
    ) throws -> LedgerState {
        var state = LedgerState()
        for address in others { try state.load(.account(address), nil) }
        for (account, record) in accounts { try state.load(.account(account.address), record?.bytes) }
        return state
    }

    /// Accounts of a test's state, by their address.
    func account(_ address: Address) throws -> Account { try accounts.get(address) ?? Account() }
}
