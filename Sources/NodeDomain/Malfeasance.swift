/// Two signatures of one operator that exclude each other (spec: chain, §3); unsigned: anyone posts them.
package struct Malfeasance: Hashable, Sendable {
    /// The only version there is.
    package static let version: UInt8 = 1

    /// What was signed twice.
    package var step: SignedStep
    /// At which height.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// By whom.
    package var `operator`: Bytes32
    /// The signature for the lower block; no block is the lowest.
    package var first: SignedBlock
    /// The signature for the higher block.
    package var second: SignedBlock

    /// Evidence of these fields.
    package init(
        step: SignedStep, height: UInt64, round: UInt32, operator: Bytes32, first: SignedBlock,
        second: SignedBlock
    ) {
        self.step = step
        self.height = height
        self.round = round
        self.operator = `operator`
        self.first = first
        self.second = second
    }
}

/// What a member of a committee signs; the numbers are those of CometBFT's canonical messages.
package enum SignedStep: UInt8, Sendable, CaseIterable {
    /// A prevote.
    case prevote = 1
    /// A precommit.
    case precommit = 2
    /// A proposal.
    case proposal = 0x20
}

/// One of two signatures, with what its canonical bytes need besides height and round.
package struct SignedBlock: Hashable, Sendable {
    /// The largest number of nanoseconds below a second.
    package static let mostNanoseconds: UInt32 = 999_999_999

    /// The block; nil: a vote for none.
    package var block: BlockReference?
    /// Of a proposal with a polka its round and 1; 0 of all else.
    package var polRound: UInt32
    /// Whole seconds of the block's time; 0 without a block.
    package var seconds: UInt64
    /// Nanoseconds beyond them; 0 without a block.
    package var nanoseconds: UInt32
    /// 64 bytes of the operator.
    package var signature: [UInt8]

    /// A signature of these fields.
    package init(
        block: BlockReference?, polRound: UInt32, seconds: UInt64, nanoseconds: UInt32, signature: [UInt8]
    ) {
        self.block = block
        self.polRound = polRound
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.signature = signature
    }
}

/// A block by its hash and its parts.
package struct BlockReference: Hashable, Sendable, Comparable {
    /// Hash of the header.
    package var hash: Bytes32
    /// How many parts it is sent in.
    package var partsTotal: UInt32
    /// Root over the parts.
    package var partsHash: Bytes32

    /// A reference of these fields.
    package init(hash: Bytes32, partsTotal: UInt32, partsHash: Bytes32) {
        self.hash = hash
        self.partsTotal = partsTotal
        self.partsHash = partsHash
    }

    /// By hash, then number of parts, then their hash.
    package static func < (left: BlockReference, right: BlockReference) -> Bool {
        (left.hash, left.partsTotal, left.partsHash) < (right.hash, right.partsTotal, right.partsHash)
    }
}
