import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing

/// The chain of the vectors: three terms, then a state with two records.
enum LightSample {
    static let left: (key: [UInt8], value: [UInt8]) = ([1, 1], [7, 7, 7])
    static let right: (key: [UInt8], value: [UInt8]) = ([1, 2], [8])

    /// The root over both records, whose keys differ in the first bit.
    static var root: Bytes32 { TreeHash.inner(leaf(left), leaf(right)) }

    static func leaf(_ record: (key: [UInt8], value: [UInt8])) -> Bytes32 {
        TreeHash.leaf(key: TreeHash.key(record.key), valueHash: TreeHash.value(record.value))
    }

    static var proof: StateProof { StateProof(siblings: [leaf(right)], end: .record) }

    static func blocks() throws -> [LightBlock] {
        let committees = try [[3, 2, 2], [1, 1, 1, 1], [5]].enumerated().map {
            try Committee($1, salt: UInt64($0) + 1)
        }
        return try committees.enumerated().map { term, committee in
            let next = term + 1 < committees.count ? committees[term + 1].set : nil
            var header = committee.header(
                height: UInt64(10 * term + 10), time: 1_800_000_000 + Int64(term), next: next)
            header.appHash = root
            return LightBlock(
                header: header, set: committee.set, commit: try committee.certificate(for: header),
                nextSet: term == 1 ? next : nil)
        }
    }
}

private struct LightVector: Decodable {
    struct Trusted: Decodable {
        let height: UInt64
        let headerHash, setHash: HexHash
    }
    struct Record: Decodable {
        let key, value, proof: String
    }
    let trusted: Trusted
    let blocks: [String]
    let record: Record
}

@Suite("Light blocks of the vectors")
struct LightVectorTests {
    @Test("their bytes are those of this encoder, and lead from the trusted head to the last")
    func golden() throws {
        let file: LightVector = try VectorFiles.read("light_chain.json")
        let blocks = try LightSample.blocks()
        #expect(blocks.map { Hexadecimal.text(of: $0.wire) } == file.blocks)
        let read = try file.blocks.map { try LightBlock(wire: try #require(Hexadecimal.bytes(of: $0))) }
        #expect(read == blocks)
        let checkpoint = LightCheckpoint(
            height: file.trusted.height, hash: file.trusted.headerHash.hash,
            setHash: file.trusted.setHash.hash)
        let head = try LightChain(blocks: read).verified(
            from: checkpoint, now: Timestamp(seconds: 1_800_000_100, nanoseconds: 0), by: ed25519)
        #expect(head.header.height == 30)
    }

    @Test("the record's proof holds for the head's app hash, and for nothing else")
    func record() throws {
        let file: LightVector = try VectorFiles.read("light_chain.json")
        let root = try #require(try LightSample.blocks().last).header.appHash
        let key = try #require(Hexadecimal.bytes(of: file.record.key))
        let value = try #require(Hexadecimal.bytes(of: file.record.value))
        let bytes = try #require(Hexadecimal.bytes(of: file.record.proof))
        #expect(bytes == LightSample.proof.scale)
        let proof = try StateProof(scale: bytes)
        #expect(proof.verify(root: root, preimage: key, value: value))
        #expect(!proof.verify(root: root, preimage: key, value: value + [0]))
        #expect(!proof.verify(root: root, preimage: key, value: nil))
        #expect(!proof.verify(root: root, preimage: key + [0], value: value))
        #expect(!proof.verify(root: .zero, preimage: key, value: value))
    }
}
