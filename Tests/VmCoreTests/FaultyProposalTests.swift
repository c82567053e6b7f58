import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A proposer's faults that only the ledger can see: each block is refused for its own reason, and the good one is taken.
@Suite("Faults of a proposal that the ledger sees")
struct FaultyProposalTests {
    private let wallet = TestAccount.wallet(0)
    private let other = TestAccount.wallet(1)
    private let world: ProposalWorld
    private let plotSeed = BLAKE3.hash([0x73])

    /// A chain whose first window is open: activations are taken.
    init() throws {
        var world = try ProposalWorld([wallet.address: wallet.record(balance: 1_000_000, nonce: 1)])
        var time = world.rules.parameters.blockInterval
        while time <= 29_000 {
            try world.apply(try world.input(at: time))
            time += world.rules.parameters.blockInterval
        }
        try world.apply(try world.input(at: 30_500, items: [ChainItems.poet(0).bytes]))
        self.world = world
    }

    private func input(
        at time: UInt64 = 32_000, seed: Bytes32 = ProposalWorld.vrfSeed, proposer: Bytes32? = nil,
        present: [UInt8]? = nil, proof: [UInt8]? = nil, _ items: [BlockItem] = [],
        _ transactions: [[UInt8]] = []
    ) throws -> BlockInput {
        try world.input(
            at: time, seed: seed, proposer: proposer, present: present, proof: proof,
            items: items.map(\.bytes), transactions: transactions)
    }

