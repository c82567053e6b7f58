internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding
internal import TestSupport

/// Sees everything and says what must never be.
struct SimJudge {
    private struct Step: Hashable {
        let place: Int
        let height: UInt64
        let round: UInt32
        let step: UInt8
    }

    private struct Slot: Hashable {
        let height: UInt64
        let round: UInt32
        let target: VotedBlock
    }

    private struct Timer: Hashable {
        let place: Int
        let life: Int
        let height: UInt64
        let timer: ConsensusTimer
    }

    /// In which later rounds a member has heard of the others.
    private struct Ahead {
        let life: Int
        let height: UInt64
        var rounds: [UInt32: [UInt32]] = [:]
    }

    private var ahead: [Int: Ahead] = [:]
    private let faulty: Set<Int>
    private var ledger: SimLedger?
    /// Who proposes at each height; nil: leaders are scripted.
    private var rotations: [UInt64: SimRotation]?
    private var leaders: ProposerRotation?
    private var timers: Set<Timer> = []
    /// How many blocks each member once had on its disk.
    private var stored: [Int: Int] = [:]
    private var violations: [String] = []
    private var words: [Step: SignedWord] = [:]
    private var prevotes: [Slot: Set<Int>] = [:]
    private var locks: [Int: (height: UInt64, target: VotedBlock, round: UInt32)] = [:]
    private var decided: [UInt64: BlockReference] = [:]
    private var roots: [UInt64: Bytes32] = [:]
    private var blocks: [UInt64: [VotedBlock]] = [:]
    private var bad: Set<BlockReference> = []
    private var healed: [UInt64: UInt32]?
    private(set) var highestRound: UInt32 = 0
    private(set) var evidence = 0

    init(faulty: Set<Int>) {
        self.faulty = faulty
    }

    mutating func know(_ ledger: SimLedger, _ genesis: HeightContext, isScripted: Bool) {
        self.ledger = ledger
        if isScripted {
            leaders = genesis.rotation
        } else {
            rotations = [1: SimRotation(genesis.validators)]
        }
    }

    mutating func takeViolations() -> [String] {
        defer { violations = [] }
        return violations
    }

    // MARK: - What liars know

    /// Some block that was proposed at a height.
    func someBlock(_ height: UInt64, _ dice: inout SplitMix) -> VotedBlock? {
        guard let some = blocks[height], !some.isEmpty else { return nil }
        return some[dice.below(some.count)]
    }

    /// A block that a liar made.
    mutating func made(_ target: VotedBlock, _ block: Block, _ height: UInt64) {
        blocks[height, default: []].append(target)
        if ledger?.accepts(block) == false { bad.insert(target.block) }
    }

    // MARK: - What honest members do

    /// A signature left a signer.
    mutating func signed(
        _ word: SignedWord, by node: SimNode, _ context: HeightContext, at now: UInt64,
        _ rules: ConsensusRules
    ) {
        if case .proposal(let proposal) = word {
            blocks[proposal.height, default: []].append(proposal.target)
        }
        guard node.character == .honest else { return }
        let order = word.order
        let step = Step(place: node.place, height: order.height, round: order.round, step: order.step)
        if let before = words[step], before != word.unsigned {
            violations.append("double sign: member \(node.place) at \(order)")
        }
        words[step] = word.unsigned
        if case .proposal(let proposal) = word { proposed(proposal, by: node.place, context) }
        guard case .vote(let vote) = word, let target = vote.target else { return }
        if bad.contains(target.block) { violations.append("a vote for a bad block at \(order)") }
        switch vote.kind {
        case .prevote: prevoted(vote, target, by: node.place, context, at: now, rules)
        case .precommit: precommitted(vote, target, by: node.place, context)
        }
    }

    /// Nobody but the round's proposer proposes; who that is, is worked out anew.
    private mutating func proposed(_ proposal: Proposal, by place: Int, _ context: HeightContext) {
        let isKnown = rotations != nil || proposal.height == 1
        let expected = proposer(proposal.height, proposal.round)
        if isKnown, expected != context.validators.place(of: SimSignature.key(place)) {
            violations.append("wrong proposer: member \(place) at \(proposal.height)/\(proposal.round)")
        }
        if let polRound = proposal.polRound, !hasPolka(proposal.height, polRound, proposal.target, context) {
            violations.append(
                "a proposal without its polka: member \(place) at \(proposal.height)/\(proposal.round)")
        }
    }

