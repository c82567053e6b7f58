internal import NodeDomain
internal import NodeEncoding

/// One of each of what consensus sends and stores.
enum ConsensusSamples {
    static let hash = Bytes32(0x0102_0304_0506_0708, 2, 3, .max)
    static let block = BlockReference(hash: hash, partsTotal: 3, partsHash: Bytes32(4, 5, 6, 7))
    static let target = VotedBlock(
        block: block, time: Timestamp(seconds: 1_800_000_000, nanoseconds: 999_999_999))
    static let signature = (0..<64).map { UInt8($0) }

    static func vote(_ kind: VoteKind = .prevote, target: VotedBlock? = ConsensusSamples.target) -> Vote {
        Vote(kind: kind, height: 70, round: 1, target: target, member: 399, signature: signature)
    }

    static func certificate(_ kind: VoteKind, members count: Int = 10) -> Certificate {
        var members = MemberBitmap(count: count)
        for place in stride(from: 0, to: count, by: 3) { members.insert(place) }
        return Certificate(
            kind: kind, height: 70, round: 1, target: target, members: members,
            signatures: [[UInt8]](repeating: signature, count: members.members))
    }

    static func proposal(polka: Bool) -> ProposalMessage {
        ProposalMessage(
            proposal: Proposal(
                height: 70, round: 2, polRound: polka ? 1 : nil, target: target, signature: signature),
            polka: polka ? certificate(.prevote) : nil)
    }

    static let part = BlockPart(
        height: 70, round: 2, index: 1, total: 3, bytes: (0..<100).map { UInt8($0) }, proof: [hash, .zero])

    static var status: ConsensusStatus {
        var parts = MemberBitmap(count: 3)
        parts.insert(2)
        return ConsensusStatus(
            height: 70, round: 2, step: .precommit, parts: parts, prevotes: certificate(.prevote).members,
            precommits: MemberBitmap(count: 0))
    }

    static func header(first: Bool = false) -> BlockHeader {
        var header = BlockHeader(
            blockVersion: 11, appVersion: 1, chain: "spacenode-devnet-0", height: first ? 1 : 71,
            time: target.time, lastBlock: first ? nil : block,
            proposer: ValidatorAddress((1...20).map { UInt8($0) }) ?? .zero)
        header.lastCommitHash = Bytes32(1, 0, 0, 0)
        header.dataHash = Bytes32(2, 0, 0, 0)
        header.validatorsHash = Bytes32(3, 0, 0, 0)
        header.nextValidatorsHash = Bytes32(4, 0, 0, 0)
        header.consensusHash = Bytes32(5, 0, 0, 0)
        header.appHash = Bytes32(6, 0, 0, 0)
        header.lastResultsHash = Bytes32(7, 0, 0, 0)
        header.evidenceHash = Bytes32(8, 0, 0, 0)
        return header
    }

    static func whole(first: Bool = false) -> Block {
        Block(
            header: header(first: first), items: [[1, 9, 9], [4, 8]],
            transactions: first ? [] : [[0, 1, 2], [0, 3]], lastCommit: first ? nil : certificate(.precommit))
    }

    /// Names and bytes, as the vectors have them.
    static var all: [(name: String, bytes: [UInt8])] {
        [
            ("prevote", vote().wire), ("precommit for no block", vote(.precommit, target: nil).wire),
            ("proposal", proposal(polka: false).wire), ("proposal with a polka", proposal(polka: true).wire),
            ("polka", certificate(.prevote).wire), ("commit", certificate(.precommit).wire),
            ("part", part.wire), ("status", status.wire), ("block", whole().wire),
            ("first block", whole(first: true).wire),
        ]
    }
}
