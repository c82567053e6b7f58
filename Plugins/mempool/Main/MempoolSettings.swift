internal import MempoolCore
internal import NodeConfiguration

/// The mempool's configuration, with the defaults of config/mempool.yaml filled in.
struct MempoolSettings: Sendable {
    var limits = MempoolLimits()
    var syncMilliseconds = 500

    init(_ file: MempoolFile) {
        limits.transactions = file.maxTransactions ?? limits.transactions
        limits.transactionBytes = file.maxBytes ?? limits.transactionBytes
        limits.transactionsOfAccount = file.maxPerAccount ?? limits.transactionsOfAccount
        syncMilliseconds = file.syncMilliseconds ?? syncMilliseconds
    }
}

/// Limits of what is asked of this process.
enum ServiceLimit {
    /// Transactions of a selection, and of a block.
    static let transactions = 65_536
    /// Bytes of a selection's transactions.
    static let selectionBytes = 2 << 20
    /// Items of a block besides its transactions.
    static let items = 1_024
    /// Candidates that wait for the ledger's word.
    static let waiting = 16_384
    /// Bytes of candidates in one call of the ledger, and of an answer.
    static let callBytes = 2 << 20
    /// Calls of the ledger at once.
    static let callsAtOnce = 3
    /// Milliseconds that a block's news may take after the ledger's own.
    static let newsPatience: UInt64 = 2_000
    /// How often an item that was refused at a start is judged again: a post-worker may be a moment later.
    static let itemTries = 10
}
