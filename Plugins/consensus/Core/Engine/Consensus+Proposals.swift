internal import NodeDomain
internal import NodeEncoding

extension Consensus {
    // MARK: - What this node proposes

    /// Makes a block of a body; the ledger judges it like anybody's before it is proposed.
    mutating func build(_ round: UInt32, _ body: ProposalBody?) {
        guard let awaitedBody = awaited.body, awaitedBody.round == round else { return }
        awaited.body = nil
        guard let body, round == state.round, state.step == .propose, let me,
            let member = context.validators.member(at: me)
        else { return }
        let header = context.header(
            time: Timestamp(milliseconds: awaitedBody.time), proposer: member.address)
        var block = Block(
            header: header, items: body.items, transactions: body.transactions,
            lastCommit: context.lastCommit)
        block.header.dataHash = block.dataHash
        block.header.evidenceHash = block.evidenceHash
        guard let parts = BlockParts(block) else {
            return emit(.tell("the block for height \(context.height) is over \(BlockLimit.bytes) bytes"))
        }
        var draft = Draft(parts: PartSet(parts), block: block)
        draft.fault = fault(of: block)
        set(parts.reference, draft)
        request(parts.reference, block)
    }

    /// A block that this node made was judged: now it can be proposed.
    private mutating func propose(_ reference: BlockReference) {
        guard let me, context.rotation.proposer(round: state.round) == me, state.step == .propose,
            let draft = draft(reference), draft.isAccepted == true, let block = draft.block,
            block.header.proposer == context.validators.member(at: me)?.address,
            !said.contains(where: { $0.order.step == 1 && $0.order.round == state.round })
        else { return }
        drive(.value(state.round, VotedBlock(block: reference, time: block.header.time)))
    }

    /// A proposal with the polka that it rests on.
    func message(of proposal: Proposal) -> ProposalMessage {
        ProposalMessage(
            proposal: proposal,
            polka: proposal.polRound.flatMap {
                tendermint.votes.certificate(.prevote, $0, for: proposal.target)
            })
    }

    mutating func sendParts(_ proposal: Proposal) {
        guard let parts = draft(proposal.target.block)?.parts else { return }
        for index in 0..<parts.present.count {
            if let part = parts.part(index, height: proposal.height, round: proposal.round) {
                emit(.broadcast(.part(part)))
            }
        }
    }

    // MARK: - What others propose

    /// A proposal: its signature and its polka are checked before anything is kept.
    mutating func take(_ message: ProposalMessage, from peer: UInt64) {
        let proposal = message.proposal
        guard proposal.height == context.height, !hasCommitted,
            proposal.round <= state.round || proposal.round - state.round == 1,
            !candidates.contains(where: { $0.message.proposal.isSame(as: proposal) }),
            candidates.count(where: { $0.message.proposal.round == proposal.round }) < Limit.proposals
        else { return }
        guard let proposer = context.proposer(round: proposal.round),
            check(proposal.signature, SignBytes.of(proposal, chain: context.chain), proposer.key)
        else { return emit(.blame(peer, "a proposal that the round's proposer did not sign")) }
        guard (proposal.polRound ?? 0) < max(proposal.round, 1) else {
            return emit(.blame(peer, "a proposal with a polka of its own future"))
        }
        guard accept(message.polka, of: proposal, from: peer) else { return }
        record(.message(.proposal(message), from: peer))
        candidates.append(Candidate(message: message, received: now))
        want(proposal.target.block)
        give(candidates.count - 1)
    }

    /// Whether a proposal brings the polka that it names; that of a round before it must be there.
    private mutating func accept(_ polka: Certificate?, of proposal: Proposal, from peer: UInt64) -> Bool {
        guard let polRound = proposal.polRound else { return polka == nil }
        if let polka, polka.kind == .prevote, polka.round == polRound, polka.target == proposal.target {
            take(polka, from: peer)
        }
        return tendermint.votes.hasQuorum(.prevote, polRound, for: proposal.target)
    }

    /// Gives the rules a proposal when everything about its block is known.
    mutating func give(_ place: Int) {
        let candidate = candidates[place]
        let proposal = candidate.message.proposal
        guard !candidate.isGiven, hasBegun,
            proposal.round <= state.round || proposal.round - state.round == 1,
            let draft = draft(proposal.target.block), let validity = validity(of: draft, candidate)
        else { return }
        candidates[place].isGiven = true
        drive(.proposal(proposal, validity))
    }

