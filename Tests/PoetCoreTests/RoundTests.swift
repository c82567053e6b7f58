import NodeCrypto
import NodeDomain
import NodePoet
import PoetCore
import Testing

private let work = WorkProof(root: .largest, leaves: [.zero], nodes: [], leafCount: 1_024)

@Suite("Rounds follow the chain")
struct RoundTests {
    @Test("a round works from the epoch's start and its phase on, until its end and enough leaves")
    func life() throws {
        var world = World()
        #expect(world.handle(.time(leaves: 0)) == [])
        world.chain(0)
        #expect(world.rounds.open?.epoch == 0)
        #expect(world.handle(.time(leaves: 0), at: genesis + 9_999) == [])
        let own = try members([challenges[0]])
        #expect(world.handle(.time(leaves: 0), at: genesis + 10_000) == [.work(epoch: 0, own)])
        #expect(own.statement == challenges[0])
        #expect(world.handle(.time(leaves: 5_000), at: genesis + 29_999) == [])
        #expect(world.handle(.time(leaves: 1_023), at: genesis + 30_000) == [])
        #expect(world.handle(.time(leaves: 1_024), at: genesis + 30_001) == [.prove(epoch: 0)])
        #expect(world.handle(.time(leaves: 1_024), at: genesis + 30_002) == [])
        let proof = PoetProof(epoch: 0, member: MemberPath(index: 0, siblings: []), work: work)
        #expect(
            world.handle(.proved(epoch: 0, work))
                == [.store(epoch: 0, own, work), .post(proof)])
        #expect(world.rounds.open == nil)
    }

    @Test("a proof is given to the chain again until the chain has one")
    func posting() throws {
        var world = World()
        try world.bringToProof()
        world.actions = []
        for _ in 0..<5 { world.handle(.time(leaves: 0), at: world.now + 1_000) }
        #expect(world.actions.count == 2)
        world.chain(0, isProved: true)
        world.actions = []
        for _ in 0..<5 { world.handle(.time(leaves: 0), at: world.now + 1_000) }
        #expect(world.actions == [])
    }

    @Test("the next round opens with the window, and begins with its own epoch")
    func next() throws {
        var world = World()
        try world.bringToProof()
        world.chain(0, isProved: true)
        #expect(world.rounds.open?.epoch == 1)
        #expect(world.handle(.time(leaves: 0), at: genesis + 71_000) == [])
        // The epoch lasts longer than planned.
        world.chain(1, start: genesis + 90_000)
        #expect(world.handle(.time(leaves: 0), at: genesis + 99_999) == [])
        let begun = world.handle(.time(leaves: 0), at: genesis + 100_000)
        #expect(begun == [.work(epoch: 1, try members([challenges[1]]))])
    }

    @Test("work that the chain does not need any more is given up")
    func givenUp() {
        var world = World()
        world.chain(0)
        world.handle(.time(leaves: 0), at: genesis + 10_000)
        #expect(world.chain(0, isProved: true) == [.stop(epoch: 0)])
        #expect(world.handle(.proved(epoch: 0, work)) == [])
        world.chain(1)
        world.handle(.time(leaves: 0), at: genesis + 70_000)
        #expect(world.chain(2) == [.stop(epoch: 1)])
        // Nothing was begun: there is nothing to stop.
        #expect(world.chain(3) == [.forget(epoch: 2)])
        #expect(world.rounds.rounds.filter(\.isOver).count == 3)
    }

    @Test("work that was begun goes on after a start, and is not begun twice")
    func resumed() throws {
        let own = try members([challenges[1]])
        let stored = Round(epoch: 1, challenge: challenges[1], phase: .working(own))
        var world = World(stored: [stored])
        #expect(world.rounds.resumed == [.work(epoch: 1, own)])
        world.chain(1)
        #expect(world.handle(.time(leaves: 512), at: genesis + 75_000) == [])
        #expect(world.handle(.time(leaves: 2_000), at: genesis + 90_000) == [.prove(epoch: 1)])
    }

    @Test("a proof that was stored is given to the chain after a start")
    func restarted() throws {
        let own = try members([challenges[0]])
        var world = World(
            stored: [Round(epoch: 0, challenge: challenges[0], phase: .proved(own, work))])
        world.chain(0)
        let posted = world.handle(.time(leaves: 0), at: genesis + 31_000)
        #expect(
            posted == [.post(PoetProof(epoch: 0, member: MemberPath(index: 0, siblings: []), work: work))])
        #expect(world.rounds.admission.workChallenges == [.largest, .zero])
    }

    @Test("work on another chain's challenge is given up, work that failed is over")
    func otherChain() throws {
        let stored = Round(epoch: 0, challenge: .largest, phase: .working(try members([.largest])))
        var world = World(stored: [stored])
        #expect(world.chain(0) == [.stop(epoch: 0)])
        var failing = World()
        failing.chain(0)
        failing.handle(.time(leaves: 0), at: genesis + 10_000)
        #expect(failing.handle(.failed(epoch: 0, "the disk is full")) == [.stop(epoch: 0)])
        #expect(failing.rounds.round(0)?.phase == .given(up: "the disk is full"))
        #expect(failing.handle(.failed(epoch: 0, "again")) == [])
    }

    @Test("rounds that are over are forgotten behind the newest 64")
    func forgotten() throws {
        let own = try members([.zero])
        let stored = (0..<70).map { Round(epoch: $0, challenge: .zero, phase: .proved(own, work)) }
        var rounds = Rounds(server: server, terms: terms, rules: AdmissionRules(), stored: stored)
        let view = ChainView(epoch: 70, start: 0, challenge: .zero, nextChallenge: nil)
        let forgotten = rounds.handle(.chain(view), now: 0).filter {
            if case .forget = $0 { return true }
            return false
        }
        #expect(forgotten == (0..<6).map { .forget(epoch: $0) })
        #expect(rounds.rounds.count == 65)
    }

    @Test("a PoET on a clock has one round after the other, as the original's")
    func clock() {
        func view(_ now: UInt64) -> ChainView {
            .clock(at: now, genesis: genesis, epochTime: 60_000, phase: 10_000)
        }
        #expect(view(0).epoch == 0 && !view(0).isNextOpen)
        #expect(view(genesis + 9_999).epoch == 0 && !view(genesis + 9_999).isNextOpen)
        #expect(view(genesis + 10_000).epoch == 0 && view(genesis + 10_000).isNextOpen)
        #expect(view(genesis + 69_999).epoch == 0)
        #expect(view(genesis + 70_000).epoch == 1 && view(genesis + 70_000).start == genesis + 60_000)
        var world = World()
        world.handle(.chain(view(genesis)))
        // Nobody registered.
        #expect(world.handle(.time(leaves: 0), at: genesis + 10_000) == [.forget(epoch: 0)])
        #expect(world.rounds.round(0)?.isOver == true)
        world.handle(.chain(view(genesis + 10_001)))
        #expect(world.rounds.open?.epoch == 1)
    }

    @Test("a processor without a fifth of room is refused")
    func speed() {
        #expect(terms.isFastEnough(leavesPerSecond: 61.5))
        #expect(!terms.isFastEnough(leavesPerSecond: 61.4))
        #expect(terms.gap == 40_000)
    }
}

extension World {
    mutating func bringToProof() throws {
        chain(0)
        handle(.time(leaves: 0), at: genesis + 10_000)
        handle(.time(leaves: 1_024), at: genesis + 30_000)
        try #require(handle(.proved(epoch: 0, work)).count == 2)
    }
}
