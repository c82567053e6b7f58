package import NodeDomain
internal import NodeEncoding

/// What the mempool needs to know of a transaction that may wait for a block.
package struct Admission: Hashable, Sendable {
    /// Hash of its bytes.
    package let id: Bytes32
    /// The account that pays.
    package let principal: Address
    /// Its nonce.
    package let nonce: UInt64
    /// Gas that it takes of a block.
    package let gas: UInt64
    /// Smidge for one gas.
    package let gasPrice: UInt64
    /// Smidge that it pays: gas × price.
    package let fee: UInt64
    /// Smidge of the account that it sends besides.
    package let amount: UInt64
    /// The account's next nonce in the state.
    package let nextNonce: UInt64
    /// The account's balance in the state; what waits before it lessens it.
    package let balance: UInt64
}

/// Why a transaction need not wait for a block.
package enum AdmissionRefusal: Error, Hashable, Sendable {
    /// It would be ineffective.
    case ineffective(Ineffective)
    /// It would fail, and cost its sender the fee.
    case failure(Failure)
    /// The account has less than fee and amount; nil: 64 bits do not count what it needs.
    case cannotPay(has: UInt64, needs: UInt64?)
    /// No block has so much gas.
    case gas(needs: UInt64, limit: UInt64)

    /// The number by which answers name it: that of the receipt that it would have.
    package var code: UInt8 {
        switch self {
        case .ineffective(let reason): reason.code
        case .failure(let reason): reason.code
        case .cannotPay(let has, let needs): Failure.fee(has: has, needs: needs).code
        case .gas(let needs, let limit): Ineffective.gas(needs: needs, left: limit).code
        }
    }
}

extension AdmissionRefusal: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .ineffective(let reason): "\(reason)"
        case .failure(let reason): "\(reason)"
        case .cannotPay(let has, let needs):
            "its account has \(has) smidge, and fee and amount together are "
                + (needs.map { "\($0)" } ?? "more than 64 bits can count") + ": put more in, or send less"
        case .gas(let needs, let limit): "it may use \(needs) gas, and a whole block has \(limit)"
        }
    }
}

/// By which rules transactions are taken in.
package struct AdmissionRules: Hashable, Sendable {
    /// Twenty bytes that keep networks apart.
    package let genesis: [UInt8]
    /// The layer of the last block.
    package let layer: UInt64
    /// Gas of a whole block.
    package let blockGas: UInt64

    /// Of these.
    package init(genesis: [UInt8], layer: UInt64, blockGas: UInt64) {
        self.genesis = genesis
        self.layer = layer
        self.blockGas = blockGas
    }

    /// Whether a transaction may wait for a block, its signatures aside: it would do what it says, were it executed now and alone.
    ///
    /// Cheap; whoever has many judges all of them, and has the signatures checked of those that are left.
    /// - Throws: `StateMiss` when an account that it needs was not read.
    package func judge(
        _ transaction: LedgerTransaction, on state: LedgerState
    ) throws(StateMiss) -> Result<Admission, AdmissionRefusal> {
        let context = TransactionContext(layer: layer, gasLeft: blockGas, isSigned: true)
        let receipt = try TransactionEffect(of: transaction, on: state, in: context).receipt
        let body: TransactionBody
        switch transaction.content {
        case .success(let signed): body = signed.body
        case .failure(let fault): return .failure(.ineffective(.unparsable(fault)))
        }
        let account = try state.accounts.get(body.principal) ?? Account()
        if let refusal = refusal(receipt.outcome, transaction, account) { return .failure(refusal) }
        return .success(
            Admission(
                id: transaction.id, principal: body.principal, nonce: body.nonce, gas: receipt.gas,
                gasPrice: body.gasPrice, fee: receipt.fee, amount: body.action.spending,
                nextNonce: account.nextNonce, balance: account.balance))
    }

    /// As above, and its signatures are checked after all else; those that hold are remembered.
    /// - Throws: `StateMiss` when an account that it needs was not read.
    package func judge(
        _ transaction: LedgerTransaction, on state: LedgerState, checked: inout CheckedSignatures
    ) throws(StateMiss) -> Result<Admission, AdmissionRefusal> {
        let verdict = try judge(transaction, on: state)
        guard case .success(let admission) = verdict, !checked.contains(transaction.id) else {
            return verdict
        }
        let account = try state.accounts.get(admission.principal) ?? Account()
        guard isSigned(transaction, by: account) else { return .failure(.ineffective(.signature)) }
        checked.insert(transaction.id)
        return verdict
    }

    private func isSigned(_ transaction: LedgerTransaction, by account: Account) -> Bool {
        guard let signers = transaction.signers(of: account) else { return false }
        return transaction.signed?.isSigned(by: signers, genesis: genesis) ?? false
    }

    /// Why not; nil: it would do what it says.
    private func refusal(
        _ outcome: TransactionOutcome, _ transaction: LedgerTransaction, _ account: Account
    ) -> AdmissionRefusal? {
        switch outcome {
        case .done: nil
        case .ineffective(.gas(let needs, _)): .gas(needs: needs, limit: blockGas)
        case .ineffective(.balance), .failed(.fee), .failed(.amount):
            .cannotPay(has: account.balance, needs: transaction.price(for: account))
        case .ineffective(let reason): .ineffective(reason)
        case .failed(let reason): .failure(reason)
        }
    }
}

extension LedgerTransaction {
    /// Fee and amount together, if 64 bits can count them.
    fileprivate func price(for account: Account) -> UInt64? {
        guard let signed, let signers = signers(of: account),
            let fee = product(signed.gas(for: signers, spawning: spawned).most, signed.body.gasPrice)
        else { return nil }
        let (sum, overflow) = fee.addingReportingOverflow(signed.body.action.spending)
        return overflow ? nil : sum
    }
}

extension TransactionAction {
    /// Smidge that leave the account that pays, besides the fee.
    fileprivate var spending: UInt64 {
        if case .spend(_, let amount) = self { amount } else { 0 }
    }
}
