import MinerCore
import NodeDomain
import Testing

/// A miner with plots, played against a chain that is a value.
private struct Play {
    var mining: Mining
    var sight: ChainSight
    var now: UInt64 = 1_000_000
    /// All that was noted, in order.
    var notes: [MiningNote] = []
    var others: [MiningAction] = []

    static let keys = OperatorKeys(operator: key(0xAA), vrfKey: key(0xBB))

    static func key(_ byte: UInt8) -> Bytes32 { Bytes32(repeatElement(byte, count: 32)) ?? .zero }

    static func plot(_ number: UInt8, coinbase: UInt8 = 9) -> MinedPlot {
        let plan = FleetPlan(
            identity: key(number), commitmentATX: key(0xCC), units: 4, labelsPerUnit: 1024, scryptN: 8192,
            maxFileSize: 16_384,
            segments: [FleetSegment(worker: "w", directory: "/plots/\(number)", files: 0..<4)])
        return MinedPlot(name: "plot-\(number)", plan: plan, coinbase: address(coinbase))
    }

    static func address(_ byte: UInt8) -> Address {
        guard let address = Address([0, 0, 0, 0] + [UInt8](repeating: byte, count: 20)) else {
            preconditionFailure("24 bytes are an address")
        }
        return address
    }

    init(plots: [MinedPlot], votes: Bool = false, notes: [MiningNote] = []) {
        mining = Mining(terms: NetworkParameters(), keys: Play.keys, votes: votes, plots: plots, notes: notes)
        sight = ChainSight(height: 1, time: 1_000_000, epoch: EpochSight(number: 0, start: 1_000_000))
        for plot in plots { sight.plots[plot.identity] = PlotSight() }
    }

    /// Plays an event.
    mutating func play(_ event: MiningEvent) {
        for action in mining.handle(event, at: now) {
            if case .note(let note) = action { notes.append(note) } else { others.append(action) }
        }
    }

    mutating func block(_ change: (inout ChainSight) -> Void = { _ in }) {
        sight.height += 1
        sight.time += 1_000
        now += 1_000
        change(&sight)
        play(.chain(sight))
    }

    mutating func open() {
        block { $0.epoch.opening = .init(post: Play.key(UInt8($0.epoch.number + 1)), height: $0.height) }
    }

    /// What was asked for since the last look.
    mutating func asked() -> [MiningAction] {
        defer { others = [] }
        return others
    }

    mutating func nextEpoch() {
        block { sight in
            let old = sight.epoch
            sight.ended[old.number] = old.index
            sight.epoch = EpochSight(number: old.number + 1, start: sight.time, weight: sight.nextWeight)
        }
    }

    func kinds(_ plot: UInt8) -> [MiningNote.Kind] { notes.filter { $0.plot == "plot-\(plot)" }.map(\.kind) }

    static let proof = PostProof(nonce: 3, indices: [UInt8](repeating: 1, count: 60), pow: 5)

    /// Takes a plot from nothing to a proof in the open window.
    mutating func prove(_ number: UInt8) {
        play(.ended(plot: "plot-\(number)", .proved(epoch: sight.epoch.number, Play.proof)))
    }
}

extension [MiningAction] {
    fileprivate var drafts: [ActivationDraft] {
        compactMap { if case .sign(let draft) = $0 { draft } else { nil } }
    }
    fileprivate var submits: [UInt64] {
        compactMap { if case .submit(let draft, _) = $0 { draft } else { nil } }
    }
    fileprivate var proved: [String] {
        compactMap { if case .prove(let plot, _, _) = $0 { plot.name } else { nil } }
    }
}

