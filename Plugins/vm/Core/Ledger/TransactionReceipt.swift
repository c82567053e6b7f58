package import NodeDomain

/// What became of a transaction.
package enum TransactionOutcome: Hashable, Sendable {
    /// Nothing: no fee, nothing changed.
    case ineffective(Ineffective)
    /// It was paid for, and its nonce is used; nothing else.
    case failed(Failure)
    /// What it says.
    case done(LedgerEvent)

    /// The number by which receipts name it: 0 done, 1 to 63 ineffective, 64 on failed.
    package var code: UInt8 {
        switch self {
        case .ineffective(let reason): reason.code
        case .failed(let reason): reason.code
        case .done: 0
        }
    }

    /// Whether it counts: it was paid for.
    package var isEffective: Bool {
        if case .ineffective = self { false } else { true }
    }
}

/// What a transaction did besides paying.
package enum LedgerEvent: Hashable, Sendable {
    /// An account came to be.
    case spawned(Address, Template)
    /// Smidge went from one account to another, or from one to itself.
    case sent(from: Address, to: Address, amount: UInt64)
    /// Smidge of a vault went to an account.
    case drained(vault: Address, to: Address, amount: UInt64)
}

/// What a block's result says of one of its transactions.
package struct TransactionReceipt: Hashable, Sendable {
    /// Hash of the transaction's bytes.
    package let id: Bytes32
    /// The account that paid; nil: the bytes are no transaction.
    package let principal: Address?
    /// What became of it.
    package let outcome: TransactionOutcome
    /// What it used; 0 when it is ineffective.
    package let gas: UInt64
    /// Smidge that were taken for it; 0 when it is ineffective.
    package let fee: UInt64

    /// Accounts that it concerned, each once: the one that paid, then the others.
    package var addresses: [Address] {
        guard let principal, outcome.isEffective else { return [] }
        var others: [Address] = []
        switch outcome {
        case .done(.spawned(let address, _)): others = [address]
        case .done(.sent(_, let destination, _)): others = [destination]
        case .done(.drained(let vault, let destination, _)): others = [vault, destination]
        default: break
        }
        return others.reduce(into: [principal]) { if !$0.contains($1) { $0.append($1) } }
    }
}
