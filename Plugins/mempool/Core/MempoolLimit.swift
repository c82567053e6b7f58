internal import NodeEncoding

/// How much may wait: what a machine has room for, and what the protocol says.
package struct MempoolLimits: Hashable, Sendable {
    /// Transactions altogether.
    package var transactions = 65_536
    /// Bytes of all transactions.
    package var transactionBytes = 32 << 20
    /// Transactions of one account.
    package var transactionsOfAccount = 100
    /// Plot proofs of all activations.
    package var plotProofs = 4_096
    /// Bytes of all activations.
    package var activationBytes = 2_000_000
    /// Epochs of which a PoET proof is kept.
    package var poetEpochs = 2
    /// Pieces of evidence, and their bytes.
    package var evidence = 256
    package var evidenceBytes = 256 << 10

    /// The defaults of config/mempool.yaml, and those that no file changes.
    package init() {}
}

/// Limits that are the same in every mempool.
package enum MempoolLimit {
    /// Candidates of one call, in and out.
    package static let candidates = 256
    /// Heights for which a transaction waits for the nonces before it.
    package static let gapHeights: UInt64 = 4
    /// Transactions that are judged anew after a block, besides those of accounts that the block touched.
    package static let rejudgedAtOnce = 1_024
    /// Bytes of evidence in a block.
    package static let evidenceBytesOfBlock = 64 << 10
    /// Ids of one announcement.
    package static let announced = 512

    /// The most bytes that an item of a kind may have.
    package static func bytes(of kind: CandidateKind) -> Int {
        switch kind {
        case .transaction: largestTransaction
        case .activation: 128 << 10
        case .poetProof: 192 << 10
        case .evidence: 1_024
        }
    }
}
