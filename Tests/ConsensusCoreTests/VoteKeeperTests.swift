import ConsensusCore
import NodeDomain
import Testing

/// What the vote keeper keeps, at the edges of its bounds.
@Suite("Vote keeper")
struct VoteKeeperTests {
    private let red = sampleTarget("red")
    private let blue = sampleTarget("blue")
    private let green = sampleTarget("green")

    private func keeper(_ size: Int = 4, at round: UInt32 = 0) throws -> VoteKeeper {
        var keeper = VoteKeeper(try validators((0..<size).map { ("member \($0)", 1) }))
        keeper.enter(round)
        return keeper
    }

    private func vote(
        _ member: UInt32, _ round: UInt32, _ target: VotedBlock?, _ kind: VoteKind = .precommit
    ) -> Vote {
        Vote(
            kind: kind, height: 1, round: round, target: target, member: member,
            signature: [UInt8(truncatingIfNeeded: member)])
    }

    private func certificate(_ target: VotedBlock, _ round: UInt32, size: Int = 4) -> Certificate {
        var members = MemberBitmap(count: size)
        for member in 0..<3 { members.insert(member) }
        return Certificate(
            kind: .precommit, height: 1, round: round, target: target, members: members,
            signatures: [[1], [2], [3]])
    }

    @Test("the current round and the next are kept whole, of later ones only senders")
    func whole() throws {
        var keeper = try keeper(at: 5)
        for round: UInt32 in [0, 5, 6, 7] { _ = keeper.add(vote(1, round, red)) }
        #expect(keeper.vote(.precommit, 0, of: 1) != nil)
        #expect(keeper.vote(.precommit, 5, of: 1) != nil)
        #expect(keeper.vote(.precommit, 6, of: 1) != nil)
        #expect(keeper.vote(.precommit, 7, of: 1) == nil)
        #expect(keeper.rounds == [0, 5, 6, 7])
    }

    @Test("a sender is known in two later rounds, the highest it named")
    func ahead() throws {
        #expect(VoteKeeper.aheadRounds == 2)
        var keeper = try keeper()
        for round: UInt32 in [10, 20, 15, 30, 12, .max, .max] { _ = keeper.add(vote(1, round, red)) }
        #expect(keeper.rounds == [30, .max])
        // It takes others to be pulled along.
        #expect(keeper.honestRound(after: 0) == nil)
        _ = keeper.add(vote(2, 30, nil, .prevote))
        #expect(keeper.honestRound(after: 0) == 30)
        #expect(keeper.honestRound(after: 30) == nil)
    }

    @Test("what all members together can fill with later rounds is bounded")
    func filled() throws {
        var keeper = try keeper()
        for round in 2..<UInt32(500) {
            for member in 0..<UInt32(4) { _ = keeper.add(vote(member, round &* 7 % 991 + 2 + member, red)) }
            #expect(keeper.rounds.count <= 4 * VoteKeeper.aheadRounds)
        }
    }

    @Test("votes for no block are kept of the round just left, and not of those before")
    func nilVotes() throws {
        var keeper = try keeper()
        for round: UInt32 in [0, 1] {
            for member in 0..<UInt32(3) { _ = keeper.add(vote(member, round, nil)) }
        }
        _ = keeper.add(vote(3, 0, red))
        keeper.enter(1)
        #expect(keeper.vote(.precommit, 0, of: 0) != nil)
        #expect(keeper.hasQuorum(.precommit, 0, for: nil))
        keeper.enter(2)
        #expect(keeper.vote(.precommit, 0, of: 0) == nil)
        #expect(keeper.vote(.precommit, 0, of: 3) != nil)
        #expect(keeper.vote(.precommit, 1, of: 0) != nil)
        guard case .known = keeper.add(vote(0, 0, nil)) else {
            return #expect(Bool(false), "it counts again")
        }
        guard case .known = keeper.add(vote(0, 1, nil)) else {
            return #expect(Bool(false), "it is not known")
        }
    }

    @Test("a second vote of a member is evidence and does not count")
    func conflict() throws {
        var keeper = try keeper()
        _ = keeper.add(vote(0, 0, red))
        guard case .conflict(let first, let second) = keeper.add(vote(0, 0, blue)) else {
            return #expect(Bool(false), "no conflict")
        }
        #expect((first.target, second.target) == (red, blue))
        for member in 1..<UInt32(3) { _ = keeper.add(vote(member, 0, blue)) }
        #expect(!keeper.hasQuorum(.precommit, 0, for: blue))
        #expect(keeper.hasQuorumOfAny(.precommit, 0))
        // A certificate stands in spite of it.
        let isNew = keeper.add(certificate(blue, 0))
        #expect(isNew)
        #expect(keeper.hasQuorum(.precommit, 0, for: blue))
        #expect(keeper.quorumBlock(.precommit, 0) == blue)
    }

    @Test("two certificates of a round are kept, of a set's size only")
    func certificates() throws {
        var keeper = try keeper()
        var isNew: [Bool] = [keeper.add(certificate(red, 0, size: 5))]
        for target in [red, red, blue, green] { isNew.append(keeper.add(certificate(target, 0))) }
        #expect(isNew == [false, true, false, true, false])
        #expect(!keeper.hasQuorum(.precommit, 0, for: green))
    }

    @Test("a member that is not there counts nothing")
    func stranger() throws {
        var keeper = try keeper()
        for member: UInt32 in [4, .max] { _ = keeper.add(vote(member, 0, red)) }
        #expect(keeper.rounds.isEmpty)
    }
}
