internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding
internal import TestSupport

/// What a run found.
package struct SimReport: Sendable, Hashable {
    /// The seed that replays it.
    package var seed: UInt64
    /// What must never be; empty: all is well.
    package var violations: [String] = []
    /// A hash of all events, in order.
    package var eventHash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// How many there were.
    package var events = 0
    /// The highest round that decided.
    package var highestRound: UInt32 = 0
    /// Virtual milliseconds.
    package var time: UInt64 = 0
    /// Crashes that happened.
    package var crashes = 0
    /// Evidence that honest members found.
    package var evidence = 0
    /// Writes and flushes of each node.
    package var steps: [Int] = []
    /// Which of them are its signer's.
    package var signerSteps: [[Int]] = []
}

/// A network, disks and clocks in one process, all from one seed, around the consensus that ships.
package final class SimWorld {
    /// When everything begins, in Unix milliseconds.
    static let start: UInt64 = 1_800_000_000_000
    /// Virtual time after healing by which all must be done.
    static let patience: UInt64 = 600_000

    let options: SimOptions
    var dice: SplitMix
    let ledger: SimLedger
    let rules: ConsensusRules
    var nodes: [SimNode] = []
    var queue = SimHeap<SimEvent>()
    var time = SimWorld.start
    var judge: SimJudge
    /// What liars say again later.
    var heard: [ConsensusMessage] = []
    /// Told what happens, line by line.
    package var trace: ((String) -> Void)?
    package internal(set) var report: SimReport

    /// A world that has not begun.
    ///
    /// - Parameter crashAt: a node and the write or flush at which it crashes.
    package init(seed: UInt64, _ options: SimOptions, crashAt: (node: Int, boundary: SimBoundary)? = nil) {
        self.options = options
        var dice = SplitMix(seed: seed ^ 0x5eed)
        let faulty = options.twins + options.liars
        let faultyPlaces = Set(0..<faulty)
        ledger = SimLedger(options, faulty: faultyPlaces, &dice)
        var rules = ConsensusRules()
        rules.interval = 500
        (rules.precision, rules.messageDelay, rules.gossip) = (505, 1000, 150)
        rules.propose = .init(first: 400, growth: 100)
        rules.prevote = .init(first: 200, growth: 100)
        rules.precommit = .init(first: 200, growth: 100)
        self.rules = rules
        report = SimReport(seed: seed)
        judge = SimJudge(faulty: faultyPlaces)
        self.dice = dice
        guard let first = ledger.validators(1), let second = ledger.validators(2) else { return }
        var genesis = HeightContext(
            chain: "sim-0", genesisTime: Timestamp(milliseconds: Self.start), appHash: .zero,
            validators: first, nextValidators: second, parametersHash: .zero)
        if let script = options.script,
            let rotation = ProposerRotation.with(
                leaders: script.leaders.compactMap { first.place(of: SimSignature.key($0)) }, in: first)
        {
            genesis.rotation = rotation
        } else if options.script != nil {
            report.violations.append("no rotation has these leaders")
        }
        judge.know(ledger, genesis, isScripted: options.script != nil)
        for place in 0..<options.nodes {
            let character: SimNode.Character =
                place < options.twins ? .twin : place < faulty ? .liar : .honest
            for _ in 0..<(character == .twin ? 2 : 1) {
                var node = SimNode(place: place, character: character, genesis: genesis)
                node.skew = Int64(self.dice.below(Int(2 * options.skew) + 1)) - Int64(options.skew)
                nodes.append(node)
            }
        }
        report.signerSteps = nodes.map { _ in [] }
        if let crashAt, nodes.indices.contains(crashAt.node) {
            nodes[crashAt.node].crashAt = crashAt.boundary
        }
    }

    /// Runs to the end: all honest members decided all heights, or something is wrong.
    package func run() -> SimReport {
        for place in nodes.indices { begin(place) }
        queue.push(.heal, at: Self.start + options.healing)
        for _ in 0..<options.crashes {
            let place = dice.below(nodes.count)
            let kinds = SimCrash.allCases
            let kind = dice.below(100) < options.fullDisks ? .fullDisk : kinds[dice.below(kinds.count)]
            queue.push(.crash(place, kind), at: Self.start + UInt64(dice.below(Int(options.healing))))
        }
        while !isDone, report.violations.isEmpty, let (moment, event) = queue.pop() {
            time = moment
            guard time - Self.start < options.healing + Self.patience else {
                report.violations.append("liveness: not all decided: \(heights)")
                break
            }
            fold(event)
            if let trace, let line = describe(event) { trace(line) }
            perform(event)
            report.violations += judge.takeViolations()
        }
        judge.close(nodes)
        report.violations += judge.takeViolations()
        report.time = time - Self.start
        report.steps = nodes.map(\.steps)
        report.evidence = judge.evidence
        report.highestRound = judge.highestRound
        return report
    }

    private var heights: [Int] { nodes.map { $0.contexts.count - 1 } }

    private var isDone: Bool {
        nodes.allSatisfy { $0.character != .honest || $0.contexts.count > options.heights }
    }

    var hasHealed: Bool { time >= Self.start + options.healing }

    private func fold(_ event: SimEvent) {
        report.events += 1
        for word in [time, event.mark] {
            report.eventHash = (report.eventHash ^ word) &* 0x100_0000_01b3
        }
    }

    // MARK: - Events

    private func perform(_ event: SimEvent) {
        switch event {
        case .deliver(let place, let from, let message):
            handle(place, .message(message, from: UInt64(from) + 1))
        case .deliverBlock(let place, let from, let block, let commit):
            handle(place, .decided(block, commit, from: UInt64(from) + 1))
        case .own(let place, let life, let height, let event):
            guard nodes[place].life == life, nodes[place].engine?.context.height == height else { return }
            handle(place, event)
        case .applied(let place, let life): if nodes[place].life == life { apply(place) }
        case .crash(let place, let kind):
            if kind == .now { crash(place) } else { nodes[place].armed = kind }
        case .restart(let place): begin(place)
        case .askSigner(let place, let life, let word):
            guard nodes[place].life == life, nodes[place].engine?.context.height == word.order.height else {
                return
            }
            sign(word, place)
        case .heal:
            for place in nodes.indices {
                nodes[place].skew = Int64(dice.below(Int(rules.precision))) - Int64(rules.precision / 2)
            }
            judge.heal(nodes)
        }
    }

    /// A node's clock.
    func clock(_ place: Int) -> UInt64 { UInt64(Int64(time) + nodes[place].skew) }

    private func handle(_ place: Int, _ event: ConsensusEvent) {
        guard var engine = nodes[place].engine else { return }
        nodes[place].engine = nil
        let before = engine.state
        let actions = engine.handle(event, now: clock(place))
        nodes[place].engine = engine
        if trace != nil { tell(engine, before, actions, place) }
        judge.look(at: engine, of: nodes[place])
        if case .message(.vote(let vote), _) = event { judge.heard(vote, by: nodes[place]) }
        carryOut(actions, place)
    }

    // MARK: - Crashes

    /// A node stops: what was not flushed is there in part, or not at all.
    func crash(_ place: Int) {
        guard nodes[place].engine != nil else { return }
        report.crashes += 1
        nodes[place].engine = nil
        nodes[place].life += 1
        nodes[place].armed = nil
        // Of what was not flushed some first bytes may have reached the disk.
        let kept = dice.below(nodes[place].pending.count + 1)
        nodes[place].durable += nodes[place].pending.prefix(kept)
        nodes[place].pending = []
        nodes[place].signer.crash(isKept: dice.below(2) == 0)
        if let block = nodes[place].pendingBlock, dice.below(2) == 0 { keep(block, place) }
        nodes[place].pendingBlock = nil
        trace?(line(place, "stops"))
        queue.push(.restart(place), at: time + 50 + UInt64(dice.below(1500)))
    }

    /// Counts a write or a flush; true when the node crashes there.
    func step(_ place: Int) -> Bool {
        nodes[place].steps += 1
        guard let crashAt = nodes[place].crashAt, crashAt.step == nodes[place].steps else { return false }
        crash(place)
        return true
    }

    /// Counts a step of the signer; true when it stops there, alone or with its node.
    func signerStep(_ word: SignedWord, _ place: Int) -> Bool {
        report.signerSteps[place].append(nodes[place].steps + 1)
        guard let crashAt = nodes[place].crashAt, crashAt.isSignerAlone,
            crashAt.step == nodes[place].steps + 1
        else { return step(place) }
        nodes[place].steps += 1
        stopSigner(word, place)
        return true
    }

    /// Only the signer stops: whoever asked gets no answer, and asks again.
    func stopSigner(_ word: SignedWord, _ place: Int) {
        report.crashes += 1
        nodes[place].signer.crash(isKept: dice.below(2) == 0)
        trace?(line(place, "its signer stops"))
        queue.push(.askSigner(place, life: nodes[place].life, word), at: time + 100)
    }

    /// A start: what is stored and not applied is applied, then the log of the height is read.
    private func begin(_ place: Int) {
        guard nodes[place].engine == nil else { return }
        while nodes[place].blocks.count >= nodes[place].contexts.count {
            guard applyNext(place) else { return }
        }
        let context = nodes[place].contexts[nodes[place].contexts.count - 1]
        let reading = ConsensusLogReading(nodes[place].durable)
        var engine = Consensus(context, rules, key: nodes[place].key, check: SimSignature.check)
        let isOurs = reading.height == context.height
        if isOurs {
            nodes[place].durable = Array(nodes[place].durable.prefix(reading.goodBytes))
        } else {
            nodes[place].durable = ConsensusLog.mark(chain: context.chain, height: context.height)
        }
        nodes[place].pending = []
        judge.restarted(nodes[place])
        let actions = engine.begin(isOurs ? reading.records : [], now: clock(place))
        nodes[place].engine = engine
        carryOut(actions, place)
    }

    /// Applies the next stored block.
    private func applyNext(_ place: Int) -> Bool {
        let node = nodes[place]
        let context = node.contexts[node.contexts.count - 1]
        guard let next = ledger.apply(node.blocks[node.contexts.count - 1], on: context) else { return false }
        nodes[place].contexts.append(next)
        judge.applied(next, by: node)
        return true
    }

    private func apply(_ place: Int) {
        if step(place) { return }
        guard applyNext(place), var engine = nodes[place].engine else { return }
        if step(place) { return }
        let context = nodes[place].contexts[nodes[place].contexts.count - 1]
        nodes[place].durable = ConsensusLog.mark(chain: context.chain, height: context.height)
        nodes[place].pending = []
        let actions = engine.begin(context, now: clock(place))
        nodes[place].engine = engine
        carryOut(actions, place)
    }
}

