import ConsensusCore
import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing

private struct BlockFile: Decodable {
    struct Row: Decodable {
        struct Expected: Decodable {
            let headerHash: String
            let validSignatures: Int
            let presentSignatures: Int
            // The key `quorum_2_3`, as the decoder's strategy spells it.
            let quorum23: Bool
        }
        let height: Number
        let header: HeaderRow
        let commit: CommitRow
        let validatorSet: SetRow
        let expected: Expected
    }
    struct Link: Decodable {
        let from: Int64
        let to: Int64
        let lastBlockId: Bool
        let nextValidatorsHash: Bool
        let lastCommitHashEqualsMerkleOfSeenCommit: Bool
    }
    let blocks: [Row]
    let links: [Link]
}

extension SetRow {
    func set() throws -> ValidatorSet {
        try ValidatorSet(
            (validators ?? []).map { row in
                let key = try #require(Data(base64Encoded: row.pubKey.value).flatMap { Bytes32([UInt8]($0)) })
                let member = Validator(key: key, power: row.votingPower.value)
                #expect(member.address.description == row.address.lowercased())
                return member
            })
    }
}

/// What CometBFT hashes of a commit: for each member flag, address, time and signature.
private func commitHash(_ commit: CommitRow) -> Bytes32 {
    MerkleTree.root(
        of: commit.votes.map { row in
            var time = ProtobufWriter()
            // Members without a vote have the time of year 1.
            time.signed(1, row.timestamp.time.seconds)
            time.signed(2, Int64(row.timestamp.time.nanoseconds))
            var writer = ProtobufWriter()
            writer.varint(1, UInt64(row.blockIdFlag))
            writer.bytes(2, Hexadecimal.bytes(of: row.validatorAddress) ?? [])
            writer.message(3, time.bytes)
            writer.bytes(4, row.bytes)
            return writer.bytes
        })
}

@Suite("Sixteen blocks of a CometBFT network")
struct RealBlockTests {
    @Test("headers, sets and signatures are what that network holds them for")
    func blocks() throws {
        let file: BlockFile = try VectorFiles.read("celestia_mocha4_blocks.json")
        #expect(file.blocks.count == 16)
        var signatures = 0
        for row in file.blocks {
            let (header, set) = (try row.header.header(), try row.validatorSet.set())
            #expect(header.hash.description == row.expected.headerHash.lowercased())
            #expect(header.hash == row.commit.blockId.reference.hash)
            #expect(set.hash == header.validatorsHash)
            #expect(
                set.members.map(\.address.description)
                    == row.validatorSet.validators?.map { $0.address.lowercased() })
            var signed = MemberBitmap(count: set.count)
            for (place, vote) in row.commit.votes.enumerated() where vote.isForBlock {
                let member = try #require(set.member(at: place))
                #expect(member.address.description == vote.validatorAddress.lowercased())
                let message = SignBytes.vote(
                    type: VoteKind.precommit.rawValue, height: header.height,
                    round: UInt32(row.commit.round), block: row.commit.blockId.reference,
                    time: vote.timestamp.time, chain: header.chain)
                #expect(Ed25519.verify(vote.bytes, of: message, by: member.key))
                signed.insert(place)
            }
            #expect(signed.members == row.expected.validSignatures)
            #expect(row.expected.presentSignatures == row.expected.validSignatures)
            #expect(set.isQuorum(set.power(of: signed)) == row.expected.quorum23)
            signatures += signed.members
        }
        #expect(signatures == 214)
    }

    @Test("headers follow each other")
    func links() throws {
        let file: BlockFile = try VectorFiles.read("celestia_mocha4_blocks.json")
        #expect(file.links.count == 8)
        for link in file.links {
            let first = try #require(file.blocks.first { $0.height.value == link.from })
            let second = try #require(file.blocks.first { $0.height.value == link.to }).header.header()
            #expect((second.lastBlock == first.commit.blockId.reference) == link.lastBlockId)
            let next = try first.header.header().nextValidatorsHash
            #expect((second.validatorsHash == next) == link.nextValidatorsHash)
            #expect(
                (second.lastCommitHash == commitHash(first.commit))
                    == link.lastCommitHashEqualsMerkleOfSeenCommit)
        }
    }
}
