import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Activations: every refusal, and what becomes of a plot.
@Suite("Activations")
struct ChainActivationTests {
    private static let id = ChainSamples.id
    private static let home = ChainSamples.account(0x31)
    private let world: ChainWorld

    init() throws {
        world = try .open()
    }

    private func refusal(_ change: (inout Activation) -> Void) throws -> ChainRefusal? {
        let item = ChainItems.activation(
            0, by: 0x11, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        guard case .activation(var activation) = item else { return nil }
        change(&activation)
        return try world.refusal(of: [.activation(activation)])
    }

    private func fault(_ change: (inout PlotProof) -> Void) throws -> PlotFault? {
        guard case .plot(let id, let fault) = try refusal({ change(&$0.plots[0]) }) else { return nil }
        #expect(id == Self.id(0x21))
        return fault
    }

    // MARK: - Refusals

    @Test("epoch, window, operator and size")
    func operators() throws {
        #expect(try refusal { _ in } == nil)
        #expect(try refusal { $0.epoch = 1 } == .epoch(1, current: 0))
        #expect(try refusal { $0.epoch = .max } == .epoch(.max, current: 0))
        #expect(try refusal { $0.votes = true } == .noVRFKey(Self.id(0x11)))
        #expect(
            try refusal {
                $0.votes = true
                $0.vrfKey = Self.id(9)
            } == nil)
        #expect(try refusal { $0.plots = [] } == .noPlots(Self.id(0x11)))
        let three = [0x21, 0x22, 0x23].map { ChainItems.plot(Self.id($0), coinbase: Self.home) }
        #expect(try refusal { $0.plots = three } == .laneProofs(limit: 2))
        let closed = try ChainWorld()
        let item = ChainItems.activation(0, by: 1, [ChainItems.plot(Self.id(2), coinbase: Self.home)])
        #expect(try closed.refusal(of: [item]) == .closed(0))
    }

    @Test("the block with the PoET proof is not yet in the window")
    func sameBlock() throws {
        var world = try ChainWorld()
        try world.run(until: 29_000)
        let item = ChainItems.activation(0, by: 1, [ChainItems.plot(Self.id(2), coinbase: Self.home)])
        #expect(try world.refusal(of: [ChainItems.poet(0), item], at: 30_500) == .closed(0))
    }

