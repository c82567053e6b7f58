/// The head of a block: CometBFT's fourteen fields, in its order.
///
/// A hash of zeros stands for none: CometBFT hashes an empty field there.
package struct BlockHeader: Hashable, Sendable {
    /// Most bytes of a chain's id.
    package static let mostChainBytes = 50

    /// Version of the block's form.
    package var blockVersion: UInt64
    /// Version of the state machine.
    package var appVersion: UInt64
    /// The chain's id with its revision, in ASCII.
    package var chain: String
    /// Its place in the chain, from 1 on.
    package var height: UInt64
    /// When its proposer made it.
    package var time: Timestamp
    /// The block before; nil at the first.
    package var lastBlock: BlockReference?
    /// What commits the block before.
    package var lastCommitHash: Bytes32
    /// Root over items and transactions.
    package var dataHash: Bytes32
    /// The set that decides on this block.
    package var validatorsHash: Bytes32
    /// The set that decides on the next one.
    package var nextValidatorsHash: Bytes32
    /// The parameters of consensus.
    package var consensusHash: Bytes32
    /// The state's root after the block before.
    package var appHash: Bytes32
    /// The results of the block before.
    package var lastResultsHash: Bytes32
    /// The evidence in this block.
    package var evidenceHash: Bytes32
    /// Who made it.
    package var proposer: ValidatorAddress

    /// A header of its place in the chain; whoever makes it sets the rest.
    package init(
        blockVersion: UInt64, appVersion: UInt64, chain: String, height: UInt64, time: Timestamp,
        lastBlock: BlockReference?, proposer: ValidatorAddress
    ) {
        self.blockVersion = blockVersion
        self.appVersion = appVersion
        self.chain = chain
        self.height = height
        self.time = time
        self.lastBlock = lastBlock
        self.proposer = proposer
        (lastCommitHash, dataHash, validatorsHash, nextValidatorsHash) = (.zero, .zero, .zero, .zero)
        (consensusHash, appHash, lastResultsHash, evidenceHash) = (.zero, .zero, .zero, .zero)
    }
}

/// A block: its head, what it does, and what committed the one before.
package struct Block: Hashable, Sendable {
    /// The head.
    package var header: BlockHeader
    /// The first items, each with its tag (spec: chain, §3).
    package var items: [[UInt8]]
    /// The transactions after them.
    package var transactions: [[UInt8]]
    /// What commits the block before; nil at the first.
    package var lastCommit: Certificate?

    /// A block of these parts.
    package init(
        header: BlockHeader, items: [[UInt8]], transactions: [[UInt8]], lastCommit: Certificate?
    ) {
        self.header = header
        self.items = items
        self.transactions = transactions
        self.lastCommit = lastCommit
    }
}

/// How large a block and its pieces may be.
package enum BlockLimit {
    /// Bytes of each part but the last.
    package static let partBytes = 65_536
    /// Most bytes of items and transactions together.
    package static let bodyBytes = 1 << 20
    /// Most bytes of a whole block: body, head, certificate and lengths.
    package static let bytes = bodyBytes + 2 * partBytes
    /// Most parts of a block.
    package static let parts = bytes / partBytes
    /// Most hashes of a part's proof.
    package static let proofHashes = 32
    /// Most items.
    package static let items = 1024
    /// Most transactions.
    package static let transactions = 16_384
    /// The highest block: sign bytes hold 63 bits of it.
    package static let height = UInt64(Int64.max)
    /// The last round: CometBFT's rounds have 31 bits.
    package static let round = UInt32(Int32.max)
}
