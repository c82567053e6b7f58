import ConsensusCore
import NodeDomain
import Testing

/// The named runs of Malachite's Quint specification, as scripts: what one member does, input by input.
@Suite("Tendermint: named runs")
struct QuintRunTests {
    private let red = sampleTarget("red")
    private let blue = sampleTarget("blue")

    /// A member of four equals at place 3; the others speak by their places.
    private struct Member {
        var rules: Tendermint
        var outputs: [RoundOutput] = []

        init() throws {
            rules = Tendermint(powers: try validators(["a", "b", "c", "d"].map { ($0, 1) }), me: 3)
        }

        var state: RoundState { rules.state }

        mutating func take(_ input: RoundInput) { outputs = rules.handle(input) }

        mutating func start(_ round: UInt32) { take(.start(round, isProposer: false)) }

        mutating func offer(
            _ round: UInt32, _ target: VotedBlock, _ polRound: UInt32? = nil, _ validity: Validity = .valid
        ) {
            take(.proposal(Proposal(height: 1, round: round, polRound: polRound, target: target), validity))
        }

        mutating func votes(_ kind: VoteKind, _ round: UInt32, _ target: VotedBlock?, by places: [UInt32]) {
            outputs = places.flatMap {
                rules.handle(.vote(Vote(kind: kind, height: 1, round: round, target: target, member: $0)))
            }
        }

        /// Everybody but the member precommits nothing, the round's time is over, and the next begins.
        mutating func leave(_ round: UInt32) {
            votes(.precommit, round, nil, by: [0, 1, 2])
            take(.timeout(.precommit, round))
            start(round + 1)
        }

        /// Locked on a block in round 0, now in round 1.
        mutating func lock(_ target: VotedBlock) {
            start(0)
            offer(0, target)
            votes(.prevote, 0, target, by: [0, 1, 2])
            leave(0)
        }
    }

    @Test("line 26: a new proposal is not prevoted by whoever is locked on another, nor when it is invalid")
    func line26() throws {
        var member = try Member()
        member.lock(red)
        #expect(member.state.locked == RoundBlock(red, 0))
        member.offer(1, blue)
        #expect(member.outputs == [.vote(.prevote, 1, nil)])
        var other = try Member()
        other.start(0)
        other.offer(0, blue, nil, .invalid)
        #expect(other.outputs == [.vote(.prevote, 0, nil)])
    }

    @Test("line 28: a proposal with a later polka is prevoted whatever is locked")
    func line28() throws {
        var member = try Member()
        member.lock(red)
        // The polka for blue is of round 1, which this member sees only now, and the proposal is of round 2.
        member.votes(.prevote, 1, blue, by: [0, 1, 2])
        member.take(.timeout(.propose, 1))
        member.leave(1)
        #expect(member.state.locked == RoundBlock(red, 0))
        member.offer(2, blue, 1)
        #expect(member.outputs == [.vote(.prevote, 2, blue)])
    }

    @Test("line 28: without its polka the proposal gets no vote until the polka comes")
    func line28WaitsForPolka() throws {
        var member = try Member()
        member.lock(red)
        member.take(.timeout(.propose, 1))
        member.leave(1)
        member.offer(2, blue, 1)
        #expect(member.outputs.isEmpty)
        member.votes(.prevote, 1, blue, by: [0, 1, 2])
        #expect(member.outputs.contains(.vote(.prevote, 2, blue)))
    }

    @Test("line 32: a proposal with an earlier polka than the lock is not prevoted, nor an invalid one")
    func line32() throws {
        var member = try Member()
        member.start(0)
        member.votes(.prevote, 0, blue, by: [0, 1, 2])
        member.take(.timeout(.propose, 0))
        member.leave(0)
        member.offer(1, red)
        member.votes(.prevote, 1, red, by: [0, 1, 2])
        #expect(member.state.locked == RoundBlock(red, 1))
        member.leave(1)
        member.offer(2, blue, 0)
        #expect(member.outputs == [.vote(.prevote, 2, nil)])
        member.leave(2)
        member.offer(3, red, 1, .invalid)
        #expect(member.outputs == [.vote(.prevote, 3, nil)])
    }

    @Test("line 42: a polka that comes after the precommit makes its block valid, and locks nothing")
    func line42() throws {
        var member = try Member()
        member.start(0)
        member.offer(0, red)
        member.votes(.prevote, 0, nil, by: [0])
        member.votes(.prevote, 0, red, by: [1, 3])
        member.take(.timeout(.prevote, 0))
        #expect(member.outputs == [.vote(.precommit, 0, nil)])
        member.votes(.prevote, 0, red, by: [2])
        #expect(member.outputs.isEmpty)
        #expect(member.state.valid == RoundBlock(red, 0))
        #expect(member.state.locked == nil)
        // What is valid is what it proposes.
        member.votes(.precommit, 0, nil, by: [0, 1, 2])
        member.take(.timeout(.precommit, 0))
        member.take(.start(1, isProposer: true))
        #expect(member.outputs == [.propose(1, red, polRound: 0)])
    }

