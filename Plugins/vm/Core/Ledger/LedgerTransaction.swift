internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// Bytes of a block that should be a transaction: their id, and what they say.
///
/// Everything that can be told without the state is found out here once: id, meaning, and the address that is spawned.
package struct LedgerTransaction: Sendable {
    /// Hash of all bytes.
    package let id: Bytes32
    /// How many bytes there are.
    package let size: Int
    /// The transaction, or why it is none.
    package let content: Result<SignedTransaction, TransactionFault>
    /// The account that it makes, if it spawns one.
    package let spawned: Address?

    /// Reads bytes from anybody.
    package init(raw: [UInt8]) {
        id = BLAKE3.hash(raw)
        size = raw.count
        do {
            let transaction = try SignedTransaction(raw: raw)
            content = .success(transaction)
            spawned = Self.spawned(by: transaction)
        } catch {
            content = .failure(error)
            spawned = nil
        }
    }

    /// Takes a transaction that was made here.
    package init(_ transaction: SignedTransaction) {
        id = transaction.id
        size = transaction.raw.count
        content = .success(transaction)
        spawned = Self.spawned(by: transaction)
    }

    /// The transaction; nil: it is none.
    package var signed: SignedTransaction? { try? content.get() }

    private static func spawned(by transaction: SignedTransaction) -> Address? {
        guard case .spawn(let arguments) = transaction.body.action else { return nil }
        return arguments.principal
    }
}

extension LedgerTransaction {
    /// What must be known of the state before it can be executed: of every account that it names or makes.
    ///
    /// Nothing that an earlier transaction of the block does adds to this.
    package var needs: StateNeeds {
        var needs = StateNeeds()
        add(to: &needs)
        return needs
    }

    /// What a list of transactions needs together, so that one reading serves a block.
    package static func needs(of transactions: some Sequence<LedgerTransaction>) -> StateNeeds {
        var needs = StateNeeds()
        for transaction in transactions { transaction.add(to: &needs) }
        return needs
    }

    private func add(to needs: inout StateNeeds) {
        guard case .success(let transaction) = content else { return }
        needs.keys.insert(.account(transaction.body.principal))
        switch transaction.body.action {
        case .spawn: if let spawned { needs.keys.insert(.account(spawned)) }
        case .spend(let destination, _): needs.keys.insert(.account(destination))
        case .drain(let vault, let destination, _):
            needs.keys.insert(.account(vault))
            needs.keys.insert(.account(destination))
        }
    }
}