    private mutating func proposer(_ height: UInt64, _ round: UInt32) -> Int? {
        guard var rotations else { return leaders?.proposer(round: round) }
        for next in 2...max(height, 2) where rotations[next] == nil {
            guard let ledger, let set = ledger.validators(next), var rotation = rotations[next - 1] else {
                return nil
            }
            rotation.step()
            rotations[next] = next == SimLedger.secondTerm ? SimRotation(set) : rotation
        }
        self.rotations = rotations
        return rotations[height]?.proposer(round: round)
    }

    private mutating func prevoted(
        _ vote: Vote, _ target: VotedBlock, by place: Int, _ context: HeightContext, at now: UInt64,
        _ rules: ConsensusRules
    ) {
        let rounds = (0..<vote.round).reversed()
        if let lock = locks[place], lock.height == vote.height, lock.target != target,
            !rounds.contains(where: { $0 >= lock.round && hasPolka(vote.height, $0, target, context) })
        {
            violations.append("unjustified unlock: member \(place) at \(vote.height)/\(vote.round)")
        }
        // A block from the future needs others who found it timely.
        if target.time.milliseconds > now + rules.precision + 2,
            !rounds.contains(where: { hasPolka(vote.height, $0, target, context) })
        {
            violations.append("an untimely block: member \(place) at \(vote.height)/\(vote.round)")
        }
        prevotes[Slot(height: vote.height, round: vote.round, target: target), default: []].insert(place)
    }

    private mutating func precommitted(
        _ vote: Vote, _ target: VotedBlock, by place: Int, _ context: HeightContext
    ) {
        if !hasPolka(vote.height, vote.round, target, context) {
            violations.append("a precommit without a polka: member \(place) at \(vote.height)/\(vote.round)")
        }
        locks[place] = (vote.height, target, vote.round)
    }

    /// Whether more than two thirds may have prevoted: liars say whatever is needed.
    private func hasPolka(
        _ height: UInt64, _ round: UInt32, _ target: VotedBlock, _ context: HeightContext
    ) -> Bool {
        let voters = prevotes[Slot(height: height, round: round, target: target)] ?? []
        let power = voters.union(faulty).reduce(Int64(0)) { sum, place in
            let place = context.validators.place(of: SimSignature.key(place))
            return sum + (place.flatMap { context.validators.member(at: $0)?.power } ?? 0)
        }
        return isQuorum(power, context.height == height ? context.validators : nil)
    }

    /// More than two thirds, by arithmetic of its own.
    private func isQuorum(_ power: Int64, _ set: ValidatorSet?) -> Bool {
        guard let set else { return false }
        return 3 * power > 2 * set.members.reduce(0) { $0 + $1.power }
    }

    /// Whether a commit is what it says: signatures of more than two thirds for the block.
    private func proves(_ stored: SimNode.Stored, _ context: HeightContext) -> Bool {
        let (commit, block) = (stored.commit, stored.block)
        guard commit.kind == .precommit, commit.height == block.header.height,
            commit.target == VotedBlock(block: stored.reference, time: block.header.time),
            commit.signatures.count == commit.members.members
        else { return false }
        let message = SignBytes.vote(
            type: 2, height: commit.height, round: commit.round, block: commit.target.block,
            time: commit.target.time, chain: context.chain)
        var power: Int64 = 0
        for (place, signature) in zip(commit.members.places, commit.signatures) {
            guard let member = context.validators.member(at: place),
                SimSignature.check(signature, message, member.key)
            else { return false }
            power += member.power
        }
        return isQuorum(power, context.validators)
    }

    /// A block was decided and stored.
    mutating func decided(_ stored: SimNode.Stored, by node: SimNode, at now: UInt64) {
        guard node.character == .honest else { return }
        if let context = node.contexts.last {
            if !proves(stored, context) {
                violations.append("a block was decided without a commit: member \(node.place)")
            }
            if stored.block.header.time <= context.lastTime, context.height > 1 {
                violations.append("time goes back at \(context.height)")
            }
        }
        self.stored[node.place] = node.blocks.count + 1
        let height = stored.block.header.height
        if let before = decided[height], before != stored.reference {
            violations.append("fork at \(height)")
        }
        if node.blocks.count + 1 != Int(height) {
            violations.append("height \(height) was stored out of turn")
        }
        if bad.contains(stored.reference) { violations.append("a bad block was decided at \(height)") }
        decided[height] = stored.reference
        highestRound = max(highestRound, stored.commit.round)
        guard let healed else { return }
        let allowed = (healed[height] ?? 0) + 10
        if stored.commit.round > allowed {
            violations.append(
                "liveness: height \(height) took until round \(stored.commit.round) of \(allowed)")
        }
    }

