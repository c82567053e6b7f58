import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing

private struct EncodingFile: Decodable {
    struct SignRow: Decodable {
        struct Block: Decodable {
            let hash: HexHash
            let total: Int
            let partsHash: HexHash
        }
        let kind: String
        let chainId: String
        let type: UInt8?
        let height: UInt64
        let round: UInt32
        let polRound: Int?
        let blockId: Block?
        let timestamp: Moment
        let signBytesHex: String
    }
    struct Derived: Decodable {
        let cases: [SignRow]
    }
    struct HashRow: Decodable {
        let header: HeaderRow
        let expectedHash: String?
    }
    struct RootRow: Decodable {
        let desc: String
        let leavesHex: [String]
        let root: String
    }
    struct Hasher: Decodable {
        let emptyTree, emptyLeaf, leafOfUtf8L123456, nodeOfUtf8N123N456: String
    }
    let publishedVoteSignBytes: [SignRow]
    let derivedSignBytes: Derived
    let headerHash: [HashRow]
    let merkleRoots: [RootRow]
    let rfc6962Hasher: Hasher
}

@Suite("CometBFT's encodings")
struct CometEncodingTests {
    private static func file() throws -> EncodingFile {
        try VectorFiles.read("cometbft_encoding_and_signer.json")
    }

    @Test("sign bytes, published and derived")
    func signBytes() throws {
        let file = try Self.file()
        #expect(file.publishedVoteSignBytes.count == 6)
        #expect(file.derivedSignBytes.cases.count == 6)
        for row in file.publishedVoteSignBytes + file.derivedSignBytes.cases {
            let block = row.blockId.map {
                BlockReference(
                    hash: $0.hash.hash, partsTotal: UInt32($0.total), partsHash: $0.partsHash.hash)
            }
            let bytes: [UInt8]
            if row.kind == "proposal" {
                let proposal = Proposal(
                    height: row.height, round: row.round,
                    polRound: row.polRound.flatMap { UInt32(exactly: $0) },
                    target: VotedBlock(block: try #require(block), time: row.timestamp.time))
                bytes = SignBytes.of(proposal, chain: row.chainId)
            } else {
                bytes = SignBytes.vote(
                    type: row.type ?? 0, height: row.height, round: row.round, block: block,
                    time: row.timestamp.time, chain: row.chainId)
            }
            #expect(Hexadecimal.text(of: bytes) == row.signBytesHex)
        }
    }

    @Test("hash of a header; one without a set has none and cannot be read")
    func headerHash() throws {
        let rows = try Self.file().headerHash
        #expect(rows.count == 2)
        for row in rows {
            let header = try row.header.header()
            if let expected = row.expectedHash {
                #expect(header.hash.description == expected.lowercased())
            } else {
                #expect(header.validatorsHash == .zero)
                var writer = ScaleWriter()
                header.write(to: &writer)
                var reader = ScaleReader(writer.bytes)
                #expect(throws: ScaleFault.self) { try BlockHeader(from: &reader) }
            }
        }
        #expect(rows.filter { $0.expectedHash == nil }.count == 1)
    }

    @Test("roots of lists, and the hashes they are made of")
    func roots() throws {
        let file = try Self.file()
        #expect(file.merkleRoots.count == 5)
        for row in file.merkleRoots {
            let leaves = row.leavesHex.map { Hexadecimal.bytes(of: $0) ?? [0] }
            #expect(MerkleTree.root(of: leaves).description == row.root, "\(row.desc)")
        }
        #expect(MerkleTree.root(of: []).description == file.rfc6962Hasher.emptyTree)
        #expect(MerkleTree.leafHash([]).description == file.rfc6962Hasher.emptyLeaf)
        #expect(
            MerkleTree.leafHash(Array("L123456".utf8)).description == file.rfc6962Hasher.leafOfUtf8L123456)
        let node = SHA2.sha256([1] + Array("N123".utf8) + Array("N456".utf8))
        #expect(Hexadecimal.text(of: node) == file.rfc6962Hasher.nodeOfUtf8N123N456)
    }
}