    @Test("form of a proof")
    func form() throws {
        let pack = { (indices: [UInt64]) in IndexPacking.pack(indices, bits: 13) }
        #expect(try fault { $0.units = 1 } == .units(1, 2...64))
        #expect(try fault { $0.units = 65 } == .units(65, 2...64))
        #expect(try fault { $0.proof.nonce = 1024 } == .nonce(1024, limit: 1024))
        #expect(try fault { $0.proof.pow = 1 << 56 } == .pow(1 << 56))
        #expect(try fault { $0.proof.indices.append(0) } == .length(62, expected: 61))
        #expect(try fault { $0.proof.indices.removeLast() } == .length(60, expected: 61))
        #expect(try fault { $0.proof.indices = [] } == .length(0, expected: 61))
        #expect(try fault { $0.proof.indices[60] |= 0x80 } == .padding)
        #expect(try fault { $0.proof.indices = pack([0] + (0..<36)) } == .rising)
        #expect(try fault { $0.proof.indices = pack((0..<37).reversed()) } == .rising)
        #expect(try fault { $0.proof.indices = pack((4060..<4097).map { $0 }) } == .range(labels: 4096))
        #expect(try fault { $0.proof.indices = pack((4059..<4096).map { $0 }) } == nil)
        #expect(
            try fault {
                $0.proof.nonce = 1023
                $0.proof.pow = 1 << 56 - 1
            } == nil)
    }

    @Test(
        "bindings: of unknown plots, of others' plots, with another commitment, and none that says nothing new"
    )
    func bindings() throws {
        #expect(try fault { $0.binding = nil } == .unbound)
        var world = world
        try world.block([
            ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        ])
        try world.mine { _ in [] }
        try world.run(until: 91_000)
        try world.block([ChainItems.poet(1)])
        func refusal(by operator: UInt8, _ plot: PlotProof) throws -> PlotFault? {
            let refusal = try world.refusal(of: [ChainItems.activation(1, by: `operator`, [plot])])
            guard case .plot(_, let fault) = refusal else { return nil }
            return fault
        }
        let plain = ChainItems.plot(Self.id(0x21))
        var bound = ChainItems.plot(Self.id(0x21), coinbase: Self.home)
        #expect(try refusal(by: 0x11, plain) == nil)
        #expect(try refusal(by: 0x12, plain) == .otherOperator(Self.id(0x11)))
        #expect(try refusal(by: 0x12, bound) == nil)
        #expect(try refusal(by: 0x11, bound) == .boundAlready)
        bound.binding?.coinbase = ChainSamples.account(0x32)
        #expect(try refusal(by: 0x11, bound) == nil)
        bound.binding?.commitmentATX = Self.id(1)
        #expect(try refusal(by: 0x11, bound) == .otherCommitment(Self.id(0xc0)))
    }

    @Test("a plot has one row an epoch, in one block or two")
    func twice() throws {
        let first = ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        let again = ChainItems.activation(0, by: 0x12, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        #expect(try world.refusal(of: [first, again]) == .plot(Self.id(0x21), .known(epoch: 1)))
        var world = world
        try world.block([first])
        #expect(try world.refusal(of: [first]) == .plot(Self.id(0x21), .known(epoch: 1)))
    }

    @Test("a lane has so many proofs and bytes")
    func lane() throws {
        let items = [0x21, 0x22, 0x23].map {
            ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.id($0), coinbase: Self.home)])
        }
        #expect(try world.refusal(of: Array(items.prefix(2))) == nil)
        #expect(try world.refusal(of: items) == .laneProofs(limit: 2))
        var parameters = NetworkParameters.devnet
        parameters.laneBytes = items[0].bytes.count
        let narrow = try ChainWorld.open(parameters)
        #expect(try narrow.refusal(of: [items[0]]) == nil)
        #expect(
            try narrow.refusal(of: Array(items.prefix(2)))
                == .tooManyBytes(what: "the lane of activations", limit: parameters.laneBytes))
    }

    @Test("checks are asked for in their order, with what was signed, and any that fails refuses the block")
    func checks() throws {
        var world = world
        let item = ChainItems.activation(
            0, by: 0x11, votes: true, key: 0x12,
            [
                ChainItems.plot(Self.id(0x21), coinbase: Self.home),
                ChainItems.plot(Self.id(0x22), coinbase: Self.home),
            ])
        guard case .activation(let activation) = item else { return }
        let genesis = world.rules.parameters.genesisID
        try world.block([item])
        let asked = world.checks
        #expect(asked.count == 7)
        #expect(asked[1] == .vrfKey(Self.id(0x12)))
        guard case .signature(let own, plot: nil) = asked[2],
            case .signature(let bound, plot: Self.id(0x21)) = asked[3],
            case .space(let space) = asked[5]
        else {
            Issue.record("\(asked)")
            return
        }
        #expect(own.key == activation.operator)
        #expect(own.message == activation.signedBytes(genesis: genesis))
        #expect(bound.key == Self.id(0x21))
        #expect(space.challenge == (try world.epoch(0).opening?.post))
        #expect(space.commitmentATX == Self.id(0xc0))
        #expect(asked.map(\.isOfSpace) == [false, false, false, false, false, true, true])
        for check in asked {
            var other = self.world
            other.holds = { $0 != check }
            if case .beacon = check { continue }
            #expect(try other.refusal(of: [item]) == .failed(check))
        }
    }

    @Test("the mempool's judgement is the block's")
    func review() throws {
        var state = LedgerState()
        let item = ChainItems.activation(
            0, by: 0x11, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        guard case .activation(var activation) = item else { return }
        try world.load(world.rules.needs(of: item), into: &state)
        #expect(try world.rules.review(activation, in: state).count == 3)
        activation.epoch = 3
        #expect(throws: ChainRefusal.epoch(3, current: 0)) {
            try world.rules.review(activation, in: state)
        }
    }
}
