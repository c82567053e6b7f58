internal import NodeDomain
internal import NodeEncoding

/// Where and when a transaction is executed.
package struct TransactionContext: Hashable, Sendable {
    /// The layer of the block, by which vaults count.
    package let layer: UInt64
    /// Gas that is left in the block.
    package let gasLeft: UInt64
    /// Whether its signatures were found good.
    package let isSigned: Bool

    /// Of these.
    package init(layer: UInt64, gasLeft: UInt64, isSigned: Bool) {
        self.layer = layer
        self.gasLeft = gasLeft
        self.isSigned = isSigned
    }
}

/// What a transaction does to a state, found out without touching it.
///
/// Either nothing, or the accounts as they are after it: one that paid, and at most two others.
package struct TransactionEffect: Sendable {
    /// An account as it is afterwards.
    struct Change: Sendable {
        let address: Address
        let account: Account
    }

    /// What becomes of it.
    package let receipt: TransactionReceipt
    private(set) var payer: Change?
    private(set) var others: (Change?, Change?) = (nil, nil)

    /// Finds out what a transaction does.
    /// - Throws: `StateMiss` when an account that it needs was not read.
    package init(
        of transaction: LedgerTransaction, on state: LedgerState, in context: TransactionContext
    ) throws(StateMiss) {
        let signed: SignedTransaction
        switch transaction.content {
        case .success(let found): signed = found
        case .failure(let fault):
            receipt = Self.ineffective(transaction, nil, .unparsable(fault))
            return
        }
        let principal = signed.body.principal
        let account = try state.accounts.get(principal) ?? Account()
        let payment: Payment
        switch Payment.of(transaction, signed, by: account, in: context) {
        case .success(let found): payment = found
        case .failure(let reason):
            receipt = Self.ineffective(transaction, principal, reason)
            return
        }
        let outcome: TransactionOutcome
        var work = AccountWork(principal: principal, account: payment.rest)
        if let failure = payment.failure {
            outcome = .failed(failure)
        } else {
            switch try work.perform(signed.body.action, spawning: transaction.spawned, on: state, context) {
            case .success(let event): outcome = .done(event)
            case .failure(let failure): outcome = .failed(failure)
            }
        }
        receipt = TransactionReceipt(
            id: transaction.id, principal: principal, outcome: outcome, gas: payment.gas, fee: payment.fee)
        payer = Change(address: principal, account: work.payer)
        others = work.others
    }

    /// Makes it so.
    /// - Throws: `StateMiss` when it is another state than the one that it was found out on.
    package func apply(to state: inout LedgerState) throws(StateMiss) {
        if let payer { try state.accounts.set(payer.address, payer.account) }
        if let first = others.0 { try state.accounts.set(first.address, first.account) }
        if let second = others.1 { try state.accounts.set(second.address, second.account) }
    }

    private static func ineffective(
        _ transaction: LedgerTransaction, _ principal: Address?, _ reason: Ineffective
    ) -> TransactionReceipt {
        TransactionReceipt(
            id: transaction.id, principal: principal, outcome: .ineffective(reason), gas: 0, fee: 0)
    }
}

/// What is taken for a transaction, whatever it does then.
private struct Payment {
    let gas: UInt64
    let fee: UInt64
    /// The account after it paid, its nonce moved on.
    let rest: Account
    /// Nothing more is done: the account could not pay all.
    let failure: Failure?

    /// The fee, or why there is none.
    static func of(
        _ transaction: LedgerTransaction, _ signed: SignedTransaction, by account: Account,
        in context: TransactionContext
    ) -> Result<Payment, Ineffective> {
        let signers: Signers
        switch Self.signers(transaction, signed, account) {
        case .success(let found): signers = found
        case .failure(let reason): return .failure(reason)
        }
        let body = signed.body
        guard body.gasPrice > 0 else { return .failure(.price) }
        let gas = signed.gas(for: signers, spawning: transaction.spawned)
        let intrinsic = product(gas.intrinsic, body.gasPrice)
        guard let intrinsic, account.balance >= intrinsic else {
            return .failure(.balance(has: account.balance, needs: intrinsic))
        }
        guard gas.most <= context.gasLeft else {
            return .failure(.gas(needs: gas.most, left: context.gasLeft))
        }
        guard context.isSigned else { return .failure(.signature) }
        guard body.nonce >= account.nextNonce else {
            return .failure(.nonce(has: body.nonce, next: account.nextNonce))
        }
        guard body.nonce < .max else { return .failure(.lastNonce) }
        return .success(Payment(gas: gas.most, price: body.gasPrice, nonce: body.nonce, of: account))
    }

    private init(gas: UInt64, price: UInt64, nonce: UInt64, of account: Account) {
        let whole = product(gas, price)
        let canPay = whole.map { $0 <= account.balance } ?? false
        self.gas = gas
        fee = canPay ? whole ?? account.balance : account.balance
        failure = canPay ? nil : .fee(has: account.balance, needs: whole)
        var rest = account
        // The fee is at most the balance, and the nonce below the largest.
        rest.balance -= fee
        rest.nextNonce = nonce + 1
        self.rest = rest
    }

    /// Who signs for the account, if its template does such things at all.
    private static func signers(
        _ transaction: LedgerTransaction, _ signed: SignedTransaction, _ account: Account
    ) -> Result<Signers, Ineffective> {
        guard let own = transaction.arguments(of: account) else { return .failure(.notSpawned) }
        guard let signers = own.signers else { return .failure(.vaultSigns) }
        switch signed.body.action {
        case .drain where own.template != .vesting: return .failure(.method(.drain, of: own.template))
        case .spawn(.vault(let terms)) where !terms.isPossible: return .failure(.vaultTerms)
        default: return .success(signers)
        }
    }
}

/// A product, if 64 bits hold it.
func product(_ left: UInt64, _ right: UInt64) -> UInt64? {
    let (value, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? nil : value
}
