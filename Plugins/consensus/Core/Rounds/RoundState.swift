package import NodeDomain

/// Where a member stands in a round.
package enum RoundStep: UInt8, Sendable, Hashable {
    /// The round is known and has not begun.
    case unstarted
    /// Waiting for a proposal.
    case propose
    /// The prevote is out.
    case prevote
    /// The precommit is out.
    case precommit
    /// A block is decided.
    case commit
}

/// A block and the round it was locked, valid or decided in.
package struct RoundBlock: Hashable, Sendable {
    /// The block.
    package let target: VotedBlock
    /// The round.
    package let round: UInt32

    /// A block in a round.
    package init(_ target: VotedBlock, _ round: UInt32) {
        self.target = target
        self.round = round
    }
}

/// The state of Algorithm 1 within a height.
package struct RoundState: Hashable, Sendable {
    /// The current round.
    package var round: UInt32 = 0
    /// Where it stands.
    package var step = RoundStep.unstarted
    /// What was precommitted last: nothing else is prevoted without a later polka.
    package var locked: RoundBlock?
    /// What had a polka last: what is proposed.
    package var valid: RoundBlock?
    /// What was decided.
    package var decision: RoundBlock?
}

/// What a round waits for at most.
package enum RoundTimer: UInt8, Sendable, Hashable, CaseIterable {
    /// A proposal.
    case propose
    /// A polka.
    case prevote
    /// A decision.
    case precommit
}

/// What a member thinks of a proposed block.
package enum Validity: UInt8, Sendable, Hashable {
    /// Good in every way.
    case valid
    /// Good, but its time is not near enough: it gets no vote unless others gave it a polka.
    case untimely
    /// Nobody may vote for it.
    case invalid
}

/// What happens to a height.
package enum RoundInput: Sendable {
    /// The round begins; whether this member proposes in it.
    case start(UInt32, isProposer: Bool)
    /// What this member can propose.
    case value(UInt32, VotedBlock)
    /// A proposal whose signature and block were checked.
    case proposal(Proposal, Validity)
    /// A vote whose signature was checked.
    case vote(Vote)
    /// A certificate that was verified.
    case certificate(Certificate)
    /// A timer went off.
    case timeout(RoundTimer, UInt32)
}

/// What is to be done for a height.
package enum RoundOutput: Sendable, Hashable {
    /// Begin this round.
    case newRound(UInt32)
    /// Set a timer.
    case schedule(RoundTimer, UInt32)
    /// Make a block to propose.
    case getValue(UInt32)
    /// Propose a block; with the round of its polka.
    case propose(UInt32, VotedBlock, polRound: UInt32?)
    /// Vote.
    case vote(VoteKind, UInt32, VotedBlock?)
    /// A block is decided, by precommits of a round.
    case decide(RoundBlock)
    /// Two votes of one member that exclude each other.
    case evidence(Vote, Vote)
    /// Two proposals of one round that exclude each other.
    case doubleProposal(Proposal, Proposal)
}
