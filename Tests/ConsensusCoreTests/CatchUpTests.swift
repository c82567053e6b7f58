import ConsensusCore
import NodeDomain
import Testing

@Suite("Consensus: catching up")
struct CatchUpTests {
    private static let chains = CatchUpWorld.Chains(
        real: CatchUpChain(600), forged: CatchUpChain(700, salt: 5))
    private static let hostile = ServerCharacter.allCases.filter { $0 != .honest }

    private static func time(_ characters: [ServerCharacter]) -> (UInt64?, CatchUpWorld) {
        var world = CatchUpWorld(
            chains, characters.enumerated().map { CatchUpServer(UInt64($0.offset) + 1, $0.element) })
        return (world.run(), world)
    }

    @Test("an honest server alone is enough, and everything is on the disk when the node takes part")
    func honest() throws {
        let (time, world) = Self.time([.honest])
        #expect(try #require(time) < 6000)
        #expect(world.blamed.isEmpty && world.faults.isEmpty && world.halted == nil)
        #expect(world.durable == [64, 128, 192, 256, 320, 384, 448, 512, 576])
        #expect(world.lives.count == 1)
        #expect(world.lives.first.map { $0.height >= 600 } == true)
        #expect(world.mostWaiting <= CatchUpLimit.ofPeer)
    }

    @Test("two honest servers are faster than one")
    func two() throws {
        let chains = CatchUpWorld.Chains(
            real: CatchUpChain(60, blockBytes: 100_000), forged: CatchUpChain(1, salt: 5))
        var one = CatchUpWorld(chains, [CatchUpServer(1, .honest)])
        var two = CatchUpWorld(chains, [CatchUpServer(1, .honest), CatchUpServer(2, .honest)])
        let (first, second) = (one.run(), two.run())
        let (slow, fast) = (try #require(first), try #require(second))
        #expect(fast * 10 < slow * 7)
        #expect(two.faults.isEmpty)
    }

    @Test("a hostile server beside an honest one costs no more than twice the time", arguments: hostile)
    func beside(_ character: ServerCharacter) throws {
        let alone = try #require(Self.time([.honest]).0)
        for order in [[character, .honest], [.honest, character]] {
            let (time, world) = Self.time(order)
            #expect(try #require(time) <= 2 * alone, "\(character)")
            let honest = UInt64(order.firstIndex(of: .honest) ?? 0) + 1
            #expect(!world.blamed.contains(honest))
            #expect(world.blamed.isEmpty == character.isExcusable, "\(character)")
            #expect(world.faults.isEmpty && world.halted == nil)
            #expect(world.mostWaiting <= CatchUpLimit.requests)
        }
    }

    @Test("three of each kind at once cost no more than twice the time", arguments: hostile)
    func three(_ character: ServerCharacter) throws {
        let alone = try #require(Self.time([.honest]).0)
        let (time, world) = Self.time([character, character, .honest, character])
        #expect(try #require(time) <= 2 * alone, "\(character)")
        #expect(!world.blamed.contains(3) && world.faults.isEmpty && world.halted == nil)
    }

    @Test("one of every kind at once, and one honest server")
    func all() throws {
        let alone = try #require(Self.time([.honest]).0)
        let (time, world) = Self.time(Self.hostile + [.honest])
        // Nobody knows at the start who is honest: all of them are tried.
        #expect(try #require(time) <= 3 * alone)
        #expect(!world.blamed.contains(UInt64(Self.hostile.count) + 1) && world.faults.isEmpty)
        let shameless = Self.hostile.enumerated().filter { !$0.element.isExcusable }.map {
            UInt64($0.offset) + 1
        }
        #expect(world.blamed.isSubset(of: shameless))
    }

    @Test("nothing that peers claim keeps a node from taking part")
    func claims() {
        var core = CatchUp(Self.chains.real.context(5), Self.chains.real.rules, check: CatchUpChain.check)
        for peer in 1...20 { _ = core.handle(.claimed(peer: UInt64(peer), height: .max), now: 10) }
        for time in 1...2000 {
            let actions = core.handle(.tick, now: UInt64(time) * 100)
            #expect(!core.isHolding && !actions.contains(.live))
        }
    }

    @Test("a node that holds back takes part again when nothing comes")
    func patience() {
        var world = CatchUpWorld(
            Self.chains, [CatchUpServer(1, .boasting), CatchUpServer(2, .honest)], from: 560)
        #expect(world.run() != nil)
        #expect(world.lives.last.map { $0.height >= 600 } == true)
        #expect(world.lives.last.map { $0.at < 2 * CatchUpLimit.patience + 1000 } == true)
    }

    @Test("a chain that does not follow from the node's own state stops it")
    func diverged() {
        var context = Self.chains.real.context(10)
        context.appHash = Bytes32(1, 1, 1, 1)
        var core = CatchUp(context, Self.chains.real.rules, check: CatchUpChain.check)
        let actions = core.handle(.claimed(peer: 1, height: 100), now: 1)
        guard case .ask(let id, 1, 10, _)? = actions.first else {
            Issue.record("nobody was asked")
            return
        }
        let blocks = [Self.chains.real.encoded(10)].compactMap(\.self)
        let answer = core.handle(.answered(id: id, blocks, isLast: false), now: 2)
        #expect(answer.contains { if case .halt = $0 { true } else { false } })
        #expect(core.fault?.contains("app hash") == true)
        #expect(core.handle(.tick, now: 20_000).isEmpty)
    }
}
