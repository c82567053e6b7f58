internal import NodeDomain
internal import NodeEncoding

extension Consensus {
    /// A message of a peer; whatever does not belong to this height or the next is dropped.
    mutating func take(_ message: ConsensusMessage, from peer: UInt64) {
        switch message {
        case .vote(let vote): take(vote, from: peer)
        case .proposal(let message): take(message, from: peer)
        case .certificate(let certificate): take(certificate, from: peer)
        case .part(let part): take(part, from: peer)
        case .status(let status): answer(status, to: peer)
        }
    }

    /// A vote: known ones cost no check of a signature.
    mutating func take(_ vote: Vote, from peer: UInt64) {
        if vote.height == context.height + 1 { return keepEarly(vote, from: peer) }
        if vote.height + 1 == context.height { return keepLate(vote, from: peer) }
        guard vote.height == context.height, !hasCommitted else { return }
        let place = Int(vote.member)
        guard let member = context.validators.member(at: place) else {
            return emit(.blame(peer, "a vote of member \(place), who is not there"))
        }
        if let first = tendermint.votes.vote(vote.kind, vote.round, of: place) {
            if first.target == vote.target { return }
            if shown.contains(where: { $0 == (vote.round, vote.kind, vote.member) }) { return }
        }
        guard check(vote.signature, SignBytes.of(vote, chain: context.chain), member.key) else {
            return emit(.blame(peer, "a vote of member \(place) with a wrong signature"))
        }
        record(.message(.vote(vote), from: peer))
        drive(.vote(vote))
    }

    private mutating func keepEarly(_ vote: Vote, from peer: UInt64) {
        guard earlyVotes.count(where: { $0.member == vote.member }) < Limit.earlyVotes,
            !earlyVotes.contains(vote), let member = context.nextValidators.member(at: Int(vote.member))
        else { return }
        guard check(vote.signature, SignBytes.of(vote, chain: context.chain), member.key) else {
            return emit(.blame(peer, "a vote with a wrong signature"))
        }
        earlyVotes.append(vote)
        hasTaken = true
    }

    /// A precommit for the block before that its commit lacks: who made it was there, and the next block is to say so.
    private mutating func keepLate(_ vote: Vote, from peer: UInt64) {
        let place = Int(vote.member)
        guard var commit = context.lastCommit, vote.kind == commit.kind, vote.round == commit.round,
            vote.target == commit.target, !commit.members.contains(place),
            let member = context.lastValidators?.member(at: place)
        else { return }
        let bytes = SignBytes.of(vote, chain: context.lastChain ?? context.chain)
        guard check(vote.signature, bytes, member.key) else {
            return emit(.blame(peer, "a late vote of member \(place) with a wrong signature"))
        }
        commit.signatures.insert(vote.signature, at: commit.members.places.count { $0 < place })
        commit.members.insert(place)
        context.lastCommit = commit
        record(.message(.vote(vote), from: peer))
    }

    /// A polka or a commit of this height.
    mutating func take(_ certificate: Certificate, from peer: UInt64) {
        guard certificate.height == context.height, !hasCommitted,
            !tendermint.votes.has(certificate)
        else { return }
        do {
            try context.validators.verify(certificate, chain: context.chain, by: check)
        } catch {
            return emit(.blame(peer, error.description))
        }
        record(.message(.certificate(certificate), from: peer))
        drive(.certificate(certificate))
    }

    // MARK: - Evidence

    /// Two votes of one member: everybody shall know.
    mutating func show(_ first: Vote, _ second: Vote) {
        shown.append((first.round, first.kind, first.member))
        guard let member = context.validators.member(at: Int(first.member)) else { return }
        show(
            first.kind.step, first.round, member.key, SignedBlock(first.target, nil, first.signature),
            SignedBlock(second.target, nil, second.signature))
    }

    /// Two proposals of one round.
    mutating func show(_ first: Proposal, _ second: Proposal) {
        guard let member = context.proposer(round: first.round) else { return }
        show(
            .proposal, first.round, member.key, SignedBlock(first.target, first.polRound, first.signature),
            SignedBlock(second.target, second.polRound, second.signature))
    }

    private mutating func show(
        _ step: SignedStep, _ round: UInt32, _ key: Bytes32, _ one: SignedBlock, _ other: SignedBlock
    ) {
        // Two signatures for one block, with another time or another polka, are no evidence by the chain's rules.
        guard one.block != other.block else { return }
        let isFirst =
            switch (one.block, other.block) {
            case (nil, _): true
            case (_, nil): false
            case (let one?, let other?): one < other
            }
        emit(
            .evidence(
                Malfeasance(
                    step: step, height: context.height, round: round, operator: key,
                    first: isFirst ? one : other, second: isFirst ? other : one)))
    }
}

extension SignedBlock {
    init(_ target: VotedBlock?, _ polRound: UInt32?, _ signature: [UInt8]) {
        self.init(
            block: target?.block, polRound: polRound.map { $0 &+ 1 } ?? 0,
            seconds: UInt64(clamping: target?.time.seconds ?? 0),
            nanoseconds: UInt32(clamping: target?.time.nanoseconds ?? 0), signature: signature)
    }
}
