import NodeCrypto
import NodeDomain
import NodeEncoding
import VmCore

/// Transactions and records of accounts, as strangers send them and as storage returns them.
///
/// What is taken has that one encoding, and goes through admission and a block of a small state, where nothing is made or lost.
enum TransactionFuzzWorld {
    private static let genesis = [UInt8](repeating: 3, count: GenesisID.count)
    private static let gas: UInt64 = 3_600_000

    // MARK: - Transactions

    static func transaction(_ input: UnsafeRawBufferPointer) {
        let raw = [UInt8](input)
        let transaction = LedgerTransaction(raw: raw)
        if let signed = transaction.signed {
            precondition(raw.count <= largestTransaction, "too large")
            let again = SignedTransaction(signed.body, signed.signatures)
            precondition(again == signed && again.raw == raw, "another encoding of the same transaction")
            precondition(LedgerTransaction(again).id == transaction.id, "another id")
        }
        // The first byte of the id takes the place of chance: rich or poor, early or late, signed or not.
        let chance = UInt8(truncatingIfNeeded: transaction.id.word0 >> 56)
        guard let state = state(for: transaction, balance: chance & 1 == 0 ? 1 << 40 : 30_000) else {
            preconditionFailure("an account's own bytes are refused")
        }
        let layer = UInt64(chance) * 2_000
        check(transaction, on: state, layer: layer, isSigned: chance & 2 == 0)
    }

    /// All accounts that the transaction names: the payer spawned as far as the transaction tells how, the rest stubs.
    private static func state(for transaction: LedgerTransaction, balance: UInt64) -> LedgerState? {
        var state = LedgerState()
        for key in transaction.needs.keys {
            guard case .account(let address) = key else { continue }
            let known = known.first { $0.principal == address }
            let account = Account(nextNonce: 1, balance: balance, spawned: known)
            guard (try? state.load(key, account.bytes)) != nil else { return nil }
        }
        return state
    }

    private static func check(
        _ transaction: LedgerTransaction, on before: LedgerState, layer: UInt64, isSigned: Bool
    ) {
        var state = before
        var lane = TransactionLane(layer: layer, gas: gas)
        var checked = CheckedSignatures(bytes: 0)
        let rules = AdmissionRules(genesis: genesis, layer: layer, blockGas: gas)
        do {
            let receipt = try lane.run(transaction, isSigned: isSigned, on: &state)
            let verdict = try rules.judge(transaction, on: before, checked: &checked)
            let jobs = try SignatureJobs(
                of: [transaction], on: before, genesis: genesis, checked: CheckedSignatures(bytes: 0))
            let (total, rest) = (try sum(transaction, before), try sum(transaction, state))
            precondition(rest + receipt.fee == total, "smidge were made or lost")
            precondition(
                receipt.outcome.isEffective || state.changes.isEmpty, "an ineffective one did something")
            precondition(receipt.outcome.isEffective == (receipt.gas > 0), "gas of nothing")
            switch verdict {
            case .success(let admission):
                precondition(jobs.check() == [true], "admitted without signatures")
                precondition(!isSigned || receipt.fee == admission.fee, "another fee")
            case .failure(let refusal):
                precondition(!refusal.description.isEmpty, "a refusal without a word")
                precondition(
                    !isSigned || receipt.outcome.code != 0 || refusal.code == 9, "\(refusal), but done")
            }
        } catch {
            preconditionFailure("what was named was not enough: \(error)")
        }
    }

    private static func sum(
        _ transaction: LedgerTransaction, _ state: LedgerState
    ) throws(StateMiss) -> UInt64 {
        var sum: UInt64 = 0
        for key in transaction.needs.keys {
            guard case .account(let address) = key else { continue }
            sum += try state.accounts.get(address)?.balance ?? 0
        }
        return sum
    }

    // MARK: - Records

    static func account(_ input: UnsafeRawBufferPointer) {
        let bytes = [UInt8](input)
        guard let account = try? Account(bytes: bytes) else { return }
        precondition(account.bytes == bytes, "another encoding of the same account")
        guard let arguments = account.spawned else { return }
        var writer = ScaleWriter()
        writer.write(arguments.template.rawValue)
        arguments.write(to: &writer)
        var reader = ScaleReader(writer.bytes)
        let again = try? SpawnArguments(withTemplateFrom: &reader)
        precondition(again == arguments && (try? reader.finish()) != nil, "other arguments are read")
        let body = TransactionBody(
            principal: arguments.principal, action: .spawn(arguments), nonce: account.nextNonce,
            gasPrice: account.balance)
        let spawn = SignedTransaction(body, .one([UInt8](repeating: 0, count: 64)))
        precondition(LedgerTransaction(raw: spawn.raw).spawned == arguments.principal, "another address")
    }

    // MARK: - Seeds

    private static let seeds = (1...10 as ClosedRange<UInt64>).map { Bytes32($0, $0, $0, $0) }

    /// Accounts whose transactions the seeds hold.
    private static let known: [SpawnArguments] = {
        let keys = seeds.compactMap(Ed25519.publicKey(seed:))
        let wallet = SpawnArguments.wallet(key: keys[0])
        var all = [wallet]
        if let two = MultisigKeys(required: 2, keys: Array(keys.prefix(3))) {
            all += [.multisig(two), .vesting(two)]
        }
        if let ten = MultisigKeys(required: 10, keys: keys) { all.append(.multisig(ten)) }
        let terms = all.suffix(2).map { owner in
            VaultTerms(owner: owner.principal, total: 1 << 39, initial: 1 << 37, start: 105_120, end: 420_480)
        }
        return all + terms.map { .vault($0) }
    }()

    static func transactionSeeds() -> [[UInt8]] {
        let vault = known[known.count - 2].principal
        let stranger = SpawnArguments.wallet(key: .largest)
        return known.flatMap { arguments -> [[UInt8]] in
            let actions: [TransactionAction] = [
                .spawn(arguments), .spawn(stranger), .spend(to: vault, amount: 1 << 31),
                .spend(to: arguments.principal, amount: 0),
                .drain(vault: vault, to: stranger.principal, amount: 1_000),
            ]
            return actions.enumerated().map { place, action in
                let body = TransactionBody(
                    principal: arguments.principal, action: action, nonce: UInt64(place), gasPrice: 1)
                return SignedTransaction(body, sign(body, arguments)).raw
            }
        }
    }

    private static func sign(_ body: TransactionBody, _ arguments: SpawnArguments) -> Signatures {
        let message = genesis + body.scale
        let signatures = seeds.prefix(arguments.signers?.required ?? 1).map {
            Ed25519.sign(message, seed: $0) ?? [UInt8](repeating: 0, count: 64)
        }
        if arguments.template == .wallet { return .one(signatures[0]) }
        return .several(signatures.enumerated().map { KeySignature(key: UInt8($0), signature: $1) })
    }

    static func accountSeeds() -> [[UInt8]] {
        let accounts = known.enumerated().map { place, arguments in
            Account(nextNonce: UInt64(place), balance: 1 << UInt64(place * 11), spawned: arguments)
        }
        let stubs = [Account(), Account(nextNonce: .max, balance: .max, spawned: nil)]
        return (accounts + stubs).map(\.bytes)
    }
}
