import Foundation
import NodeCrypto
import NodeDomain
import Testing

private struct Vectors: Decodable {
    struct Row: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: String
        let leafHash: String
        let proof: [String]?
        let desc: String
        let wantErr: Bool
    }
    struct Growth: Decodable {
        let size1: UInt64
        let size2: UInt64
        let root1: String
        let root2: String
        let proof: [String]?
        let desc: String
        let wantErr: Bool
    }
    let inclusion: [Row]
    let consistency: [Growth]
}

private func bytes32(_ text: String) -> Bytes32? {
    Data(base64Encoded: text).flatMap { Bytes32([UInt8]($0)) }
}

@Suite("Merkle tree of RFC 6962")
struct MerkleTreeTests {
    private static func file() throws -> Vectors {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/crypto/rfc6962_proofs.json")
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    }

    private static func rows() throws -> [Vectors.Row] { try file().inclusion }

    @Test("every row of the vectors is taken or refused as it says")
    func vectors() throws {
        let rows = try Self.rows()
        var taken = 0
        for row in rows {
            // Hashes of another length are none: who reads them refuses them.
            let proof = (row.proof ?? []).map(bytes32)
            let whole = proof.compactMap { $0 }
            guard let root = bytes32(row.root), let leaf = bytes32(row.leafHash), whole.count == proof.count
            else {
                #expect(row.wantErr, "\(row.desc)")
                continue
            }
            let holds = MerkleTree.verify(leaf, at: row.leafIdx, of: row.treeSize, proof: whole, root: root)
            #expect(holds != row.wantErr, "\(row.desc), index \(row.leafIdx) of \(row.treeSize)")
            taken += holds ? 1 : 0
        }
        #expect(rows.count == 98)
        #expect(taken == rows.filter { !$0.wantErr }.count)
    }

    @Test("every row of the vectors on trees that grew is taken or refused as it says")
    func consistency() throws {
        let rows = try Self.file().consistency
        var taken = 0
        for row in rows {
            let proof = (row.proof ?? []).map(bytes32)
            let whole = proof.compactMap { $0 }
            guard let old = bytes32(row.root1), let new = bytes32(row.root2), whole.count == proof.count
            else {
                // What is no hash can only be the same twice, which asks no hash.
                let isOne = row.size1 > 0 && row.size1 == row.size2
                let isSame = isOne && row.root1 == row.root2 && proof.isEmpty
                #expect(row.wantErr != isSame, "\(row.desc)")
                taken += isSame ? 1 : 0
                continue
            }
            let holds = MerkleTree.verifyConsistency(
                from: row.size1, old, to: row.size2, new, proof: whole)
            #expect(holds != row.wantErr, "\(row.desc), from \(row.size1) to \(row.size2)")
            taken += holds ? 1 : 0
        }
        #expect(rows.count == 98)
        #expect(taken == rows.filter { !$0.wantErr }.count)
    }

    @Test("roots of the vectors' eight items")
    func roots() throws {
        let items = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .compactMap { $0.isEmpty ? [] : Hexadecimal.bytes(of: $0) }
        let roots = Set(
            try Self.rows().filter { !$0.wantErr }.compactMap { row in
                bytes32(row.root).map { "\(row.treeSize) \($0)" }
            })
        #expect(roots.contains("1 \(MerkleTree.root(of: Array(items.prefix(1))))"))
        #expect(roots.contains("8 \(MerkleTree.root(of: items))"))
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(MerkleTree.root(of: []).description == empty)
    }

    @Test("each item of trees of any size is proved, and at no other place")
    func sizes() throws {
        for count in 1...70 {
            let items = (0..<count).map { [UInt8($0)] }
            let root = MerkleTree.root(of: items)
            for index in 0..<count {
                let proof = try #require(MerkleTree.proof(of: index, in: items))
                let leaf = MerkleTree.leafHash(items[index])
                for place in 0..<count {
                    let holds = MerkleTree.verify(
                        leaf, at: UInt64(place), of: UInt64(count), proof: proof, root: root)
                    #expect(holds == (place == index))
                }
                let longer = proof + [root]
                #expect(
                    !MerkleTree.verify(leaf, at: UInt64(index), of: UInt64(count), proof: longer, root: root))
                #expect(
                    proof.isEmpty
                        || !MerkleTree.verify(
                            leaf, at: UInt64(index), of: UInt64(count), proof: proof.dropLast(), root: root)
                )
            }
            #expect(MerkleTree.proof(of: count, in: items) == nil)
            #expect(MerkleTree.proof(of: -1, in: items) == nil)
        }
    }
}
