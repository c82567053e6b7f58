import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A chain that stood still goes on with a committee that operators agreed on (spec: chain, §7).
@Suite("Recovery after a halt")
struct ChainRecoveryTests {
    private static let committee = [
        ChainWorld.member(0x91, 1), ChainWorld.member(0x94, 1), ChainWorld.member(0x97, 2),
    ]
    private let parameters: NetworkParameters = {
        var parameters = NetworkParameters.devnet
        parameters.fadingEpochs = 1_000_000
        return parameters
    }()

    private func members(_ world: ChainWorld, _ term: UInt32) throws -> [Voter] {
        try #require(try world.read(.seats(term: term), as: SeatsRecord.self)).members
    }

    /// At some height of a term of ten.
    private func world(_ height: UInt64) throws -> ChainWorld {
        var world = try ChainWorld(parameters, committee: Self.committee)
        while try world.pot.height < height { try world.block() }
        return world
    }

    @Test(
        "the new committee decides this term and the next, whoever is gone counts as absent",
        arguments: [14, 19, 20, 21])
    func committee(_ height: UInt64) throws {
        var world = try world(height)
        let left = [ChainWorld.member(0x91, 7), ChainWorld.member(0x94, 5)]
        try world.recover(left)
        let first = height + 1
        #expect(world.rules.revision(at: height) == 0 && world.rules.revision(at: first) == 1)
        #expect(world.rules.votingChain(at: height) == "devnet-0")
        #expect(world.rules.votingChain(at: first) == "devnet-1")
        try world.block()
        let term = world.rules.term(of: first)
        #expect(try members(world, term) == left)
        #expect(try members(world, term + 1) == left)
        #expect(world.events.contains(.jailed(Self.committee[2].operator)))
        let gone: OperatorRecord = try #require(try world.read(.operator(Self.committee[2].operator)))
        #expect(gone.jailed && !gone.barred)
        #expect(try world.pot.presence == [0, 0])
        // It goes on: the terms after the next are drawn as ever, without the one who is gone.
        while try world.rules.term(of: world.pot.height) < term + 3 { try world.block() }
        #expect(try members(world, term + 2).map(\.operator) == left.map(\.operator))
    }

    @Test("only the block behind the halt brings it about")
    func once() throws {
        var world = try world(13)
        try world.recover([ChainWorld.member(0x94, 5)])
        try world.block()
        try world.block()
        #expect(try world.pot.presence == [1])
        #expect(world.events.allSatisfy { if case .committee = $0 { false } else { true } })
    }

    @Test("a chain can stand still and be recovered more than once, each time with the next revision")
    func twice() throws {
        var world = try world(13)
        try world.recover([ChainWorld.member(0x94, 5)])
        for _ in 0..<4 { try world.block() }
        try world.recover([ChainWorld.member(0x91, 5), ChainWorld.member(0x94, 5)])
        for _ in 0..<4 { try world.block() }
        #expect(world.rules.revision(at: 100) == 2 && world.rules.revision(at: 17) == 1)
        #expect(try world.read(.operator(ChainSamples.id(0x94)), as: OperatorRecord.self)?.jailed != true)
    }

    @Test("recoveries that do not follow each other are none")
    func order() throws {
        let seats = [RecoverySeat(operator: ChainSamples.id(1), vrfKey: ChainSamples.id(2), power: 1)]
        func recovery(_ height: UInt64, _ revision: UInt32, _ chain: String = "devnet") -> Recovery {
            Recovery(chain: chain, height: height, appHash: .zero, revision: revision, seats: seats)
        }
        for wrong in [
            [recovery(5, 2)], [recovery(5, 0)], [recovery(5, 1, "other")], [recovery(5, 1), recovery(5, 2)],
            [recovery(5, 1), recovery(4, 2)], [recovery(5, 1), recovery(6, 3)],
        ] {
            #expect(throws: ChainRefusal.self) {
                try ChainRules(parameters, chainID: "devnet", committee: Self.committee, recoveries: wrong)
            }
        }
        let record = RecoveriesRecord(recoveries: [recovery(5, 1), recovery(9, 2)])
        #expect(try RecoveriesRecord(bytes: record.bytes) == record)
    }

    @Test("bytes of a recovery: one form, and no committee without members")
    func wire() throws {
        var recovery = Recovery(
            chain: "devnet", height: 70, appHash: ChainSamples.id(1), revision: 1,
            seats: Self.committee.map {
                RecoverySeat(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.power)
            })
        #expect(try Recovery(wire: recovery.wire) == recovery)
        let good = recovery
        let faults: [(inout Recovery) -> Void] = [
            { $0.seats = [] }, { $0.seats.reverse() }, { $0.seats[1] = $0.seats[0] },
            { $0.seats[0].power = 0 },
            { $0.revision = 0 }, { $0.chain = "" }, { $0.chain = "a b" }, { $0.seats[0].power = 1 << 33 },
        ]
        for fault in faults {
            recovery = good
            fault(&recovery)
            #expect(throws: ScaleFault.self) { try Recovery(wire: recovery.wire) }
        }
    }
}
