/// The two votes of a round; the numbers are those of CometBFT's canonical messages.
package enum VoteKind: UInt8, Sendable, CaseIterable, Hashable {
    /// For what may be locked.
    case prevote = 1
    /// For what may be decided.
    case precommit = 2

    /// What a signer calls it.
    package var step: SignedStep { self == .prevote ? .prevote : .precommit }
}

/// What a vote is for: a block, and the time in its header.
///
/// The time is part of what is signed, so two votes for one block that differ in it are votes for different things; the wrong one
/// never meets a proposal.
package struct VotedBlock: Hashable, Sendable, Comparable {
    /// The block.
    package var block: BlockReference
    /// The time in its header.
    package var time: Timestamp

    /// A block and its time.
    package init(block: BlockReference, time: Timestamp) {
        self.block = block
        self.time = time
    }

    /// By block, then time.
    package static func < (left: VotedBlock, right: VotedBlock) -> Bool {
        (left.block, left.time) < (right.block, right.time)
    }
}

/// A member's vote (arXiv 1807.04938, Algorithm 1).
package struct Vote: Hashable, Sendable {
    /// Which of the two.
    package var kind: VoteKind
    /// At which height.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// For what; nil: for no block.
    package var target: VotedBlock?
    /// The member's place in the height's set.
    package var member: UInt32
    /// 64 bytes of its key; empty before it is signed.
    package var signature: [UInt8]

    /// A vote of these fields.
    package init(
        kind: VoteKind, height: UInt64, round: UInt32, target: VotedBlock?, member: UInt32,
        signature: [UInt8] = []
    ) {
        self.kind = kind
        self.height = height
        self.round = round
        self.target = target
        self.member = member
        self.signature = signature
    }
}

/// A proposer's word for a block in a round.
package struct Proposal: Hashable, Sendable {
    /// At which height.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// The round of the polka it rests on, below its own; nil: none.
    package var polRound: UInt32?
    /// What is proposed.
    package var target: VotedBlock
    /// 64 bytes of the proposer's key; empty before it is signed.
    package var signature: [UInt8]

    /// A proposal of these fields.
    package init(
        height: UInt64, round: UInt32, polRound: UInt32?, target: VotedBlock, signature: [UInt8] = []
    ) {
        self.height = height
        self.round = round
        self.polRound = polRound
        self.target = target
        self.signature = signature
    }
}
