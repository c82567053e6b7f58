package import NodeDomain
internal import NodeEncoding

/// Whose signatures an account's transactions need.
///
/// An address is the hash of these and of nothing else, so whoever knows them of one place knows them for ever.
package struct Signers: Hashable, Sendable {
    /// How signatures stand in a transaction.
    package enum Form: Hashable, Sendable {
        /// One alone, 64 bytes: wallets.
        case single
        /// Each with the place of its key, 65 bytes: multisig and vesting accounts, those of one key too.
        case placed
    }

    /// The account's keys, in its order.
    package let keys: [Bytes32]
    /// How many of them sign.
    package let required: Int
    /// How the signatures stand.
    package let form: Form

    /// A wallet's key.
    package init(wallet key: Bytes32) {
        (keys, required, form) = ([key], 1, .single)
    }

    /// Keys of which some sign.
    package init(_ multisig: MultisigKeys) {
        (keys, required, form) = (multisig.keys, Int(multisig.required), .placed)
    }
}

extension SpawnArguments {
    /// Whose signatures the account needs; nil: it signs nothing, as vaults do.
    package var signers: Signers? {
        switch self {
        case .wallet(let key): Signers(wallet: key)
        case .multisig(let keys), .vesting(let keys): Signers(keys)
        case .vault: nil
        }
    }
}

extension LedgerTransaction {
    /// What the account that pays is spawned with: by its record, or by this transaction itself; nil: by neither.
    func arguments(of account: Account) -> SpawnArguments? {
        if let found = account.spawned { return found }
        guard let signed, spawned == signed.body.principal, case .spawn(let own) = signed.body.action else {
            return nil
        }
        return own
    }

    /// Whose signatures it needs; nil: the account is not spawned, or signs nothing.
    func signers(of account: Account) -> Signers? { arguments(of: account)?.signers }
}