    @Test("hidden lock: whoever alone is locked brings the others to its block when it proposes")
    func hiddenLock() throws {
        var locked = try Member()
        locked.lock(red)
        locked.offer(1, blue)
        locked.votes(.prevote, 1, nil, by: [0, 1, 2])
        locked.leave(1)
        var other = try Member()
        other.start(0)
        other.take(.timeout(.propose, 0))
        other.leave(0)
        other.offer(1, blue)
        #expect(other.outputs == [.vote(.prevote, 1, blue)])
        other.leave(1)
        locked.take(.timeout(.propose, 2))
        locked.leave(2)
        locked.take(.start(3, isProposer: true))
        // A later start of the round that it is in changes nothing.
        #expect(locked.outputs.isEmpty)
        locked.take(.timeout(.propose, 3))
        locked.votes(.precommit, 3, nil, by: [0, 1, 2])
        locked.take(.timeout(.precommit, 3))
        locked.take(.start(4, isProposer: true))
        #expect(locked.outputs == [.propose(4, red, polRound: 0)])
        other.leave(2)
        other.leave(3)
        other.votes(.prevote, 0, red, by: [0, 1, 2])
        other.offer(4, red, 0)
        #expect(other.outputs == [.vote(.prevote, 4, red)])
    }

    @Test("a block is decided by precommits of a round that is over")
    func pastRound() throws {
        var member = try Member()
        member.lock(red)
        member.leave(1)
        #expect(member.state.round == 2)
        var late = try Member()
        late.start(0)
        late.offer(0, red)
        late.votes(.precommit, 1, nil, by: [0, 1])
        late.start(1)
        #expect(late.state.round == 1)
        late.votes(.precommit, 0, red, by: [0, 1, 2])
        #expect(late.outputs == [.decide(RoundBlock(red, 0))])
        #expect(late.state.step == .commit)
    }

    @Test("two of four that lie make two decisions, and both prove their guilt")
    func disagreement() throws {
        var (one, other) = (try Member(), try Member())
        for (target, place) in [(red, 0), (blue, 1)] {
            var member = place == 0 ? one : other
            member.start(0)
            member.offer(0, target)
            member.votes(.prevote, 0, target, by: [0, 1, 3])
            member.votes(.precommit, 0, target, by: [0, 1])
            #expect(member.state.decision == nil)
            // Two are not more than two thirds of four; the member's own makes it three.
            member.votes(.precommit, 0, target, by: [3])
            #expect(member.state.decision == RoundBlock(target, 0))
            if place == 0 { one = member } else { other = member }
        }
        #expect(one.state.decision != other.state.decision)
        // Whoever sees votes of both sides has evidence against both.
        var witness = try Member()
        witness.start(0)
        witness.votes(.precommit, 0, red, by: [0, 1])
        witness.votes(.precommit, 0, blue, by: [0, 1])
        let guilty = witness.outputs.compactMap {
            if case .evidence(let vote, _) = $0 { vote.member } else { nil }
        }
        #expect(guilty == [0, 1])
    }

    @Test("a height over several rounds: no proposal, a polka that is not seen, a decision")
    func multiRound() throws {
        var member = try Member()
        member.start(0)
        #expect(member.outputs == [.schedule(.propose, 0)])
        member.take(.timeout(.propose, 0))
        #expect(member.outputs == [.vote(.prevote, 0, nil)])
        member.votes(.prevote, 0, nil, by: [0, 1, 3])
        #expect(member.outputs.contains(.vote(.precommit, 0, nil)))
        member.votes(.precommit, 0, nil, by: [0, 1, 3])
        #expect(member.outputs == [.schedule(.precommit, 0)])
        member.take(.timeout(.precommit, 0))
        #expect(member.outputs == [.newRound(1)])
        member.start(1)
        member.offer(1, red)
        member.votes(.prevote, 1, red, by: [0, 3])
        member.votes(.prevote, 1, nil, by: [1])
        #expect(member.outputs == [.schedule(.prevote, 1)])
        member.take(.timeout(.prevote, 1))
        #expect(member.outputs == [.vote(.precommit, 1, nil)])
        // More than a third is ahead.
        member.votes(.prevote, 4, red, by: [0, 1])
        #expect(member.outputs == [.newRound(4)])
        member.start(4)
        member.offer(4, red)
        member.votes(.prevote, 4, red, by: [0, 1, 3])
        #expect(member.outputs.contains(.vote(.precommit, 4, red)))
        member.votes(.precommit, 4, red, by: [0, 1, 2])
        #expect(member.outputs.contains(.decide(RoundBlock(red, 4))))
    }
}
