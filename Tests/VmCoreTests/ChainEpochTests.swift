import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// When an epoch ends, what it mints, and what a block must be besides (spec: chain, §2, §3, §6).
@Suite("Epochs")
struct ChainEpochTests {
    private static let id = ChainSamples.id
    private static let home = ChainSamples.account(0x31)

    private func plot(_ byte: UInt8, units: UInt32, _ epoch: UInt32) -> BlockItem {
        ChainItems.activation(
            epoch, by: byte,
            [ChainItems.plot(Self.id(byte), units: units, coinbase: epoch == 0 ? Self.home : nil)])
    }

    // MARK: - The end of an epoch

    @Test("time, heights of the window and weight must all have come")
    func conditions() throws {
        var world = try ChainWorld.open()
        // No weight: the epoch goes on, however long it takes.
        try world.run(until: 200_000)
        #expect(try world.pot.epoch == 0)
        try world.block([plot(0x21, units: 4, 0)])
        try world.block()
        #expect(try world.pot.epoch == 1)
        // The window of epoch 1 opens after its time: fifteen blocks must follow the proof.
        let start = try world.pot.time - world.rules.parameters.genesisTime
        try world.run(until: start + 70_000)
        try world.block([ChainItems.poet(1)])
        let opened = try world.pot.height
        try world.block([plot(0x21, units: 4, 1)])
        while try world.pot.epoch == 1 { try world.block() }
        #expect(try world.epoch(2).startHeight == opened + 16)
        #expect(try world.epoch(2).startTime == world.pot.time)
        #expect(world.events.contains(.epochEnded(1)))
    }

    @Test("the epoch ends with its time when all else is there, not a block earlier")
    func time() throws {
        var world = try ChainWorld.open()
        try world.block([plot(0x21, units: 4, 0)])
        try world.run(until: 58_500)
        try world.block(at: 59_999)
        #expect(try world.pot.epoch == 0)
        try world.block(at: 60_999)
        #expect(try world.pot.epoch == 1)
        var exact = try ChainWorld.open()
        try exact.block([plot(0x21, units: 4, 0)])
        try exact.run(until: 58_500)
        try exact.block(at: 60_000)
        #expect(try exact.pot.epoch == 1)
    }

    /// Epoch 1 of twelve units, in whose window only so many are proved again.
    private func halved(_ units: UInt32) throws -> ChainWorld {
        var world = try ChainWorld.open()
        try world.mine { [plot(0x21, units: units, $0), plot(0x22, units: 12 - units, $0)] }
        try world.run(until: 90_000)
        try world.block([ChainItems.poet(1)])
        try world.block([plot(0x21, units: units, 1)])
        return world
    }

    @Test("half of the weight is enough, less is waited for until twice the time")
    func halving() throws {
        var half = try halved(6)
        let start = try half.epoch(1).startTime
        while try half.pot.epoch == 1 { try half.block() }
        #expect(try half.pot.time - start == 60_000)
        var less = try halved(5)
        while try less.pot.epoch == 1 { try less.block() }
        #expect(try less.pot.time - start == 120_000)
        // It had minted until then, and epoch 2 its first layer.
        #expect(try less.pot.minted == (1...25).reduce(0) { $0 + Issuance.subsidy(UInt64($1)) })
    }

    // MARK: - Minting

    @Test("an epoch that lasts longer than twice its time mints nothing more; fees are still earned")
    func late() throws {
        var world = try ChainWorld.open()
        try world.mine { [plot(0x21, units: 4, $0)] }
        let start = try world.pot.time - world.rules.parameters.genesisTime
        // The last moment that mints is the twice itself.
        try world.run(until: start + 117_000)
        let before = try world.pot.minted
        var exact = world
        try exact.block(at: start + 120_000)
        try world.block(at: start + 120_001)
        #expect(try exact.pot.minted > before && world.pot.minted == before)
        let (minted, earned) = (try world.pot.minted, try world.epoch(1).earned)
        #expect(minted > 0)
        try world.run(until: start + 200_001, fees: 3)
        #expect(try world.pot.epoch == 1 && world.pot.minted == minted)
        #expect(try world.epoch(1).earned == earned + 3 * 80)
    }

    @Test("a layer mints with its first block only, and without a block never")
    func layers() throws {
        var world = try ChainWorld.open()
        try world.mine { [plot(0x21, units: 4, $0)] }
        // Epoch 1 began at 60.5 s, in layer 12.
        #expect(try world.pot.minted == Issuance.subsidy(1))
        try world.run(until: 64_500)
        #expect(try world.pot.minted == Issuance.subsidy(1))
        try world.block(at: 80_000)
        #expect(try world.pot.minted == Issuance.subsidy(1) + Issuance.subsidy(5))
        let minted = Issuance.subsidy(5)
        #expect(world.events == [.minted(layer: 16, subsidy: minted, seatPart: minted * 2 / 100)])
    }

    @Test("what floors leave burns when the last row is paid, and no smidge besides")
    func floors() throws {
        var world = try ChainWorld.open()
        try world.mine { [plot(0x21, units: 3, $0), plot(0x22, units: 4, $0)] }
        for _ in 0..<2 { try world.mine { [plot(0x21, units: 3, $0), plot(0x22, units: 4, $0)] } }
        let burnt = try world.pot.burnt
        let epoch = try world.epoch(1)
        let rest = epoch.earned - epoch.settled
        #expect(rest < 2)
        try world.mine { [plot(0x21, units: 3, $0), plot(0x22, units: 4, $0)] }
        #expect(try world.epoch(1).settled == epoch.earned)
        #expect(try world.pot.burnt >= burnt + rest && world.pot.burnt < burnt + rest + 60)
    }

