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

    private let faulty: Set<Int>
    var ledger: SimLedger?
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
        _ word: SignedWord, by node: SimNode, _ context: HeightContext, at now: UInt64, _ rules: ConsensusRules
    ) {
        if case .proposal(let proposal) = word { blocks[proposal.height, default: []].append(proposal.target) }
        guard node.character == .honest else { return }
        let order = word.order
        let step = Step(place: node.place, height: order.height, round: order.round, step: order.step)
        if let before = words[step], before != word.unsigned {
            violations.append("double sign: member \(node.place) at \(order)")
        }
        words[step] = word.unsigned
        guard case .vote(let vote) = word, let target = vote.target else { return }
        if bad.contains(target.block) { violations.append("a vote for a bad block at \(order)") }
        switch vote.kind {
        case .prevote: prevoted(vote, target, by: node.place, context, at: now, rules)
        case .precommit: precommitted(vote, target, by: node.place, context)
        }
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
        return context.validators.isQuorum(power)
    }

    /// A block was decided and stored.
    mutating func decided(_ stored: SimNode.Stored, by node: SimNode) {
        guard node.character == .honest else { return }
        let height = stored.block.header.height
        if let before = decided[height], before != stored.reference {
            violations.append("fork at \(height)")
        }
        if node.blocks.count + 1 != Int(height) { violations.append("height \(height) was stored out of turn") }
        if bad.contains(stored.reference) { violations.append("a bad block was decided at \(height)") }
        decided[height] = stored.reference
        highestRound = max(highestRound, stored.commit.round)
        guard let healed else { return }
        let allowed = (healed[height] ?? 0) + 10
        if stored.commit.round > allowed {
            violations.append("liveness: height \(height) took until round \(stored.commit.round) of \(allowed)")
        }
    }

    /// A block was applied.
    mutating func applied(_ context: HeightContext, by node: SimNode) {
        guard node.character == .honest else { return }
        let height = context.height - 1
        if let root = roots[height], root != context.appHash { violations.append("roots differ at \(height)") }
        roots[height] = context.appHash
    }

    /// Evidence names somebody who is not honest.
    mutating func found(_ found: Malfeasance, by node: SimNode) {
        guard node.character == .honest else { return }
        evidence += 1
        if !faulty.contains(where: { SimSignature.key($0) == found.operator }) {
            violations.append("evidence against an honest member at \(found.height)/\(found.round)")
        }
        if !found.holds { violations.append("evidence that proves nothing at \(found.height)/\(found.round)") }
    }

    /// Bounds of what a member keeps.
    mutating func look(at engine: Consensus, of node: SimNode) {
        guard node.character == .honest else { return }
        let kept = engine.keptRounds
        if kept > Int(engine.state.round) + 2 + 2 * engine.context.validators.count {
            violations.append("member \(node.place) keeps \(kept) rounds in round \(engine.state.round)")
        }
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
            let time = Timestamp(seconds: Int64(signed.seconds), nanoseconds: Int32(signed.nanoseconds))
            let bytes: [UInt8]
            if step == .proposal {
                guard let block = signed.block else { return false }
                bytes = SignBytes.of(
                    Proposal(
                        height: height, round: round,
                        polRound: signed.polRound == 0 ? nil : signed.polRound - 1,
                        target: VotedBlock(block: block, time: time)), chain: "sim-0")
            } else {
                bytes = SignBytes.vote(
                    type: step.rawValue, height: height, round: round, block: signed.block, time: time,
                    chain: "sim-0")
            }
            return SimSignature.check(signed.signature, bytes, self.operator)
        }
    }
}
