internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding
internal import TestSupport

/// A member that says different things to different peers, and things that are not so.
extension SimWorld {
    /// What a liar sends in place of a message.
    func lie(_ message: ConsensusMessage, _ place: Int) {
        switch message {
        case .vote(let vote): lie(vote, place)
        case .proposal(let message): lie(message, place)
        default: tell(message, place) { _ in true }
        }
    }

    private func tell(_ message: ConsensusMessage, _ place: Int, _ isMeant: (Int) -> Bool) {
        for peer in nodes.indices where peer != place && isMeant(peer) { send(message, place, to: peer) }
    }

    private func lie(_ vote: Vote, _ place: Int) {
        guard let context = nodes[place].engine?.context else { return }
        func signed(_ change: (inout Vote) -> Void) -> ConsensusMessage {
            var vote = vote
            change(&vote)
            vote.signature = SimSignature.sign(SignBytes.of(vote, chain: context.chain), nodes[place].key)
            return .vote(vote)
        }
        let salt = dice.below(2)
        let other = judge.someBlock(vote.height, &dice)
        let lies = signed { $0.target = $0.target == nil || dice.below(2) == 0 ? other : nil }
        tell(.vote(vote), place) { $0 % 2 == salt }
        tell(lies, place) { $0 % 2 != salt || dice.below(4) == 0 }
        switch dice.below(8) {
        // Far ahead, to fill tables or to pull others along.
        case 0:
            for _ in 0..<8 {
                let ahead = UInt32(1 + dice.below(60))
                tell(signed { $0.round = vote.round + ahead }, place) { _ in true }
            }
        // Both votes of the next round.
        case 1:
            for kind in VoteKind.allCases {
                tell(signed { ($0.kind, $0.round, $0.target) = (kind, vote.round + 1, other) }, place) { _ in
                    true
                }
            }
        // A signature that is none.
        case 2:
            var broken = vote
            broken.member = UInt32(dice.below(options.nodes))
            tell(.vote(broken), place) { _ in true }
        // A certificate of nothing but its own signature.
        case 3: if let other { forge(other, vote, place, context) }
        // What was said long ago.
        case 4:
            for _ in 0..<4 where !heard.isEmpty { tell(heard[dice.below(heard.count)], place) { _ in true } }
        default: break
        }
    }

    private func forge(_ target: VotedBlock, _ vote: Vote, _ place: Int, _ context: HeightContext) {
        let size = context.validators.count
        var members = MemberBitmap(count: size)
        for member in 0..<size { members.insert(member) }
        let round = vote.round + UInt32(dice.below(2))
        var own = vote
        (own.kind, own.round, own.target) = (dice.below(2) == 0 ? .prevote : .precommit, round, target)
        own.signature = SimSignature.sign(SignBytes.of(own, chain: context.chain), nodes[place].key)
        let certificate = Certificate(
            kind: own.kind, height: vote.height, round: round, target: target, members: members,
            signatures: [[UInt8]](repeating: own.signature, count: size))
        tell(.certificate(certificate), place) { _ in true }
    }

    /// Keeps some of what was said, of all heights.
    func remember(_ message: ConsensusMessage) {
        if heard.count < 64 { return heard.append(message) }
        if dice.below(4) == 0 { heard[dice.below(64)] = message }
    }

    /// A status that is not so: ahead, behind, or with votes that are not there.
    func lieAbout(_ message: ConsensusMessage, _ place: Int) {
        guard case .status(var status) = message else { return }
        switch dice.below(4) {
        case 0: status.height = UInt64(dice.below(6))
        case 1: status.round = UInt32(dice.below(40))
        case 2:
            status.parts = MemberBitmap(count: dice.below(20))
            status.prevotes = MemberBitmap(count: dice.below(20))
        default:
            for member in 0..<status.prevotes.count { status.prevotes.insert(member) }
            status.precommits = status.prevotes
        }
        tell(.status(status), place) { _ in true }
    }

    private func lie(_ message: ProposalMessage, _ place: Int) {
        guard let engine = nodes[place].engine,
            let member = engine.context.validators.place(of: nodes[place].key)
        else { return }
        let context = engine.context
        let proposal = message.proposal
        let salt = dice.below(2)
        tell(.proposal(message), place) { $0 % 2 == salt }
        // Another block for the others: bad, from the future, or just another.
        var header = context.header(
            time: proposal.target.time, proposer: context.validators.members[member].address)
        if dice.below(3) == 0 {
            header.time = Timestamp(milliseconds: header.time.milliseconds + 3_600_000)
        }
        let poison = dice.below(3) == 0 ? [SimLedger.poison] : []
        var block = Block(
            header: header, items: [[1, 0xff]], transactions: poison + [[UInt8(dice.below(256))]],
            lastCommit: context.lastCommit)
        block.header.dataHash = block.dataHash
        block.header.evidenceHash = block.evidenceHash
        guard let parts = BlockParts(block) else { return }
        var target = VotedBlock(block: parts.reference, time: block.header.time)
        judge.made(target, block, proposal.height)
        // Or one that some are locked on, or that has a polka only in the liar's words.
        var polRound = dice.below(3) == 0 && proposal.round > 0 ? proposal.round - 1 : nil
        if dice.below(4) == 0, let some = judge.someBlock(proposal.height, &dice) { target = some }
        if proposal.round == 0 { polRound = nil }
        var other = Proposal(
            height: proposal.height, round: proposal.round, polRound: polRound, target: target)
        other.signature = SimSignature.sign(SignBytes.of(other, chain: context.chain), nodes[place].key)
        tell(.proposal(ProposalMessage(proposal: other, polka: nil)), place) { $0 % 2 != salt }
        for index in 0..<parts.count {
            if let part = parts.part(index, height: proposal.height, round: proposal.round) {
                tell(.part(part), place) { $0 % 2 != salt }
            }
        }
    }
}