    // MARK: - PoET proofs and blocks

    @Test("a PoET proof of another epoch, too early, a second, too short, or of no member")
    func poet() throws {
        var world = try ChainWorld()
        try world.run(until: 27_500)
        #expect(try world.refusal(of: [ChainItems.poet(0)], at: 29_999) == .early(wait: 1))
        #expect(try world.refusal(of: [ChainItems.poet(1)], at: 30_500) == .epoch(1, current: 0))
        #expect(
            try world.refusal(of: [ChainItems.poet(0, leaves: 65_535)], at: 30_500)
                == .leaves(65_535, fewest: 65_536))
        #expect(
            try world.refusal(of: [ChainItems.poet(0), ChainItems.poet(0)], at: 30_500)
                == .order(ChainItems.poet(0)))
        guard case .poetProof(var proof) = ChainItems.poet(0) else { return }
        proof.index = 2
        #expect(
            try world.refusal(of: [.poetProof(proof)], at: 30_500) == .memberIndex(2, path: 1))
        try world.block(at: 30_500, [ChainItems.poet(0)])
        let statement = world.rules.statement(
            of: world.rules.firstChallenge, index: 1, path: [ChainSamples.id(1)])
        guard case .work(let work) = world.checks[1] else { return }
        #expect(work.statement == statement && work.proof.epoch == 0)
        #expect(try world.refusal(of: [ChainItems.poet(0)]) == .opened(0))
    }

    @Test("height, time, proposer, members and the beacon's output")
    func header() throws {
        var world = try ChainWorld()
        let member = ChainWorld.member(0x90, 1).operator
        var context = BlockContext(
            height: 1, time: 1_700_000_001_000, parent: .zero, proposer: member, present: [],
            system: SystemRecord(proof: []))
        func refusal(_ change: (inout BlockContext) -> Void) throws -> ChainRefusal? {
            var (other, changed) = (world, context)
            change(&changed)
            do {
                try other.block(changed, [])
                return nil
            } catch let refusal as ChainRefusal {
                return refusal
            }
        }
        #expect(try refusal { _ in } == nil)
        #expect(try refusal { $0.height = 2 } == .height(2, expected: 1))
        #expect(
            try refusal { $0.time -= 1 }
                == .time(1_700_000_000_999, earliest: 1_700_000_001_000))
        #expect(try refusal { $0.time = .max } == .layer((.max - 1_700_000_000_000) / 5000))
        #expect(try refusal { $0.proposer = .zero } == .proposer(.zero))
        #expect(try refusal { $0.present = [true] } == .presence(1, expected: 0))
        try world.block(context, [])
        context.height = 2
        context.time += 1000
        #expect(try refusal { _ in } == .presence(0, expected: 1))
        #expect(try refusal { $0.present = [true, true] } == .presence(2, expected: 1))
        #expect(try refusal { $0.present = [false] } == nil)
        var state = LedgerState()
        try world.load(StateNeeds(Set(world.records.keys)), into: &state)
        state.load(.rows(epoch: 0, after: nil), limit: 64, keys: [])
        state.load(.expiries(epoch: 0), limit: 64, keys: [])
        state.load(.expiries(epoch: 1), limit: 64, keys: [])
        try state.load(.epoch(1), nil)
        context.present = [true]
        var block = try ChainBlock(world.rules, context, state)
        #expect(throws: ChainRefusal.beta(63)) {
            try block.end(fees: 0, beta: [UInt8](repeating: 0, count: 63))
        }
    }

    @Test("items stand in their order")
    func order() throws {
        let world = try ChainWorld.open()
        let activation = plot(0x21, units: 4, 0)
        let evidence = BlockItem.malfeasance(ChainSamples.malfeasance)
        #expect(try world.refusal(of: [activation, evidence]) == .order(evidence))
        #expect(try world.refusal(of: [activation, ChainItems.poet(0)]) == .order(ChainItems.poet(0)))
        for item in [BlockItem.transaction([0]), ChainSamples.items[0]] {
            #expect(try world.refusal(of: [item]) == .order(item))
        }
    }

    @Test("numbers that are no network's are refused, each with a sentence")
    func network() throws {
        let member = ChainWorld.member(1, 1)
        let changes: [(inout NetworkParameters) -> Void] = [
            { $0.genesisID = [] }, { $0.layerTime = 0 }, { $0.layerTime = .max }, { $0.epochTime = 4999 },
            { $0.epochTime = .max }, { $0.poetWork = .max }, { $0.termHeights = 1 }, { $0.seats = 0 },
            { $0.fadingEpochs = 0 }, { $0.units = 0...1 }, { $0.labelsPerUnit = .max },
            { $0.proofIndices = 0 }, { $0.genesisTime = .max },
        ]
        for change in changes {
            var parameters = NetworkParameters.devnet
            change(&parameters)
            #expect(throws: ChainRefusal.self) {
                try ChainRules(parameters, chainID: "x", committee: [member])
            }
        }
        for committee in [[], [member, member], [ChainWorld.member(1, 0)]] {
            #expect(throws: ChainRefusal.self) {
                try ChainRules(.devnet, chainID: "x", committee: committee)
            }
        }
        #expect(throws: ChainRefusal.self) {
            try ChainWorld(balance: UInt64.max - Issuance.subsidy + 1)
        }
        _ = try ChainWorld(balance: UInt64.max - Issuance.subsidy)
    }
}
