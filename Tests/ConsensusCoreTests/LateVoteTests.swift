import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

/// Precommits that come when their block is decided already.
@Suite("Consensus: late votes")
struct LateVoteTests {
    private let committee: Committee
    private let early: Certificate
    private let whole: Certificate
    private var core: Consensus
    private let context: HeightContext

    init() throws {
        committee = try Committee([1, 1, 1, 1])
        let header = committee.header(height: 1, time: 1_800_000_000)
        early = try committee.certificate(for: header, round: 1, by: [0, 1, 3])
        whole = try committee.certificate(for: header, round: 1)
        let first = HeightContext(
            chain: "test-0", genesisTime: header.time, appHash: .zero, validators: committee.set,
            nextValidators: committee.set, parametersHash: .zero)
        context = first.next(
            after: Block(header: header, items: [], transactions: [], lastCommit: nil), early.target.block,
            early,
            appHash: .zero, resultsHash: .zero, nextValidators: committee.set, beginsTerm: false)
        core = Consensus(context, ConsensusRules(), key: nil, check: ed25519)
        _ = core.begin([], now: 1_800_000_001_000)
    }

    private mutating func take(_ vote: Vote) -> [ConsensusAction] {
        core.handle(.message(.vote(vote), from: 9), now: 1_800_000_001_000)
    }

    private func appended(_ actions: [ConsensusAction]) -> [ConsensusRecord] {
        actions.compactMap { if case .append(let record) = $0 { record } else { nil } }
    }

    @Test("one that the commit lacks is in the next block's, and goes on to others; again it means nothing")
    mutating func late() throws {
        let vote = try #require(whole.votes.first { $0.member == 2 })
        let actions = take(vote)
        #expect(core.context.lastCommit == whole, "its signature stands at its place")
        #expect(core.hasTaken)
        try core.context.lastValidators?.verify(whole, chain: "test-0", by: ed25519)
        #expect(appended(take(vote)).isEmpty)
        // A crash loses nothing of it.
        var again = Consensus(context, ConsensusRules(), key: nil, check: ed25519)
        _ = again.begin(appended(actions), now: 1_800_000_001_000)
        #expect(again.context.lastCommit == whole)
    }

    @Test(
        "a wrong signature is somebody's fault; another round, block, kind or height, and a member who is not there mean nothing"
    )
    mutating func refused() throws {
        let good = try #require(whole.votes.first { $0.member == 2 })
        var forged = good
        forged.signature[5] ^= 1
        let blamed = take(forged).contains { if case .blame(9, _) = $0 { true } else { false } }
        #expect(blamed)
        var others: [Vote] = []
        for change in [
            { $0.round = 0 }, { $0.kind = .prevote }, { $0.height = 0 }, { $0.member = 4 },
            { $0.target = nil },
            { $0.member = 1 },
        ] as [(inout Vote) -> Void] {
            var vote = good
            change(&vote)
            others.append(vote)
        }
        for vote in others {
            #expect(appended(take(vote)).isEmpty)
            #expect(core.context.lastCommit == early)
        }
    }
}