    /// What is thought of a proposal; nil: not yet known.
    private func validity(of draft: Draft, _ candidate: Candidate) -> Validity? {
        let proposal = candidate.message.proposal
        if draft.isBroken || draft.fault != nil { return .invalid }
        guard let block = draft.block, let isAccepted = draft.isAccepted else { return nil }
        guard isAccepted, block.header.time == proposal.target.time else { return .invalid }
        guard proposal.polRound == nil else { return .valid }
        // Without a polka a block is its proposer's own, and new.
        guard context.proposer(round: proposal.round)?.address == block.header.proposer else {
            return .invalid
        }
        return rules.isTimely(block.header.time, at: candidate.received, round: proposal.round)
            ? .valid : .untimely
    }

    // MARK: - Blocks

    /// A part, of whichever wanted block it proves to belong to.
    mutating func take(_ part: BlockPart, from peer: UInt64) {
        guard part.height == context.height, !hasCommitted else { return }
        var isForeign = true
        for place in drafts.indices where !drafts[place].draft.parts.isComplete {
            switch drafts[place].draft.parts.add(part) {
            case .added:
                record(.message(.part(part), from: peer))
                return complete(place)
            case .known: isForeign = false
            case .refused: continue
            }
        }
        guard isForeign, part.round <= state.round || part.round - state.round == 1,
            candidates.allSatisfy({ $0.message.proposal.round != part.round }),
            earlyParts.count < Limit.earlyParts
        else { return }
        earlyParts.append((part, peer))
        // It cannot be judged before its proposal is here: the others may have it already.
        hasTaken = true
    }

    /// A block is wanted: its parts are taken from now on, those that came too early at once.
    mutating func want(_ reference: BlockReference) {
        guard draft(reference) == nil, let parts = PartSet(reference) else { return }
        set(reference, Draft(parts: parts))
        let early = earlyParts
        earlyParts = []
        for (part, peer) in early { take(part, from: peer) }
    }

    private mutating func complete(_ place: Int) {
        guard drafts[place].draft.parts.isComplete else { return }
        let reference = drafts[place].reference
        do {
            let block = try drafts[place].draft.parts.block()
            drafts[place].draft.block = block
            drafts[place].draft.fault = fault(of: block)
            guard let fault = drafts[place].draft.fault else {
                return request(reference, block)
            }
            emit(.tell("a proposed block is refused: \(fault)"))
        } catch {
            drafts[place].draft.isBroken = true
        }
        offer(reference)
    }

    private func fault(of block: Block) -> HeaderFault? {
        do {
            try context.check(block, rules, by: check)
            return nil
        } catch {
            return error
        }
    }

    /// Asks the ledger about a block, once.
    private mutating func request(_ reference: BlockReference, _ block: Block) {
        guard !awaited.judgements.contains(reference) else { return }
        awaited.judgements.append(reference)
        emit(.judge(reference, block))
    }

    /// The ledger's answer.
    mutating func judge(_ reference: BlockReference, _ isAccepted: Bool) {
        guard awaited.judgements.contains(reference),
            let place = drafts.firstIndex(where: { $0.reference == reference })
        else { return }
        awaited.judgements.removeAll { $0 == reference }
        drafts[place].draft.isAccepted = isAccepted
        propose(reference)
        offer(reference)
    }

    /// Gives the rules every proposal of a block.
    private mutating func offer(_ reference: BlockReference) {
        for place in candidates.indices where candidates[place].message.proposal.target.block == reference {
            give(place)
        }
    }

    func draft(_ reference: BlockReference) -> Draft? {
        drafts.first { $0.reference == reference }?.draft
    }

    private mutating func set(_ reference: BlockReference, _ draft: Draft) {
        if let place = drafts.firstIndex(where: { $0.reference == reference }) {
            drafts[place].draft = draft
        } else {
            drafts.append((reference, draft))
        }
    }
}

extension Proposal {
    /// The same but for its signature: an honest proposer signs the same again after a crash.
    func isSame(as other: Proposal) -> Bool {
        round == other.round && target == other.target && polRound == other.polRound
    }
}
