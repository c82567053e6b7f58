internal import NodeDomain
internal import NodeEncoding

extension Consensus {
    /// Where this node stands, for a peer that can help.
    var status: ConsensusStatus {
        let (round, size) = (state.round, context.validators.count)
        let proposal =
            tendermint.proposal(in: round)
            ?? candidates.first { $0.message.proposal.round == round }?.message.proposal
        let wanted = decidedBlock ?? proposal?.target.block
        let parts = wanted.flatMap { draft($0)?.parts.present } ?? MemberBitmap(count: 0)
        let step: SignedStep =
            switch state.step {
            case .unstarted, .propose: .proposal
            case .prevote: .prevote
            case .precommit, .commit: .precommit
            }
        return ConsensusStatus(
            height: context.height, round: round, step: step, parts: parts,
            prevotes: tendermint.votes.voters(.prevote, round) ?? MemberBitmap(count: size),
            precommits: tendermint.votes.voters(.precommit, round) ?? MemberBitmap(count: size))
    }

    /// A block with a commit whose parts are missing.
    private var decidedBlock: BlockReference? {
        for round in tendermint.votes.rounds {
            if let target = tendermint.votes.quorumBlock(.precommit, round) { return target.block }
        }
        return nil
    }

    /// Sends a peer what it lacks; a peer that is ahead is told that this node lacks something.
    mutating func answer(_ peerStatus: ConsensusStatus, to peer: UInt64) {
        guard !isReplaying, peer != 0 else { return }
        if peerStatus.height < context.height || peerStatus.height == context.height && hasCommitted {
            return emit(.serve(height: peerStatus.height, to: peer))
        }
        guard peerStatus.height == context.height else { return emit(.send(.status(status), to: peer)) }
        var budget = Limit.votesOfAnswer
        sendCertificates(above: peerStatus, to: peer)
        if peerStatus.round > state.round { return }
        let isThere = peerStatus.round == state.round
        sendProposal(isThere ? peerStatus : nil, to: peer)
        // First what its own round lacks: that is known, so that each answer brings it further.
        for kind in VoteKind.allCases {
            let known = kind == .prevote ? peerStatus.prevotes : peerStatus.precommits
            send(kind, peerStatus.round, without: known, to: peer, &budget)
        }
        guard !isThere else { return }
        // Then what it can skip a round by; those of this round alone may be too few.
        let rounds = state.round - peerStatus.round > 1 ? [state.round, state.round - 1] : [state.round]
        for round in rounds {
            for kind in VoteKind.allCases { send(kind, round, without: nil, to: peer, &budget) }
        }
    }

    private mutating func send(
        _ kind: VoteKind, _ round: UInt32, without known: MemberBitmap?, to peer: UInt64, _ budget: inout Int
    ) {
        guard let table = tendermint.votes.table(kind, round) else { return }
        for case let vote? in table.votes where budget > 0 && known?.contains(Int(vote.member)) != true {
            budget -= 1
            emit(.send(.vote(vote), to: peer))
        }
    }

    /// Certificates stand where first votes do not: a member that an equivocator deceived needs them to go on.
    private mutating func sendCertificates(above peerStatus: ConsensusStatus, to peer: UInt64) {
        for round in tendermint.votes.rounds {
            guard let target = tendermint.votes.quorumBlock(.precommit, round),
                let certificate = tendermint.votes.certificate(.precommit, round, for: target)
            else { continue }
            emit(.send(.certificate(certificate), to: peer))
            sendParts(of: target.block, round, without: peerStatus.parts, to: peer)
            return
        }
        guard let valid = state.valid, peerStatus.round == valid.round, peerStatus.step != .precommit,
            let polka = tendermint.votes.certificate(.prevote, valid.round, for: valid.target)
        else { return }
        emit(.send(.certificate(polka), to: peer))
    }

    private mutating func sendProposal(_ peerStatus: ConsensusStatus?, to peer: UInt64) {
        guard let candidate = candidates.first(where: { $0.message.proposal.round == state.round }) else {
            return
        }
        let proposal = candidate.message.proposal
        if peerStatus?.parts.count != Int(proposal.target.block.partsTotal) {
            emit(.send(.proposal(candidate.message), to: peer))
        }
        sendParts(of: proposal.target.block, proposal.round, without: peerStatus?.parts, to: peer)
    }

    private mutating func sendParts(
        of reference: BlockReference, _ round: UInt32, without known: MemberBitmap?, to peer: UInt64
    ) {
        guard let parts = draft(reference)?.parts, parts.isComplete else { return }
        let known = known?.count == parts.present.count ? known : nil
        for index in 0..<parts.present.count where known?.contains(index) != true {
            if let part = parts.part(index, height: context.height, round: round) {
                emit(.send(.part(part), to: peer))
            }
        }
    }

    // MARK: - Catching up

    /// A block that others decided: its commit is all that is asked of it, besides that it follows the last one.
    mutating func catchUp(_ block: Block, _ commit: Certificate, from peer: UInt64) {
        guard block.header.height == context.height, !hasCommitted else { return }
        guard let parts = BlockParts(block), block.isWhole, commit.kind == .precommit,
            commit.height == context.height,
            commit.target == VotedBlock(block: parts.reference, time: block.header.time)
        else { return emit(.blame(peer, "a decided block that its commit is not of")) }
        do {
            try context.validators.verify(commit, chain: context.chain, by: check)
        } catch {
            return emit(.blame(peer, error.description))
        }
        self.commit(block, parts.reference, commit)
    }

    // MARK: - After a crash

    /// Asks again for what was not answered, sets the timers again, and says again what was said.
    mutating func resume() {
        if hasCommitted, let decision = state.decision ?? lastDecision {
            hasCommitted = false
            guard let block = draft(decision.target.block)?.block,
                let certificate = tendermint.votes.certificate(
                    .precommit, decision.round, for: decision.target)
            else { return }
            return commit(block, decision.target.block, certificate)
        }
        let timers = awaited.timers
        for timer in timers where timer.isOf(state.round) { restart(timer) }
        if !timers.contains(.gossip) { schedule(.gossip, rules.gossip) }
        if !hasBegun, !timers.contains(.begin) { schedule(.begin, 0) }
        for word in awaited.signatures { emit(.sign(word)) }
        for reference in awaited.judgements {
            if let block = draft(reference)?.block { emit(.judge(reference, block)) }
        }
        if let body = awaited.body { emit(.prepare(round: body.round, time: body.time)) }
        for word in said where word.order.round == state.round {
            switch word {
            case .vote(let vote): emit(.broadcast(.vote(vote)))
            case .proposal(let proposal):
                emit(.broadcast(.proposal(message(of: proposal))))
                sendParts(proposal)
            }
        }
    }

    /// A commit that stood without the rules' own decision.
    private var lastDecision: RoundBlock? {
        for round in tendermint.votes.rounds {
            if let target = tendermint.votes.quorumBlock(.precommit, round) {
                return RoundBlock(target, round)
            }
        }
        return nil
    }

    private mutating func restart(_ timer: ConsensusTimer) {
        switch timer {
        case .begin: schedule(timer, max(context.earliest(rules), now) - now)
        case .round(let kind, let round): schedule(timer, rules.span(of: kind, round: round))
        case .gossip: schedule(timer, rules.gossip)
        }
    }
}
