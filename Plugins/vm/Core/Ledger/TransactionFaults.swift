package import NodeDomain
package import NodeEncoding

/// Why a transaction does nothing and costs nothing: as if it were not in the block.
///
/// They are looked for in this order; the first that applies is the reason.
package enum Ineffective: Error, Hashable, Sendable {
    /// The bytes are no transaction.
    case unparsable(TransactionFault)
    /// The account that pays was never spawned, and this does not spawn it.
    case notSpawned
    /// The account is a vault.
    case vaultSigns
    /// The template has no such method.
    case method(TransactionAction.Kind, of: Template)
    /// A vault of these terms cannot be.
    case vaultTerms
    /// A gas price of 0.
    case price
    /// The balance does not pay for looking at it.
    case balance(has: UInt64, needs: UInt64?)
    /// More gas than is left in the block.
    case gas(needs: UInt64, left: UInt64)
    /// A signature does not hold, is missing, or is one too many.
    case signature
    /// The nonce was used, or passed over.
    case nonce(has: UInt64, next: UInt64)
    /// No nonce comes after it.
    case lastNonce
    /// The block's fees would not fit into 64 bits.
    case feeSum
}

/// Why a transaction that was paid for did nothing else.
package enum Failure: Error, Hashable, Sendable {
    /// The balance is below the fee, and all of it was taken.
    case fee(has: UInt64, needs: UInt64?)
    /// What the fee left is below the amount.
    case amount(has: UInt64, needs: UInt64)
    /// The account that it would make is there.
    case spawned
    /// What it would drain is not a spawned vault.
    case noVault
    /// Only the vault's owner drains it.
    case owner
    /// The vault holds less than what is not free yet.
    case misconfigured(has: UInt64, bound: UInt64)
    /// So much of the vault is free, and more was asked for.
    case vested(free: UInt64, needs: UInt64)
    /// The destination would hold more than 64 bits.
    case destination
}

extension Ineffective {
    /// The number by which receipts name it; 1 to 63.
    package var code: UInt8 {
        switch self {
        case .unparsable: 1
        case .notSpawned: 2
        case .vaultSigns: 3
        case .method: 4
        case .vaultTerms: 5
        case .price: 6
        case .balance: 7
        case .gas: 8
        case .signature: 9
        case .nonce: 10
        case .lastNonce: 11
        case .feeSum: 12
        }
    }
}

extension Failure {
    /// The number by which receipts name it; from 64 on.
    package var code: UInt8 {
        switch self {
        case .fee: 64
        case .amount: 65
        case .spawned: 66
        case .noVault: 67
        case .owner: 68
        case .misconfigured: 69
        case .vested: 70
        case .destination: 71
        }
    }
}

extension Ineffective: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .unparsable(let fault): "these bytes are no transaction: \(fault)"
        case .notSpawned: "its account is not spawned: let the account spawn itself first"
        case .vaultSigns: "its account is a vault, which signs nothing: its owner drains it"
        case .method(let kind, let template):
            "a \(template.name) account cannot \(kind.rawValue)"
                + (kind == .drain ? ": only vesting accounts drain vaults" : "")
        case .vaultTerms:
            "no vault has such terms: its initial amount is at most its total, its end not before its start"
        case .price: "its gas price is 0: offer 1 smidge or more"
        case .balance(let has, let needs):
            "its account has \(has) smidge, and looking at it costs \(smidge(needs)): put more in, or lower the gas price"
        case .gas(let needs, let left): "it may use \(needs) gas, and \(left) are left in the block"
        case .signature: "it is not signed by the keys of its account: sign it with them, for this network"
        case .nonce(let has, let next): "its nonce is \(has), and the account's next one is \(next)"
        case .lastNonce: "its nonce is the largest number there is, and none could follow: choose a lower one"
        case .feeSum: "the fees of its block would not fit into 64 bits: it must wait for another block"
        }
    }
}

extension Failure: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .fee(let has, let needs):
            "its account had \(has) smidge, and the fee is \(smidge(needs)): put more in, or lower the gas price"
        case .amount(let has, let needs):
            "its account had \(has) smidge after the fee, and \(needs) were to be sent"
        case .spawned: "the account that it would spawn is spawned already"
        case .noVault: "what it would drain is not a spawned vault"
        case .owner: "only a vault's owner drains it, and its account is not the owner"
        case .misconfigured(let has, let bound):
            "the vault holds \(has) smidge, less than the \(bound) that are not free yet: it was never filled"
        case .vested(let free, let needs):
            "\(free) smidge of the vault are free now, and \(needs) were asked for"
        case .destination: "the destination would hold more smidge than a balance can count"
        }
    }
}

/// Smidge that are needed; nil: more than 64 bits can count.
private func smidge(_ amount: UInt64?) -> String {
    amount.map { "\($0)" } ?? "more smidge than there are"
}