    /// A node is up again: what it once had decided is there.
    mutating func restarted(_ node: SimNode) {
        guard node.character == .honest, node.blocks.count < stored[node.place] ?? 0 else { return }
        violations.append("member \(node.place) lost a decided block")
    }

    /// The end: what was decided is everywhere.
    mutating func close(_ nodes: [SimNode]) {
        for node in nodes where node.character == .honest {
            restarted(node)
            for block in node.blocks where decided[block.block.header.height] != block.reference {
                violations.append("member \(node.place) has another block \(block.block.header.height)")
            }
        }
    }

    /// A timer was set: each of a round once in a life.
    mutating func set(_ timer: ConsensusTimer, by node: SimNode) {
        guard node.character == .honest, case .round = timer, let height = node.engine?.context.height else {
            return
        }
        let key = Timer(place: node.place, life: node.life, height: height, timer: timer)
        if !timers.insert(key).inserted {
            violations.append("member \(node.place) set \(timer) twice at \(height)")
        }
    }

    /// A block was applied.
    mutating func applied(_ context: HeightContext, by node: SimNode) {
        guard node.character == .honest else { return }
        let height = context.height - 1
        if let root = roots[height], root != context.appHash {
            violations.append("roots differ at \(height)")
        }
        roots[height] = context.appHash
    }

    /// Evidence names somebody who is not honest.
    mutating func found(_ found: Malfeasance, by node: SimNode) {
        guard node.character == .honest else { return }
        evidence += 1
        if !faulty.contains(where: { SimSignature.key($0) == found.operator }) {
            violations.append("evidence against an honest member at \(found.height)/\(found.round)")
        }
        if !found.holds {
            violations.append("evidence that proves nothing at \(found.height)/\(found.round)")
        }
    }

    /// Bounds of what a member keeps.
    mutating func look(at engine: Consensus, of node: SimNode) {
        guard node.character == .honest else { return }
        let kept = engine.keptRounds
        if kept > Int(engine.state.round) + 2 + 2 * engine.context.validators.count {
            violations.append("member \(node.place) keeps \(kept) rounds in round \(engine.state.round)")
        }
    }

    /// More than a third of honest power was heard in a later round than the member's: it must be there.
    mutating func heard(_ vote: Vote, by node: SimNode) {
        guard node.character == .honest, let engine = node.engine, !engine.isDecided,
            vote.height == engine.context.height, vote.round > engine.state.round,
            let member = engine.context.validators.member(at: Int(vote.member)),
            !faulty.contains(where: { SimSignature.key($0) == member.key }),
            SimSignature.check(vote.signature, SignBytes.of(vote, chain: engine.context.chain), member.key)
        else { return }
        if ahead[node.place]?.life != node.life || ahead[node.place]?.height != vote.height {
            ahead[node.place] = Ahead(life: node.life, height: vote.height)
        }
        // Each sender is known in the last two rounds that it named.
        let rounds = (ahead[node.place]?.rounds[vote.member] ?? []).filter { $0 != vote.round } + [vote.round]
        ahead[node.place]?.rounds[vote.member] = Array(rounds.sorted().suffix(2))
        let senders = (ahead[node.place]?.rounds ?? [:]).filter { $0.value.contains(vote.round) }.keys
        let set = engine.context.validators
        let power = senders.reduce(Int64(0)) { $0 + (set.member(at: Int($1))?.power ?? 0) }
        guard 3 * power > set.members.reduce(0, { $0 + $1.power }) else { return }
        violations.append(
            "member \(node.place) stays in round \(engine.state.round) and has heard a third in \(vote.round)"
        )
    }

    /// From now on nothing is lost: rounds are counted.
    mutating func heal(_ nodes: [SimNode]) {
        var rounds: [UInt64: UInt32] = [:]
        for node in nodes where node.character == .honest {
            guard let engine = node.engine else { continue }
            let height = engine.context.height
            rounds[height] = max(rounds[height] ?? 0, engine.state.round)
        }
        healed = rounds
    }
}

extension Malfeasance {
    /// Whether both signatures are of the operator, by the simulator's rule.
    fileprivate var holds: Bool {
        [first, second].allSatisfy { signed in
            guard let bytes = SignBytes.of(signed, in: self, chain: "sim-0") else { return false }
            return SimSignature.check(signed.signature, bytes, self.operator)
        }
    }
}