/// What is on its way.
enum SimEvent {
    case deliver(to: Int, from: Int, ConsensusMessage)
    case deliverBlock(to: Int, from: Int, Block, Certificate)
    case own(Int, life: Int, height: UInt64, ConsensusEvent)
    case applied(Int, life: Int)
    case crash(Int, SimCrash)
    case askSigner(Int, life: Int, SignedWord)
    case restart(Int)
    case heal

    /// A number that tells events apart well enough.
    var mark: UInt64 {
        switch self {
        case .deliver(let place, let from, let message): UInt64(place * 64 + from) << 8 | message.mark
        case .deliverBlock(let place, let from, _, _): UInt64(place * 64 + from) << 8 | 0x80
        case .own(let place, let life, let height, _): UInt64(place * 64 + life) << 16 | height
        case .applied(let place, _): UInt64(place) << 8 | 0x81
        case .crash(let place, _): UInt64(place) << 8 | 0x82
        case .askSigner(let place, _, _): UInt64(place) << 8 | 0x85
        case .restart(let place): UInt64(place) << 8 | 0x83
        case .heal: 0x84
        }
    }
}

extension ConsensusMessage {
    fileprivate var mark: UInt64 {
        switch self {
        case .vote(let vote):
            (UInt64(vote.round) << 8 | UInt64(vote.member)) << 32
                ^ (vote.target?.block.hash.word0 ?? 0) ^ UInt64(vote.kind.rawValue)
        case .proposal(let message): message.proposal.target.block.hash.word0 ^ UInt64(message.proposal.round)
        case .certificate(let certificate): certificate.target.block.hash.word0 ^ 7
        case .part(let part): UInt64(part.index) << 8 | 4
        case .status(let status): UInt64(status.round) << 8 | 5
        }
    }
}