    /// An activation that the chain's operator signs, with bound plots.
    private func activation(
        plots count: Int = 1, signer: Bytes32 = ProposalWorld.operatorSeed, plotSigner: Bytes32? = nil
    ) throws -> BlockItem {
        let genesis = world.rules.parameters.genesisID
        let key = try #require(Ed25519.publicKey(seed: ProposalWorld.operatorSeed))
        let plots = try (0..<count).map { number in
            let seed = BLAKE3.hash(plotSeed.bytes + [UInt8(number)])
            var plot = ChainItems.plot(
                try #require(Ed25519.publicKey(seed: seed)), coinbase: ChainSamples.account(1))
            let binding = try #require(plot.binding)
            let message = try #require(plot.bindingBytes(genesis: genesis, epoch: 0, operator: key))
            plot = PlotProof(
                identity: plot.identity, units: plot.units, proof: plot.proof,
                binding: PlotBinding(
                    commitmentATX: binding.commitmentATX, coinbase: binding.coinbase,
                    signature: try #require(Ed25519.sign(message, seed: plotSigner ?? seed))))
            return plot
        }
        func made(_ signature: [UInt8]) -> Activation {
            Activation(
                epoch: 0, operator: key, vrfKey: nil, votes: false,
                plots: plots.sorted { $0.identity < $1.identity }, signature: signature)
        }
        let message = made([UInt8](repeating: 0, count: 64)).signedBytes(genesis: genesis)
        return .activation(made(try #require(Ed25519.sign(message, seed: signer))))
    }

    private func spend(_ nonce: UInt64, price: UInt64 = 1, amount: UInt64 = 5) throws -> [UInt8] {
        try wallet.sign(.spend(to: other.address, amount: amount), nonce: nonce, price: price).raw
    }

    private func expect(
        _ input: BlockInput, _ word: String, holds: (ChainCheck) -> Bool = { _ in true },
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let refusal = try world.refusal(of: input, holds: holds)
        #expect(refusal?.contains(word) == true, "\(refusal ?? "it is taken")", sourceLocation: location)
    }

    @Test("the good block is taken: an activation, and transactions in order")
    func good() throws {
        let block = try input([try activation()], [try spend(1), try spend(2)])
        #expect(try world.refusal(of: block) == nil)
        #expect(try world.refusal(of: try input()) == nil)
    }

    @Test("the lane's quota is exceeded, in one activation and in two")
    func lane() throws {
        try expect(try input([try activation(plots: 3)]), "a block holds 2 plot proofs")
    }

    @Test("the beacon is proved with another key, for another height, or not at all")
    func beacon() throws {
        try expect(try input(seed: BLAKE3.hash([9])), "not by VRF key")
        let old = try #require(
            VRF.prove(world.rules.beaconAlpha(height: 3, last: world.beacon), seed: ProposalWorld.vrfSeed))
        try expect(try input(proof: old), "not by VRF key")
        try expect(
            try input(proof: [UInt8](repeating: 0xff, count: 80)), "the proof of the beacon is no proof")
    }

    @Test("an activation is signed by somebody else; a plot's binding likewise")
    func signatures() throws {
        try expect(try input([try activation(signer: plotSeed)]), "the activation is not signed by operator")
        try expect(try input([try activation(plotSigner: plotSeed)]), "is not signed by the plot")
    }

    @Test("an activation that no mempool saw, and whose proof of space does not hold")
    func space() throws {
        try expect(try input([try activation()]), "does not hold for 4 units", holds: { !$0.isOfSpace })
    }

    @Test("sequential work that does not hold, and a second PoET proof")
    func work() throws {
        try expect(try input([ChainItems.poet(0)]), "has its PoET proof")
        let before = try ProposalWorld([:])
        #expect(try before.refusal(of: try before.input()) == nil)
        let early = try before.input(items: [ChainItems.poet(0).bytes])
        #expect(try before.refusal(of: early)?.contains("the PoET's work cannot be done yet") == true)
    }

    @Test(
        "transactions that pay nothing: a nonce twice, no transaction, a foreign signature, no money, no price"
    )
    func transactions() throws {
        try expect(
            try input([], [try spend(1), try spend(1, amount: 6)]),
            "its nonce is 1, and the account's next one is 2")
        try expect(try input([], [try spend(0)]), "its nonce is 0")
        try expect(try input([], [[1, 2, 3]]), "these bytes are no transaction")
        try expect(try input([], [try spend(1) + [0]]), "transaction 0 of the block has no effect")
        var forged = try spend(1)
        forged[forged.count - 1] ^= 1
        try expect(try input([], [forged]), "it is not signed by the keys of its account")
        let foreign = try wallet.sign(
            .spend(to: other.address, amount: 1), nonce: 1, genesis: [UInt8](repeating: 8, count: 20))
        try expect(try input([], [foreign.raw]), "it is not signed by the keys of its account")
        try expect(try input([], [try spend(1, price: 1_000_000)]), "put more in, or lower the gas price")
        try expect(try input([], [try spend(1, price: 0)]), "its gas price is 0")
        let stranger = try other.sign(.spend(to: wallet.address, amount: 1), nonce: 0)
        try expect(try input([], [stranger.raw]), "its account is not spawned")
    }

    @Test("more gas than a block has")
    func gas() throws {
        var small = try ProposalWorld([wallet.address: wallet.record(balance: .max / 2, nonce: 1)])
        try small.apply(try small.input())
        let most = small.rules.parameters.blockGas / 36_090
        let many = try (0...most).map { try spend(1 + $0) }
        #expect(
            try small.refusal(of: try small.input(transactions: many))?.contains("are left in the block")
                == true)
        #expect(try small.refusal(of: try small.input(transactions: many.dropLast())) == nil)
    }

    @Test("too early, by a stranger, with a presence that is none, out of order, not canonical")
    func form() throws {
        try expect(try input(at: 30_501), "wait until")
        try expect(try input(proposer: ChainSamples.id(0x33)), "has no seat in this term")
        try expect(try input(present: []), "say who signed the block before")
        try expect(try input(present: [3]), "say who signed the block before")
        try expect(try input([try activation(), ChainItems.poet(0)]), "does not stand here")
        try expect(
            try world.input(at: 32_000, items: [try activation().bytes + [0]]), "item 1 of the block is none")
        let bare = try input([try activation()])
        try expect(
            BlockInput(
                height: bare.height, time: bare.time, hash: bare.hash, parent: bare.parent,
                proposer: bare.proposer, items: Array(bare.items.dropFirst()), transactions: [],
                present: bare.present),
            "does not begin with a system record")
    }
}
