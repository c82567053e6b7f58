package import NodeDomain

/// Tendermint's rules for one height (arXiv 1807.04938, Algorithm 1; spec: consensus, §3.2).
///
/// Inputs are checked before they come here: signatures, the proposer of a round, the validity of blocks. After each input the
/// rules are tried in the order G, H, A/B, C, D, E, F until none applies, so that the same inputs give the same outputs.
package struct Tendermint: Sendable {
    private struct Offer: Sendable {
        let proposal: Proposal
        let validity: Validity
    }

    /// The member's place; nil: it only watches.
    package let me: Int?
    /// Where the height stands.
    package private(set) var state = RoundState()
    /// The votes.
    package private(set) var votes: VoteKeeper
    /// At most two of a round, up to the round after the current.
    private var offers: [Offer] = []
    /// The round whose polka was seen (rule C), and those whose timers were set (rules E and F).
    private var polkaSeen: UInt32?
    private var prevoteTimed: UInt32?
    private var precommitTimed: UInt32?

    /// A height that has not begun.
    package init(powers: ValidatorSet, me: Int?) {
        self.me = me
        votes = VoteKeeper(powers)
    }

    /// Takes an input.
    /// - Returns: what is to be done, in this order.
    package mutating func handle(_ input: RoundInput) -> [RoundOutput] {
        var outputs: [RoundOutput] = []
        guard state.step != .commit else { return outputs }
        switch input {
        case .start(let round, let isProposer): start(round, isProposer, &outputs)
        case .value(let round, let target):
            if round == state.round, state.step == .propose {
                outputs.append(.propose(round, target, polRound: nil))
            }
        case .proposal(let proposal, let validity): add(proposal, validity, &outputs)
        case .vote(let vote):
            if case .conflict(let first, let second) = votes.add(vote) {
                outputs.append(.evidence(first, second))
            }
        case .certificate(let certificate): _ = votes.add(certificate)
        case .timeout(let timer, let round): expire(timer, round, &outputs)
        }
        while applyRule(&outputs) {}
        return outputs
    }

    /// The first proposal of a round.
    package func proposal(in round: UInt32) -> Proposal? {
        offers.first { $0.proposal.round == round }?.proposal
    }

    // MARK: - Inputs

    private mutating func start(_ round: UInt32, _ isProposer: Bool, _ outputs: inout [RoundOutput]) {
        guard round > state.round || round == state.round && state.step == .unstarted else { return }
        enter(round)
        state.step = .propose
        guard isProposer, me != nil else {
            outputs.append(.schedule(.propose, round))
            return
        }
        if let valid = state.valid {
            outputs.append(.propose(round, valid.target, polRound: valid.round))
        } else {
            outputs.append(.schedule(.propose, round))
            outputs.append(.getValue(round))
        }
    }

    private mutating func enter(_ round: UInt32) {
        state.round = round
        state.step = .unstarted
        votes.enter(round)
    }

    private mutating func add(_ proposal: Proposal, _ validity: Validity, _ outputs: inout [RoundOutput]) {
        guard proposal.round <= state.round || proposal.round - state.round == 1 else { return }
        let known = offers.filter { $0.proposal.round == proposal.round }
        if known.contains(where: {
            $0.proposal.target == proposal.target && $0.proposal.polRound == proposal.polRound
        }) {
            return
        }
        if let first = known.first {
            outputs.append(.doubleProposal(first.proposal, proposal))
            guard known.count < 2 else { return }
        }
        offers.append(Offer(proposal: proposal, validity: validity))
    }

    private mutating func expire(_ timer: RoundTimer, _ round: UInt32, _ outputs: inout [RoundOutput]) {
        guard round == state.round else { return }
        switch timer {
        case .propose where state.step == .propose: vote(.prevote, nil, &outputs)
        case .prevote where state.step == .prevote: vote(.precommit, nil, &outputs)
        case .precommit: next(round + 1, &outputs)
        default: break
        }
    }

    private mutating func next(_ round: UInt32, _ outputs: inout [RoundOutput]) {
        enter(round)
        outputs.append(.newRound(round))
    }

    private mutating func vote(_ kind: VoteKind, _ target: VotedBlock?, _ outputs: inout [RoundOutput]) {
        state.step = kind == .prevote ? .prevote : .precommit
        if me != nil { outputs.append(.vote(kind, state.round, target)) }
    }

    // MARK: - Rules

    /// Applies the first rule that fits; false when none does.
    private mutating func applyRule(_ outputs: inout [RoundOutput]) -> Bool {
        guard state.step != .commit else { return false }
        if decide(&outputs) || skip(&outputs) { return true }
        guard state.step != .unstarted else { return false }
        return prevote(&outputs) || lock(&outputs) || precommitNil(&outputs) || timePrevotes(&outputs)
            || timePrecommits(&outputs)
    }

    /// G: a proposal of any round with precommits of more than two thirds is decided.
    private mutating func decide(_ outputs: inout [RoundOutput]) -> Bool {
        for offer in offers where offer.validity != .invalid {
            let (target, round) = (offer.proposal.target, offer.proposal.round)
            guard votes.hasQuorum(.precommit, round, for: target) else { continue }
            let decision = RoundBlock(target, round)
            state.decision = decision
            state.step = .commit
            outputs.append(.decide(decision))
            return true
        }
        return false
    }

    /// H: more than a third is in a later round.
    private mutating func skip(_ outputs: inout [RoundOutput]) -> Bool {
        guard let round = votes.honestRound(after: state.round) else { return false }
        next(round, &outputs)
        return true
    }

    /// A and B: the round's proposal is prevoted, or no block is.
    private mutating func prevote(_ outputs: inout [RoundOutput]) -> Bool {
        guard state.step == .propose,
            let offer = offers.first(where: { $0.proposal.round == state.round })
        else { return false }
        let target = offer.proposal.target
        let isLocked = state.locked.map { $0.target != target } ?? false
        guard let polRound = offer.proposal.polRound else {
            vote(.prevote, offer.validity == .valid && !isLocked ? target : nil, &outputs)
            return true
        }
        guard polRound < state.round, votes.hasQuorum(.prevote, polRound, for: target) else { return false }
        let isFree = !isLocked || state.locked.map { $0.round <= polRound } ?? true
        vote(.prevote, offer.validity != .invalid && isFree ? target : nil, &outputs)
        return true
    }

    /// C: a polka for the round's proposal, once: it is valid, and locked when the precommit is not out.
    private mutating func lock(_ outputs: inout [RoundOutput]) -> Bool {
        guard state.step != .propose, polkaSeen != state.round else { return false }
        for offer in offers where offer.proposal.round == state.round && offer.validity != .invalid {
            let target = offer.proposal.target
            guard votes.hasQuorum(.prevote, state.round, for: target) else { continue }
            polkaSeen = state.round
            state.valid = RoundBlock(target, state.round)
            if state.step == .prevote {
                state.locked = RoundBlock(target, state.round)
                vote(.precommit, target, &outputs)
            }
            return true
        }
        return false
    }

    /// D: a polka for no block; what is locked stays locked.
    private mutating func precommitNil(_ outputs: inout [RoundOutput]) -> Bool {
        guard state.step == .prevote, votes.hasQuorum(.prevote, state.round, for: nil) else { return false }
        vote(.precommit, nil, &outputs)
        return true
    }

    /// E: more than two thirds prevoted, for whatever: a polka is waited for, once.
    private mutating func timePrevotes(_ outputs: inout [RoundOutput]) -> Bool {
        guard state.step == .prevote, prevoteTimed != state.round,
            votes.hasQuorumOfAny(.prevote, state.round)
        else { return false }
        prevoteTimed = state.round
        outputs.append(.schedule(.prevote, state.round))
        return true
    }

    /// F: more than two thirds precommitted, for whatever: a decision is waited for, once.
    private mutating func timePrecommits(_ outputs: inout [RoundOutput]) -> Bool {
        guard precommitTimed != state.round, votes.hasQuorumOfAny(.precommit, state.round) else {
            return false
        }
        precommitTimed = state.round
        outputs.append(.schedule(.precommit, state.round))
        return true
    }
}
