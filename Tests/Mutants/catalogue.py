"""Rules of consensus, broken one at a time: what the simulator must see.

A mutant is a name, the first seed that sees it, and patches: a file, a text that is in it exactly once, and the text in its place.
There `MUTANT` is the condition that this mutant is the active one, and `OLD` the old text.
"""

CORE = "Plugins/consensus/Core/"
SIM = "Tests/ConsensusSim/"
RULES = CORE + "Rounds/Tendermint.swift"
KEEPER = CORE + "Votes/VoteKeeper.swift"
ENGINE = CORE + "Engine/Consensus.swift"
VOTES = CORE + "Engine/Consensus+Votes.swift"
PROPOSALS = CORE + "Engine/Consensus+Proposals.swift"
GOSSIP = CORE + "Engine/Consensus+Gossip.swift"
SETS = CORE + "Sets/"

MUTANTS = [
    ("a lock is ignored", 2, [
        (RULES, "state.locked.map { $0.target != target } ?? false", "(MUTANT ? false : OLD)")]),
    ("a lock is lost in a crash: the log is not read", 117, [
        (ENGINE, "for record in log {", "for record in (MUTANT ? [] : log) {"),
        (ENGINE, "if log.isEmpty {", "if MUTANT || log.isEmpty {")]),
    ("a re-proposal needs no polka", 78, [
        (PROPOSALS, "return tendermint.votes.hasQuorum(.prevote, polRound, for: proposal.target)",
         "return MUTANT || tendermint.votes.hasQuorum(.prevote, polRound, for: proposal.target)"),
        (RULES, "votes.hasQuorum(.prevote, polRound, for: target)", "(MUTANT || OLD)")]),
    ("half of the power is a quorum", 1, [
        (SETS + "ValidatorSet.swift", "Int128(power) * 3 > Int128(totalPower) * 2",
         "(MUTANT ? Int128(power) * 2 >= Int128(totalPower) : OLD)")]),
    ("no certificates: neither with re-proposals nor for those that lag", 25, [
        (PROPOSALS, "if let polka, polka.kind == .prevote", "if !MUTANT, let polka, polka.kind == .prevote"),
        (GOSSIP, "        sendCertificates(above: peerStatus, to: peer)", "        if !MUTANT { sendCertificates(above: peerStatus, to: peer) }")]),
    ("a member votes twice in a round", 1, [
        (SIM + "SimNode.swift", "guard let record else { return .new }", "guard !MUTANT, let record else { return .new }"),
        (RULES, "case .propose where state.step == .propose:", "case .propose where MUTANT || state.step == .propose:")]),
    ("nothing is written to the log", 117, [
        (ENGINE, "emit(.append(ConsensusRecord(now: now, event: event)))", "if !MUTANT { OLD }")]),
    ("the log is not flushed before a signature", 909, [
        (ENGINE, "        emit(.sync)", "        if !MUTANT { emit(.sync) }")]),
    ("the timer of prevotes is set more than once", 1, [
        (RULES, "prevoteTimed = state.round\n        outputs.append(.schedule(.prevote, state.round))\n        return true",
         "prevoteTimed = MUTANT ? nil : state.round\n        outputs.append(.schedule(.prevote, state.round))\n        return !MUTANT")]),
    ("the timer of precommits is set more than once", 1, [
        (RULES, "precommitTimed = state.round\n        outputs.append(.schedule(.precommit, state.round))\n        return true",
         "precommitTimed = MUTANT ? nil : state.round\n        outputs.append(.schedule(.precommit, state.round))\n        return !MUTANT")]),
    ("a height has one proposer for all rounds", 2, [
        (SETS + "ProposerRotation.swift", "for _ in 0..<round { copy.increment() }", "for _ in 0..<(MUTANT ? 0 : round) { copy.increment() }")]),
    ("proposers do not move with heights", 2, [
        (CORE + "Engine/HeightContext.swift", "next.rotation.increment()", "if !MUTANT { OLD }")]),
    ("later rounds are kept without a bound", 24, [
        (KEEPER, "if known.count >= Self.aheadRounds {", "if !MUTANT, known.count >= Self.aheadRounds {")]),
    ("a member that is behind does not skip rounds", 1, [
        (RULES, "guard let round = votes.honestRound(after: state.round)", "guard !MUTANT, let round = votes.honestRound(after: state.round)")]),
    ("signatures of votes are not checked: evidence against honest members", 5, [
        (VOTES, 'guard check(vote.signature, SignBytes.of(vote, chain: context.chain), member.key) else {\n            return emit(.blame(peer, "a vote of',
         'guard MUTANT || check(vote.signature, SignBytes.of(vote, chain: context.chain), member.key) else {\n            return emit(.blame(peer, "a vote of')]),
    ("signatures of certificates are not checked", 5, [
        (VOTES, "try context.validators.verify(certificate, chain: context.chain, by: check)",
         "try context.validators.verify(certificate, chain: context.chain) { MUTANT || check($0, $1, $2) }")]),
    ("a block's time is not looked at", 1, [
        (PROPOSALS, "return rules.isTimely(block.header.time, at: candidate.received, round: proposal.round)",
         "return MUTANT || rules.isTimely(block.header.time, at: candidate.received, round: proposal.round)")]),
    ("a re-proposal's time is looked at", 25, [
        (PROPOSALS, "guard proposal.polRound == nil else { return .valid }",
         "guard proposal.polRound == nil else {\n            return MUTANT && !rules.isTimely(block.header.time, at: candidate.received, round: 0) ? .untimely : .valid\n        }"),
        (RULES, "offer.validity != .invalid && isFree", "(MUTANT ? offer.validity == .valid : offer.validity != .invalid) && isFree")]),
    ("a polka for no block opens a lock", 117, [
        (RULES, "vote(.precommit, nil, &outputs)\n        return true", "if MUTANT { state.locked = nil }\n        OLD")]),
    ("prevotes decide", 1, [
        (RULES, "votes.hasQuorum(.precommit, round, for: target)", "votes.hasQuorum(MUTANT ? .prevote : .precommit, round, for: target)"),
        (ENGINE, "let certificate = tendermint.votes.certificate(.precommit, decision.round, for: decision.target)",
         "let certificate = tendermint.votes.certificate(MUTANT ? .prevote : .precommit, decision.round, for: decision.target)")]),
    ("a precommit of a round that is over counts in the current one", 2, [
        (KEEPER, "let place = open(vote.round)", "let place = open(MUTANT && vote.kind == .precommit ? max(vote.round, current) : vote.round)")]),
    ("the ledger's word is not heard", 13, [
        (PROPOSALS, "guard isAccepted, block.header.time == proposal.target.time", "guard MUTANT || isAccepted, block.header.time == proposal.target.time")]),
]
