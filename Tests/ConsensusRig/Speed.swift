import ArgumentParser
import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport

/// Figures.
struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a vote's cost, checks of signatures, and how long a block takes to be decided.")

    @Option(help: "Members of the set whose votes are counted.")
    var voters = 400
    @Option(help: "Members of the simulated network.")
    var members = 100
    @Option(help: "Bytes of its blocks.")
    var blockBytes = 1_000_000
    @Option(help: "Pieces that p2p cuts a part of a block into.")
    var pieces = 6
    @Option(help: "Heights that it decides.")
    var heights: UInt64 = 5

    private struct Figures: Encodable {
        var microsecondsAVote = 0.0
        var signedVotesASecond = 0
        /// Empty blocks of four members that catching up checks and hands over.
        var caughtUpBlocksASecond = 0
        var decideP50 = 0
        var decideP99 = 0
        var highestRound: UInt32 = 0
        /// Bytes that a member sends for a block, by what they are.
        var bytesABlock: [String: Int] = [:]
    }

    func run() throws {
        var figures = Figures()
        figures.microsecondsAVote = try votes(rounds: 50, isChecked: false) / 1000
        figures.signedVotesASecond = Int(1e9 / (try votes(rounds: 2, isChecked: true)))
        figures.caughtUpBlocksASecond = try CatchUpSpeed(members: 4, blocks: 2000).blocksASecond()
        let latency = try Latency(members: members, blockBytes: blockBytes, heights: heights, pieces: pieces)
        latency.run()
        figures.decideP50 = Int(latency.waits[latency.waits.count / 2])
        figures.decideP99 = Int(latency.waits[latency.waits.count * 99 / 100])
        figures.highestRound = latency.highestRound
        figures.bytesABlock = latency.sent.mapValues { $0 / members / Int(heights) }
        try printLine(figures)
    }

    /// Nanoseconds that a vote takes: both kinds of all members, for no block, in one round after the other.
    private func votes(rounds: UInt32, isChecked: Bool) throws -> Double {
        var seeds: [Bytes32: Bytes32] = [:]
        let all = try (0..<voters).map { number in
            let seed = Bytes32(9, 0, 0, UInt64(number) + 1)
            guard let key = Ed25519.publicKey(seed: seed) else {
                throw ValidationError("a seed makes no key")
            }
            seeds[key] = seed
            return Validator(key: key, power: 1)
        }
        let set = try ValidatorSet(all)
        let context = HeightContext(
            chain: "speed-0", genesisTime: Timestamp(milliseconds: 1), appHash: .zero, validators: set,
            nextValidators: set, parametersHash: .zero)
        var engine = Consensus(context, ConsensusRules(), key: nil) { signature, message, key in
            isChecked ? Ed25519.verify(signature, of: message, by: key) : true
        }
        _ = engine.begin(now: 1)
        var messages: [(UInt32, [ConsensusEvent])] = []
        for round in 0..<rounds {
            let votes = VoteKind.allCases.flatMap { kind in
                (0..<UInt32(voters)).map { member in
                    Vote(kind: kind, height: 1, round: round, target: nil, member: member)
                }
            }
            messages.append(
                (round, votes.map { .message(.vote(isChecked ? signed($0, set, seeds) : $0), from: 1) }))
        }
        let clock = ContinuousClock()
        let start = clock.now
        for (round, events) in messages {
            for event in events { _ = engine.handle(event, now: 1) }
            _ = engine.handle(.timeout(.round(.precommit, round)), now: 1)
        }
        let span = clock.now - start
        guard engine.state.round == rounds else { throw ValidationError("the rounds were not gone through") }
        return Double(span.components.attoseconds) / 1e9 / Double(rounds * UInt32(voters) * 2)
            + Double(span.components.seconds) * 1e9 / Double(rounds * UInt32(voters) * 2)
    }

    private func signed(_ vote: Vote, _ set: ValidatorSet, _ seeds: [Bytes32: Bytes32]) -> Vote {
        var vote = vote
        if let seed = seeds[set.members[Int(vote.member)].key] {
            vote.signature = Ed25519.sign(SignBytes.of(vote, chain: "speed-0"), seed: seed) ?? []
        }
        return vote
    }
}
