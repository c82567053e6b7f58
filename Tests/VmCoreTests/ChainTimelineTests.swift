import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Devnet from genesis to its first committee of mined weight, in the order of events of spec chain, §9.
@Suite("Timeline of devnet")
struct ChainTimelineTests {
    /// One operator that votes, one plot of four units, real signatures.
    private struct Miner {
        let operatorSeed = ChainSamples.id(0x11)
        let plotSeed = ChainSamples.id(0x22)
        let genesis = NetworkParameters.devnet.genesisID
        let coinbase = ChainSamples.account(0x77)

        var key: Bytes32 { Ed25519.publicKey(seed: operatorSeed) ?? .zero }
        var plot: Bytes32 { Ed25519.publicKey(seed: plotSeed) ?? .zero }

        func activation(epoch: UInt32, isFirst: Bool) throws -> BlockItem {
            var proof = ChainItems.plot(plot, coinbase: isFirst ? coinbase : nil)
            let message = proof.bindingBytes(genesis: genesis, epoch: epoch, operator: key)
            if let message {
                proof.binding?.signature = try #require(Ed25519.sign(message, seed: plotSeed))
            }
            var activation = Activation(
                epoch: epoch, operator: key, vrfKey: isFirst ? ChainSamples.id(0x12) : nil, votes: true,
                plots: [proof], signature: [])
            activation.signature = try #require(
                Ed25519.sign(activation.signedBytes(genesis: genesis), seed: operatorSeed))
            return .activation(activation)
        }
    }

    private static let judge: @Sendable (ChainCheck) -> Bool = { check in
        guard case .signature(let check) = check else { return true }
        return Ed25519.verify(check.signature, of: check.message, by: check.key)
    }

    @Test("PoET proof, activation, epoch 1 mints, renewal, epoch 2, a committee of mined weight only")
    func devnet() throws {
        let miner = Miner()
        var world = try ChainWorld()
        world.holds = Self.judge
        try world.run(until: 30_000)
        try world.block(at: 30_500, [ChainItems.poet(0)])
        let opening = try #require(try world.epoch(0).opening)
        #expect(
            world.events.contains(.windowOpened(0, post: opening.post, next: try world.epoch(1).challenge)))
        try world.block(at: 33_600, [try miner.activation(epoch: 0, isFirst: true)])
        #expect(
            world.events == [.plotProved(miner.plot, epoch: 1, units: 4, .joined)])
        try world.run(until: 59_600, fees: 7)
        #expect(try world.pot.epoch == 0 && world.pot.minted == 0 && world.pot.burnt == 7 * 26)

        try world.block(at: 60_900)
        #expect(
            world.events.prefix(2) == [.epochEnded(0), .epochStarted(1, weight: 4, voters: 0)])
        #expect(
            world.events.contains(
                .minted(layer: 12, subsidy: Issuance.subsidy(1), seatPart: Issuance.subsidy(1) * 2 / 100)))
        try world.run(until: 91_000)
        try world.block(at: 92_000, [ChainItems.poet(1)])
        try world.block(at: 93_500, [try miner.activation(epoch: 1, isFirst: false)])
        #expect(world.events.contains(.plotProved(miner.plot, epoch: 2, units: 4, .renewed)))
        let layers = try world.pot.minted
        try world.run(until: 121_000)
        #expect(try world.pot.epoch == 2 && world.pot.minted > layers)
        #expect(
            try world.read(.frozen(epoch: 2), as: FrozenRecord.self)?.voters == [
                Voter(operator: miner.key, vrfKey: ChainSamples.id(0x12), power: 4)
            ])
        try firstTerm(&world, miner)
    }

    /// The first term whose set was frozen in epoch 2.
    private func firstTerm(_ world: inout ChainWorld, _ miner: Miner) throws {
        let start = try world.epoch(2).startHeight
        let term = UInt32((start + 9) / 10) + 2
        while try world.pot.height < UInt64(term) * 10 { try world.block() }
        let seats = try #require(try world.read(.seats(term: term), as: SeatsRecord.self))
        #expect(seats.epoch == 2)
        #expect(
            seats.members == [Voter(operator: miner.key, vrfKey: ChainSamples.id(0x12), power: 400)])
        let before = try #require(try world.read(.seats(term: term - 1), as: SeatsRecord.self))
        #expect(before.epoch == 1 && before.members == [ChainWorld.member(0x90, 200)])
        let time = try world.pot.time - world.rules.parameters.genesisTime
        #expect((140_000...150_000).contains(time), "\(time) ms after genesis")
    }
}
