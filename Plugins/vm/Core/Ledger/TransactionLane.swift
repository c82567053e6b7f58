/// The transactions of one block, executed in their order.
///
/// It keeps what the block needs of them: gas, fees, receipts. When a `StateMiss` comes out of it, all that was done is thrown away
/// and the block begins anew.
package struct TransactionLane: Sendable {
    /// The layer of the block.
    package let layer: UInt64
    /// Gas that is left.
    package private(set) var gasLeft: UInt64
    /// Smidge that were taken; they are the block's to give away.
    package private(set) var fees: UInt64 = 0
    /// What became of each, in order.
    package private(set) var receipts: [TransactionReceipt] = []

    /// A block of a layer with so much gas.
    package init(layer: UInt64, gas: UInt64) {
        self.layer = layer
        gasLeft = gas
    }

    /// Executes a list, with a verdict on the signatures of each.
    /// - Throws: `StateMiss` when an account was not read.
    package mutating func run(
        _ transactions: [LedgerTransaction], signed: [Bool], on state: inout LedgerState
    ) throws(StateMiss) {
        receipts.reserveCapacity(receipts.count + transactions.count)
        for (transaction, isSigned) in zip(transactions, signed) {
            try run(transaction, isSigned: isSigned, on: &state)
        }
    }

    /// Executes the next one.
    /// - Throws: `StateMiss` when an account was not read; nothing of it was done then.
    @discardableResult
    package mutating func run(
        _ transaction: LedgerTransaction, isSigned: Bool, on state: inout LedgerState
    ) throws(StateMiss) -> TransactionReceipt {
        let effect = try TransactionEffect(
            of: transaction, on: state,
            in: TransactionContext(layer: layer, gasLeft: gasLeft, isSigned: isSigned))
        var receipt = effect.receipt
        let (sum, overflow) = fees.addingReportingOverflow(receipt.fee)
        if overflow {
            // No state that began with less than 2^64 smidge comes here; but were it to, none may be lost.
            receipt = TransactionReceipt(
                id: receipt.id, principal: receipt.principal, outcome: .ineffective(.feeSum), gas: 0, fee: 0)
        } else {
            try effect.apply(to: &state)
            fees = sum
            gasLeft -= receipt.gas
        }
        receipts.append(receipt)
        return receipt
    }
}
