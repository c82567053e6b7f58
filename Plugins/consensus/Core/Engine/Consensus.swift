package import NodeDomain
internal import NodeEncoding

/// Consensus on one height after the other: Tendermint's rules with everything around them that is not input or output.
///
/// It holds no key and has no clock: signatures are asked for and answered, and each event comes with its moment. The same events
/// at the same moments give the same actions, so that the log alone brings back a state that was lost.
package struct Consensus {
    /// Bounds of what strangers can make it keep.
    package enum Limit {
        /// Votes for the next height that are kept of each member.
        package static let earlyVotes = 4
        /// Parts that are kept without a proposal.
        package static let earlyParts = 2 * BlockLimit.parts
        /// Proposals of one round: the first, and one that excludes it.
        package static let proposals = 2
        /// Votes that one status is answered with.
        package static let votesOfAnswer = 256
    }

    /// A proposal that was signed by its round's proposer.
    struct Candidate {
        let message: ProposalMessage
        let received: UInt64
        var isGiven = false
    }

    /// A block on its way: its parts, then itself, then what is thought of it.
    struct Draft {
        var parts: PartSet
        var block: Block?
        /// What the header says; nil: not complete, or not looked at.
        var fault: HeaderFault?
        var isBroken = false
        /// What the ledger says.
        var isAccepted: Bool?
    }

    package let rules: ConsensusRules
    /// The node's consensus key; nil: it only watches.
    package let key: Bytes32?
    let check: SignatureCheck
    package internal(set) var context: HeightContext
    var tendermint: Tendermint
    /// The moment of the last event: the clock, or what it once showed when it was set back.
    package internal(set) var now: UInt64 = 0
    var actions: [ConsensusAction] = []
    /// Whether the message that was last handled is new and good, so that others should have it too.
    package internal(set) var hasTaken = false
    var isReplaying = false
    var hasBegun = false
    var hasCommitted = false
    var candidates: [Candidate] = []
    var drafts: [(reference: BlockReference, draft: Draft)] = []
    var earlyParts: [(part: BlockPart, from: UInt64)] = []
    /// Votes for the next height, by whoever signed them.
    var earlyVotes: [Vote] = []
    /// What was asked for and not answered.
    var awaited = Awaited()
    /// What this member signed in the current round.
    var said: [SignedWord] = []
    /// Rounds in which a member's second vote was shown already.
    var shown: [(UInt32, VoteKind, UInt32)] = []

    /// Questions without an answer, for a start after a crash.
    struct Awaited {
        var signatures: [SignedWord] = []
        var judgements: [BlockReference] = []
        var body: (round: UInt32, time: UInt64)?
        var timers: [ConsensusTimer] = []
    }

    /// Consensus at a height that has not begun.
    package init(
        _ context: HeightContext, _ rules: ConsensusRules, key: Bytes32?, check: @escaping SignatureCheck
    ) {
        self.context = context
        self.rules = rules
        self.key = key
        self.check = check
        tendermint = Tendermint(
            powers: context.validators, me: key.flatMap { context.validators.place(of: $0) })
    }

    /// The member's place in the current set.
    package var me: Int? { tendermint.me }
    /// Where the height stands.
    package var state: RoundState { tendermint.state }
    /// Whether a block of this height was decided and the next height is waited for.
    package var isDecided: Bool { hasCommitted }

    // MARK: - Events

    /// Begins the height, or goes on with it when there is a log.
    ///
    /// - Parameter log: what happened at this height before a crash, in order.
    package mutating func begin(_ log: [ConsensusRecord] = [], now: UInt64) -> [ConsensusAction] {
        isReplaying = true
        for record in log { _ = handle(record.event, now: record.now) }
        isReplaying = false
        self.now = max(self.now, now)
        actions = []
        if log.isEmpty {
            open()
        } else {
            resume()
        }
        return take()
    }

    /// Goes on to the next height; votes that came early count there.
    package mutating func begin(_ next: HeightContext, now: UInt64) -> [ConsensusAction] {
        let (rules, key, check, votes) = (rules, key, check, earlyVotes)
        self = Consensus(next, rules, key: key, check: check)
        self.now = now
        open()
        for vote in votes { take(vote, from: 0) }
        settle()
        return take()
    }

    /// Stands at a height without beginning it: the node catches up, and `begin` follows when it is there.
    ///
    /// Events that come meanwhile must not be given to it.
    package mutating func skip(to next: HeightContext) {
        let votes = earlyVotes
        self = Consensus(next, rules, key: key, check: check)
        earlyVotes = votes
    }

    /// Takes an event of the current height.
    /// - Returns: what is to be done, in this order.
    package mutating func handle(_ event: ConsensusEvent, now: UInt64) -> [ConsensusAction] {
        self.now = max(self.now, now)
        hasTaken = false
        guard !hasCommitted || event.matters(afterCommitOf: context.height) else { return take() }
        if event.isKept { record(event) }
        switch event {
        case .message(let message, let peer): take(message, from: peer)
        case .timeout(let timer): expire(timer)
        case .prepared(let round, let body): build(round, body)
        case .judged(let reference, let isAccepted): judge(reference, isAccepted)
        case .signed(let word): add(word)
        case .refused(let word): awaited.signatures.removeAll { $0 == word.unsigned }
        case .decided(let block, let commit, let peer): catchUp(block, commit, from: peer)
        }
        settle()
        return take()
    }

    private mutating func open() {
        let earliest = context.earliest(rules)
        if now >= earliest {
            record(.timeout(.begin))
            start()
        } else {
            schedule(.begin, earliest - now)
        }
        schedule(.gossip, rules.gossip)
    }

    private mutating func expire(_ timer: ConsensusTimer) {
        awaited.timers.removeAll { $0 == timer }
        switch timer {
        case .begin: start()
        case .round(let kind, let round): drive(.timeout(kind, round))
        case .gossip:
            guard !hasCommitted else { return }
            emit(.ask(.status(status)))
            schedule(.gossip, rules.gossip)
        }
    }

    private mutating func start() {
        guard !hasBegun else { return }
        hasBegun = true
        begin(round: 0)
    }

    mutating func begin(round: UInt32) {
        hasBegun = true
        forget(before: round)
        let isProposer = me != nil && context.rotation.proposer(round: round) == me
        drive(.start(round, isProposer: isProposer))
        for place in candidates.indices where candidates[place].message.proposal.round == round {
            give(place)
        }
    }

    /// Drops what rounds that are over left behind; a block that is decided after all is asked for again.
    private mutating func forget(before round: UInt32) {
        said.removeAll { $0.order.round < round }
        earlyParts.removeAll { $0.part.round < round }
        let kept = [state.valid?.target.block, state.locked?.target.block].compactMap { $0 }
        candidates.removeAll {
            let proposal = $0.message.proposal
            return proposal.round.addingReportingOverflow(1).partialValue < round
                && !kept.contains(proposal.target.block)
        }
        let wanted = kept + candidates.map(\.message.proposal.target.block)
        drafts.removeAll { !wanted.contains($0.reference) }
        awaited.judgements.removeAll { reference in !drafts.contains { $0.reference == reference } }
    }

    // MARK: - The rules' outputs

    /// Gives the rules an input and does what they say, to the end.
    mutating func drive(_ input: RoundInput) {
        guard !hasCommitted else { return }
        for output in tendermint.handle(input) { perform(output) }
    }

    private mutating func perform(_ output: RoundOutput) {
        switch output {
        case .newRound(let round): begin(round: round)
        case .schedule(let timer, let round):
            schedule(.round(timer, round), rules.span(of: timer, round: round))
        case .getValue(let round):
            let time = max(now, context.earliest(rules))
            awaited.body = (round, time)
            emit(.prepare(round: round, time: time))
        case .propose(let round, let target, let polRound):
            ask(
                .proposal(
                    Proposal(height: context.height, round: round, polRound: polRound, target: target)))
        case .vote(let kind, let round, let target):
            guard let me else { return }
            ask(
                .vote(
                    Vote(
                        kind: kind, height: context.height, round: round, target: target,
                        member: UInt32(truncatingIfNeeded: me))))
        case .decide(let decision): commit(decision)
        case .evidence(let first, let second): show(first, second)
        case .doubleProposal(let first, let second): show(first, second)
        }
    }

    private mutating func ask(_ word: SignedWord) {
        guard !awaited.signatures.contains(word), !said.contains(where: { $0.unsigned == word }) else {
            return
        }
        awaited.signatures.append(word)
        emit(.sync)
        emit(.sign(word))
    }

    /// A signature came.
    ///
    /// What led to it was on the disk before it was asked for: after a crash the log leads to the same question, and the signer gives
    /// the same answer. A signature whose cause is forgotten would leave this member without a vote in its round.
    private mutating func add(_ word: SignedWord) {
        guard awaited.signatures.contains(word.unsigned) else { return }
        awaited.signatures.removeAll { $0 == word.unsigned }
        said.append(word)
        switch word {
        case .vote(let vote):
            emit(.broadcast(.vote(vote)))
            drive(.vote(vote))
        case .proposal(let proposal):
            let message = message(of: proposal)
            emit(.broadcast(.proposal(message)))
            sendParts(proposal)
            candidates.append(Candidate(message: message, received: now))
            give(candidates.count - 1)
        }
    }

    // MARK: - Deciding

    private mutating func commit(_ decision: RoundBlock) {
        guard !hasCommitted, let block = draft(decision.target.block)?.block,
            let certificate = tendermint.votes.certificate(.precommit, decision.round, for: decision.target)
        else { return }
        commit(block, decision.target.block, certificate)
    }

    mutating func commit(_ block: Block, _ reference: BlockReference, _ certificate: Certificate) {
        guard !hasCommitted else { return }
        hasCommitted = true
        awaited = Awaited()
        // One member tells all; whoever misses it asks. From everybody to everybody it would be most of what is sent.
        if context.rotation.proposer(round: certificate.round) == me {
            emit(.broadcast(.certificate(certificate)))
        }
        emit(.commit(block, reference, certificate))
    }

    /// A commit of more than two thirds stands, whatever this node's ledger thought of the block, or before it thought.
    mutating func settle() {
        guard !hasCommitted else { return }
        for round in tendermint.votes.rounds {
            guard let target = tendermint.votes.quorumBlock(.precommit, round) else { continue }
            want(target.block)
            guard let draft = draft(target.block), let block = draft.block, !draft.isBroken,
                block.header.time == target.time,
                let certificate = tendermint.votes.certificate(.precommit, round, for: target)
            else { continue }
            return commit(block, target.block, certificate)
        }
    }

    // MARK: - Actions

    mutating func emit(_ action: ConsensusAction) {
        if !isReplaying { actions.append(action) }
    }

    mutating func record(_ event: ConsensusEvent) {
        if case .message = event { hasTaken = true }
        emit(.append(ConsensusRecord(now: now, event: event)))
    }

    mutating func schedule(_ timer: ConsensusTimer, _ span: UInt64) {
        if !awaited.timers.contains(timer) { awaited.timers.append(timer) }
        emit(.schedule(timer, after: span))
    }

    private mutating func take() -> [ConsensusAction] {
        defer { actions = [] }
        return actions
    }
}

extension ConsensusEvent {
    /// Whether it goes to the log as it comes: messages do when they are found good, so that strangers cannot fill it.
    var isKept: Bool {
        switch self {
        case .message, .timeout(.gossip), .decided: false
        default: true
        }
    }

    /// Whether it still means something when the height is decided: peers that lag, and members that are ahead.
    func matters(afterCommitOf height: UInt64) -> Bool {
        switch self {
        case .message(.status, _): true
        case .message(.vote(let vote), _): vote.height > height
        default: false
        }
    }
}

extension Consensus {
    /// Rounds of which votes or senders are kept, for whoever watches bounds.
    package var keptRounds: Int { tendermint.votes.rounds.count }
}
