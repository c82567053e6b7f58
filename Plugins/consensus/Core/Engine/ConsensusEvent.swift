package import NodeDomain
package import NodeEncoding

/// What consensus is waked by.
package enum ConsensusTimer: Hashable, Sendable {
    /// The height's first round may begin.
    case begin
    /// A round's timer.
    case round(RoundTimer, UInt32)
    /// Say where this node stands.
    case gossip

    /// Whether it still means something in a round.
    func isOf(_ current: UInt32) -> Bool {
        if case .round(_, let round) = self { round == current } else { true }
    }
}

/// What a proposer's ledger and mempool made of a height.
package struct ProposalBody: Hashable, Sendable {
    /// System record, evidence, PoET proof, activations.
    package var items: [[UInt8]]
    /// Transactions in the block's order.
    package var transactions: [[UInt8]]

    /// A body of these parts.
    package init(items: [[UInt8]], transactions: [[UInt8]]) {
        self.items = items
        self.transactions = transactions
    }
}

/// What is signed: a vote, or a proposal.
package enum SignedWord: Hashable, Sendable {
    /// A vote; its signature is empty when it is a request.
    case vote(Vote)
    /// A proposal; likewise.
    case proposal(Proposal)

    /// Height, round and step: the order in which a signer goes on.
    package var order: (height: UInt64, round: UInt32, step: UInt8) {
        switch self {
        case .vote(let vote): (vote.height, vote.round, vote.kind == .prevote ? 2 : 3)
        case .proposal(let proposal): (proposal.height, proposal.round, 1)
        }
    }

    /// The same without its signature.
    package var unsigned: SignedWord {
        switch self {
        case .vote(var vote):
            vote.signature = []
            return .vote(vote)
        case .proposal(var proposal):
            proposal.signature = []
            return .proposal(proposal)
        }
    }
}

/// What happens to consensus; all but `begin` goes to the log before it takes effect.
package enum ConsensusEvent: Hashable, Sendable {
    /// From a peer, or asked from one. `from` names who is to blame.
    case message(ConsensusMessage, from: UInt64)
    /// A timer went off.
    case timeout(ConsensusTimer)
    /// A block can be made for a round; nil: it cannot.
    case prepared(round: UInt32, ProposalBody?)
    /// What the ledger says of a block.
    case judged(BlockReference, isAccepted: Bool)
    /// The signer's answer.
    case signed(SignedWord)
    /// The signer will not sign this.
    case refused(SignedWord)
    /// A decided block from a peer that is ahead.
    case decided(Block, Certificate, from: UInt64)
}