@Suite("The life of plots")
struct MiningTests {
    @Test("made, proved, signed, submitted, on chain, active, paid: every step noted with what comes next")
    func wholeLife() {
        var play = Play(plots: [Play.plot(1)])
        play.play(.tick)
        #expect(play.asked() == [.make(Play.plot(1))])
        play.play(.ended(plot: "plot-1", .made))
        play.block()
        #expect(play.asked() == [], "no window, no proof")
        play.open()
        #expect(play.asked() == [.prove(Play.plot(1), epoch: 0, challenge: Play.key(1))])
        play.prove(1)
        let draft = play.asked().drafts.first
        #expect(draft?.plots.count == 1 && draft?.plots.first?.binding != nil, "the chain does not know it")
        #expect(draft?.setsVRFKey == false && draft?.votes == false)
        play.play(.signed(draft: draft?.number ?? 0, [4, 1]))
        #expect(play.asked() == [.submit(draft: draft?.number ?? 0, [4, 1])])
        play.play(.judged(draft: draft?.number ?? 0, refusal: nil))
        let life = play.mining.lives[0]
        #expect(play.mining.standing(of: life).stage == .submitted)
        play.block { $0.plots[Play.key(1)]?.rows[1] = .init(units: 4, isVoting: false) }
        #expect(play.mining.standing(of: play.mining.lives[0]).stage == .done)
        play.nextEpoch()
        play.block { $0.epoch.index = 7 << 64 }
        #expect(play.mining.accrued(play.mining.lives[0]) == 28)
        play.nextEpoch()
        #expect(play.mining.unpaid(play.mining.lives[0]) == 28)
        play.block { $0.plots[Play.key(1)]?.rows[1] = nil }
        #expect(play.mining.lives[0].paid == 28 && play.mining.unpaid(play.mining.lives[0]) == 0)
        #expect(
            play.kinds(1) == [.making, .made, .proving, .proved, .submitted, .included, .active, .paid])
        #expect(play.notes.allSatisfy { !$0.text.isEmpty })
    }

    @Test(
        "a bound plot goes without a binding; another coinbase or operator binds it anew with its old commitment"
    )
    func bindings() {
        for (operatorKey, coinbase, isBound) in [
            (UInt8(0xAA), UInt8(9), true), (0xAA, 8, false), (0x11, 9, false),
        ] {
            var play = Play(plots: [Play.plot(1)], notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
            play.sight.plots[Play.key(1)]?.bound = .init(
                commitmentATX: Play.key(0xDD), operator: Play.key(operatorKey),
                coinbase: Play.address(coinbase))
            play.open()
            play.prove(1)
            let plot = play.asked().drafts.first?.plots.first
            #expect((plot?.binding == nil) == isBound)
            if !isBound { #expect(plot?.binding?.commitmentATX == Play.key(0xDD)) }
        }
    }

    @Test("an operator that votes sends its VRF key until the chain has it")
    func vrfKey() {
        for (known, sets) in [(nil, true), (Play.key(1), true), (Play.keys.vrfKey, false)]
            as [(Bytes32?, Bool)]
        {
            var play = Play(
                plots: [Play.plot(1)], votes: true, notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
            play.sight.operator = OperatorSight(vrfKey: known, isJailed: false, isBarred: false)
            play.open()
            play.prove(1)
            let draft = play.asked().drafts.first
            #expect(draft?.votes == true && draft?.setsVRFKey == sets)
        }
    }

    @Test(
        "plots that are proved together go together, as many as a block takes; one that is late does not hold the others for ever"
    )
    func company() {
        let plots = (1...3).map { Play.plot(UInt8($0)) }
        let made = plots.map { MiningNote(.made, epoch: 0, plot: $0.name, "") }
        var play = Play(plots: plots, notes: made)
        play.open()
        #expect(play.asked().proved == ["plot-1", "plot-2", "plot-3"])
        play.prove(2)
        #expect(play.asked() == [], "it waits for company")
        play.prove(1)
        let first = play.asked().drafts
        #expect(
            first.count == 1 && first[0].plots.map(\.identity) == [Play.key(1), Play.key(2)], "two are a lane"
        )
        play.prove(3)
        #expect(play.asked().drafts.map { $0.plots.map(\.identity) } == [[Play.key(3)]])

        play = Play(plots: plots, notes: made)
        play.open()
        _ = play.asked()
        play.prove(2)
        play.now += 4_000
        play.play(.tick)
        #expect(play.asked().drafts.map { $0.plots.map(\.identity) } == [[Play.key(2)]])
    }

    @Test(
        "a refusal, a signer that does not answer, work that fails: again after a rest, twice as long each time"
    )
    func retries() {
        var play = Play(plots: [Play.plot(1)])
        play.play(.tick)
        var waits: [UInt64] = []
        for _ in 0..<8 {
            #expect(play.asked() == [.make(Play.plot(1))])
            play.play(.ended(plot: "plot-1", .failed("no room")))
            let start = play.now
            while play.others.isEmpty {
                play.now += 1_000
                play.play(.tick)
            }
            waits.append((play.now - start) / 1_000)
        }
        #expect(waits == [2, 4, 8, 16, 32, 64, 64, 64])
        _ = play.asked()
        play.play(.ended(plot: "plot-1", .made))
        play.open()
        play.prove(1)
        for kind in [MiningNote.Kind.unsigned, .refused] {
            let draft = play.asked().drafts.first?.number ?? 0
            if kind == .unsigned {
                play.play(.unsigned(draft: draft, "no signer"))
            } else {
                play.play(.signed(draft: draft, [4]))
                play.play(.judged(draft: draft, refusal: "full"))
            }
            #expect(play.notes.last?.kind == kind && play.notes.last?.cause.isEmpty == false)
            _ = play.asked()
            play.now += 70_000
            play.play(.tick)
        }
        #expect(play.asked().drafts.count == 1, "the same proof again")
    }

    @Test(
        "an activation that is in no block for five heights is given again, and the end of the epoch ends it")
    func again() {
        var play = Play(plots: [Play.plot(1)], notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
        play.open()
        play.prove(1)
        let draft = play.asked().drafts.first?.number ?? 0
        play.play(.signed(draft: draft, [4]))
        play.play(.judged(draft: draft, refusal: nil))
        _ = play.asked()
        for _ in 0..<4 { play.block() }
        #expect(play.asked() == [])
        play.block()
        #expect(play.asked().submits == [draft])
        play.play(.judged(draft: draft, refusal: nil))
        #expect(play.kinds(1).filter { $0 == .submitted }.count == 1, "said once")
        play.nextEpoch()
        #expect(
            play.notes.last?.kind == .missed && play.notes.last?.cause == "its activation came into no block")
        for _ in 0..<10 { play.block() }
        #expect(play.asked() == [])
        play.open()
        #expect(play.asked().proved == ["plot-1"], "the next window is another chance")
    }

    @Test("work of an epoch that is over is called off; so is what the chain has already")
    func callOff() {
        var play = Play(plots: [Play.plot(1)], notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
        play.open()
        _ = play.asked()
        play.nextEpoch()
        #expect(play.asked() == [.callOff(plot: "plot-1", "epoch 0 is over")])
        play.open()
        _ = play.asked()
        play.block { $0.plots[Play.key(1)]?.rows[2] = .init(units: 4, isVoting: false) }
        #expect(play.asked() == [.callOff(plot: "plot-1", "its activation is on chain")])
        play.play(.ended(plot: "plot-1", .proved(epoch: 1, Play.proof)))
        #expect(play.asked() == [], "what was called off is not taken")
    }

    @Test("begun again at any step from its notes, it goes on from there and costs no epoch")
    func restart() {
        var whole = Play(plots: [Play.plot(1)])
        whole.play(.tick)
        whole.play(.ended(plot: "plot-1", .made))
        whole.open()
        whole.prove(1)
        let draft = whole.asked().drafts.first?.number ?? 0
        whole.play(.signed(draft: draft, [4, 2]))
        whole.play(.judged(draft: draft, refusal: nil))
        let expected: [MiningNote.Kind: (Play) -> Bool] = [
            .making: { $0.others == [.make(Play.plot(1))] },
            .made: { $0.others.proved == ["plot-1"] },
            .opened: { $0.others.proved == ["plot-1"] },
            .proving: { $0.others.proved == ["plot-1"] },
            .proved: { $0.others.drafts.count == 1 && $0.others.proved.isEmpty },
            .signed: { $0.others.submits.count == 1 && $0.others.drafts.isEmpty },
            .submitted: { $0.others.submits.count == 1 && $0.others.drafts.isEmpty },
        ]
        for count in 1...whole.notes.count {
            let notes = Array(whole.notes.prefix(count))
            var again = Play(plots: [Play.plot(1)], notes: notes)
            again.sight = whole.sight
            again.now = whole.now
            again.block()
            let kind = notes.last?.kind ?? .paid
            #expect(expected[kind]?(again) == true, "\(kind): \(again.others)")
            #expect(!again.notes.contains { $0.kind == .opened } || count < 3, "said once")
        }
    }

    @Test("paid and owed survive a restart; nothing is counted twice")
    func accounts() {
        let notes = [
            MiningNote(.made, epoch: 0, plot: "plot-1", ""),
            MiningNote(.active, epoch: 1, plot: "plot-1", "", amount: 4),
            MiningNote(.paid, epoch: 1, plot: "plot-1", "", amount: 28),
            MiningNote(.active, epoch: 2, plot: "plot-1", "", amount: 4),
        ]
        var play = Play(plots: [Play.plot(1)], notes: notes)
        #expect(play.mining.lives[0].paid == 28 && play.mining.owedEpochs == [2])
        play.sight.epoch = EpochSight(number: 3, start: 1_000_000)
        play.block()
        #expect(play.mining.lives[0].paid == 28, "what was not looked at is not known")
        play.block {
            $0.ended[2] = 3 << 64
            $0.plots[Play.key(1)]?.rows[2] = .init(units: 4, isVoting: true)
        }
        #expect(play.mining.lives[0].paid == 28 && play.mining.unpaid(play.mining.lives[0]) == 12)
        play.block { $0.plots[Play.key(1)]?.rows[2] = nil }
        play.block()
        #expect(play.mining.lives[0].paid == 40 && play.mining.owedEpochs.isEmpty)
    }

    @Test("stopped, nothing is begun; what is under way ends, and what is owed is still counted")
    func stopped() {
        var play = Play(plots: [Play.plot(1)], notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
        play.play(.stopped(true))
        play.play(.stopped(true))
        #expect(play.notes.filter { $0.kind == .stopped }.count == 1)
        play.open()
        #expect(play.asked() == [])
        let again = Mining(
            terms: NetworkParameters(), keys: Play.keys, votes: false, plots: [Play.plot(1)],
            notes: play.notes)
        #expect(again.isStopped, "it is remembered")
        play.play(.stopped(false))
        #expect(play.asked().proved == ["plot-1"])
    }

    @Test("one that was absent asks once a term to be let in again; one that is barred does nothing")
    func jailed() {
        var play = Play(plots: [], votes: true)
        play.sight.operator = OperatorSight(vrfKey: Play.keys.vrfKey, isJailed: true, isBarred: false)
        play.open()
        let draft = play.asked().drafts.first
        #expect(draft?.plots == [] && draft?.votes == true)
        play.play(.unsigned(draft: draft?.number ?? 0, "no"))
        play.block()
        #expect(play.asked().drafts.isEmpty, "once a term")
        for _ in 0..<10 { play.block() }
        #expect(play.asked().drafts.count == 1)

        play = Play(plots: [Play.plot(1)], notes: [MiningNote(.made, epoch: 0, plot: "plot-1", "")])
        play.sight.operator = OperatorSight(vrfKey: nil, isJailed: false, isBarred: true)
        play.open()
        #expect(play.asked() == [] && !play.mining.trouble(at: play.now).isEmpty)
    }

    @Test("a reward is units times the index, without rounding on the way")
    func rewards() {
        #expect(Mining.reward(units: 3, index: (UInt128(1) << 64) / 3) == 0)
        #expect(Mining.reward(units: 3, index: (UInt128(1) << 64) / 3 + 1) == 1)
        #expect(Mining.reward(units: 1 << 40, index: UInt128(1) << 80) == 1 << 56)
    }
}
