import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

private struct Vectors: Decodable {
    struct Case: Decodable {
        let count: Int
        let root: String
        let proofs: [Proof]
    }
    struct Proof: Decodable {
        let preimage: String
        let value: String?
        let proof: String
    }
    let cases: [Case]
}

/// Roots and proofs that a program of forty lines computed from the definition alone (`Tests/python/make_tree.py`).
@Suite("State tree: vectors")
struct TreeVectorTests {
    private static func cases() throws -> [Vectors.Case] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/ledger/tree.json")
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).cases
    }

    private static func change(_ number: Int) -> TreeChange {
        let digits = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
        return TreeChange(
            preimage: [1] + digits,
            value: Array(String(repeating: "value \(number)", count: number % 9).utf8))
    }

    @Test("roots, and proofs to the byte")
    func vectors() throws {
        for vector in try Self.cases() {
            var world = TreeWorld()
            let result = try world.update(to: 1, (0..<vector.count).map(Self.change)).result
            #expect(result.root.description == vector.root)
            for row in vector.proofs {
                let preimage = try #require(Hexadecimal.bytes(of: row.preimage))
                let value = row.value.flatMap { Hexadecimal.bytes(of: $0) }
                let reading = try world.read(TreeHash.key(preimage), at: 1)
                #expect(reading.leaf?.value == value)
                #expect(Hexadecimal.text(of: reading.proof.scale) == row.proof)
                let proof = try StateProof(scale: try #require(Hexadecimal.bytes(of: row.proof)))
                #expect(proof.verify(root: result.root, preimage: preimage, value: value))
            }
        }
    }

    @Test("many small versions come to the same root as one large")
    func versions() throws {
        let last = try #require(try Self.cases().last)
        var world = TreeWorld()
        var root = ""
        for start in stride(from: 0, to: last.count, by: 37) {
            let changes = (start..<min(start + 37, last.count)).map(Self.change)
            root = try world.update(to: UInt64(start + 1), changes).result.root.description
        }
        #expect(root == last.root)
    }
}
