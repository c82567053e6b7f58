import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// What becomes of a plot: unknown, pending, active, renewed, lapsed, unknown again (spec: chain, §4).
@Suite("Lives of plots")
struct ChainPlotTests {
    private static let plot = ChainSamples.id(0x21)
    private static let home = ChainSamples.account(0x31)
    private static let second = ChainSamples.account(0x32)

    /// An operator that keeps epochs going with a plot of its own.
    private func steady(_ epoch: UInt32) -> BlockItem {
        ChainItems.activation(
            epoch, by: 0x41,
            [
                ChainItems.plot(
                    ChainSamples.id(0x51), units: 8, coinbase: epoch == 0 ? ChainSamples.account(0x61) : nil)
            ])
    }

    private func row(_ world: ChainWorld, _ epoch: UInt32) throws -> RowRecord? {
        try world.read(.row(epoch: epoch, plot: Self.plot))
    }

    private func paid(_ world: ChainWorld) -> [UInt64] {
        world.events.compactMap {
            guard case .rewardPaid(_, Self.plot, _, let amount) = $0 else { return nil }
            return amount
        }
    }

    @Test("a row keeps operator and coinbase that it was published with; the plot has the new ones")
    func changes() throws {
        var world = try ChainWorld.open()
        let first = ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.plot, coinbase: Self.home)])
        try world.mine { [steady($0), first] }
        let changed = ChainItems.activation(
            1, by: 0x12, [ChainItems.plot(Self.plot, units: 2, coinbase: Self.second)])
        try world.mine { [steady($0), changed] }
        let (old, new) = (
            try #require(try row(world, 2)), try world.read(.plot(Self.plot), as: PlotRecord.self)
        )
        #expect(old.operator == ChainSamples.id(0x12) && old.coinbase == Self.second && old.units == 2)
        #expect(new?.operator == ChainSamples.id(0x12) && new?.coinbase == Self.second)
        // What epoch 1 earned went to the first coinbase when epoch 2 began.
        #expect(try row(world, 1) == nil)
        #expect(try world.balance(Self.home) > 0 && world.balance(Self.second) == 0)
        try world.mine { [steady($0)] }
        #expect(try world.balance(Self.second) > 0)
    }

    @Test("pending, active, renewed, lapsed, back again without a binding")
    func lives() throws {
        var world = try ChainWorld.open()
        let first = ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.plot, coinbase: Self.home)])
        try world.mine { [steady($0), first] }
        #expect(try row(world, 1) != nil && row(world, 2) == nil)
        let plain = ChainItems.activation(1, by: 0x11, [ChainItems.plot(Self.plot)])
        try world.mine { [steady($0), plain] }
        #expect(try row(world, 2) != nil && row(world, 3) == nil)
        try world.mine { [steady($0)] }
        #expect(world.events.contains(.plotLapsed(Self.plot, lastEpoch: 2)))
        #expect(try world.read(.expiry(epoch: 28, plot: Self.plot)) == ExpiryRecord(lastEpoch: 2))
        let back = ChainItems.activation(3, by: 0x11, [ChainItems.plot(Self.plot)])
        try world.mine { number in
            [steady(number), back]
        }
        #expect(try row(world, 4) != nil)
        #expect(try world.read(.plot(Self.plot), as: PlotRecord.self)?.lastEpoch == 4)
        while try world.pot.epoch < 27 { try world.mine { [steady($0)] } }
        // Of the two records of its lapsing only the newer one drops it.
        try world.mine { [steady($0)] }
        #expect(try world.read(.plot(Self.plot), as: PlotRecord.self) != nil)
        #expect(try world.read(.expiry(epoch: 28, plot: Self.plot), as: ExpiryRecord.self) == nil)
        try world.mine { [steady($0)] }
        try world.mine { [steady($0)] }
        #expect(world.events.contains(.plotDropped(Self.plot)))
        #expect(try world.read(.plot(Self.plot), as: PlotRecord.self) == nil)
        // Unknown again: it must be bound, with any commitment.
        let number = try world.pot.epoch
        try world.run(until: (world.pot.time - world.rules.parameters.genesisTime) + 31_000)
        try world.block([ChainItems.poet(number)])
        let unbound = ChainItems.activation(number, by: 0x11, [ChainItems.plot(Self.plot)])
        #expect(try world.refusal(of: [unbound]) == .plot(Self.plot, .unbound))
        try world.block([
            ChainItems.activation(number, by: 0x11, [ChainItems.plot(Self.plot, coinbase: Self.second)])
        ])
        #expect(world.events.contains(.plotProved(Self.plot, epoch: number + 1, units: 4, .joined)))
    }

    @Test("a voting row waits two epochs longer, and is paid whole")
    func stake() throws {
        var world = try ChainWorld.open()
        let first = ChainItems.activation(
            0, by: 0x11, votes: true, key: 0x12, [ChainItems.plot(Self.plot, units: 8, coinbase: Self.home)])
        try world.mine { [steady($0), first] }
        var rewards: [Int] = []
        for _ in 0..<3 {
            try world.mine { [steady($0)] }
            rewards.append(paid(world).count)
        }
        #expect(rewards == [0, 0, 1])
        let epoch = try world.epoch(1)
        #expect(try world.balance(Self.home) == epoch.reward(units: 8))
        #expect(epoch.earned == epoch.settled)
        let half = epoch.earned / 2
        let paid = try world.balance(Self.home)
        #expect((half - 1...half).contains(paid), "\(epoch)")
    }

    @Test("a row that does not vote is paid in the next epoch, behind however many that wait")
    func cursor() throws {
        var parameters = NetworkParameters.devnet
        parameters.laneProofs = 16
        parameters.laneBytes = 8192
        var world = try ChainWorld.open(parameters)
        let waiting = (0..<150).map { number in
            ChainItems.plot(
                Bytes32(1, 0, 0, UInt64(number)), units: 2, coinbase: ChainSamples.account(0x61))
        }
        let last = ChainItems.activation(0, by: 0x11, [ChainItems.plot(Self.plot, coinbase: Self.home)])
        try world.mine { epoch in
            stride(from: 0, to: 150, by: 15).map {
                ChainItems.activation(
                    epoch, by: 0x41, votes: true, key: 0x42, Array(waiting[$0..<($0 + 15)]))
            } + [last, steady(epoch)]
        }
        try world.mine { epoch in
            stride(from: 0, to: 150, by: 15).map { start in
                ChainItems.activation(
                    epoch, by: 0x41, votes: true,
                    waiting[start..<(start + 15)].map { ChainItems.plot($0.identity, units: 2) })
            }
        }
        #expect(try row(world, 1) != nil)
        try world.block()
        #expect(try row(world, 1) != nil)
        // Sixty-four rows are looked at in a block: the third block of the epoch comes to it.
        try world.block()
        #expect(try row(world, 1) == nil && world.balance(Self.home) > 0)
        #expect(try world.balance(ChainSamples.account(0x61)) < world.balance(Self.home) * 2 + 2)
    }
}
