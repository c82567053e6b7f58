import Foundation
import NodeCrypto
import NodeDomain
import Testing

@Suite("ECVRF")
struct VRFTests {
    private struct Case: Decodable {
        let suite, sk, pk, alpha, pi, beta: String
    }
    private struct Vectors: Decodable {
        let cases: [Case]
    }

    private func cases() throws -> [Case] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Vectors/crypto/ecvrf_rfc9381.json")
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).cases
            .filter { $0.suite.hasSuffix("TAI") }
    }

    @Test("proofs and outputs of RFC 9381, appendix B.3")
    func published() throws {
        let cases = try cases()
        #expect(cases.count == 3)
        for row in cases {
            let seed = try #require(Bytes32(hexadecimal: row.sk))
            let key = try #require(Bytes32(hexadecimal: row.pk))
            let input = try #require(Hexadecimal.bytes(of: row.alpha))
            let proof = try #require(VRF.prove(input, seed: seed))
            #expect(Hexadecimal.text(of: proof) == row.pi)
            #expect(VRF.verify(proof, of: input, by: key).map { Hexadecimal.text(of: $0) } == row.beta)
            #expect(VRF.output(ofUnchecked: proof).map { Hexadecimal.text(of: $0) } == row.beta)
        }
    }

    @Test("a flipped bit, another key or input, a small key and an S that is too large are refused")
    func refusals() throws {
        let row = try #require(try cases().last)
        let key = try #require(Bytes32(hexadecimal: row.pk))
        let input = try #require(Hexadecimal.bytes(of: row.alpha))
        let proof = try #require(Hexadecimal.bytes(of: row.pi))
        for bit in 0..<(8 * proof.count) {
            var changed = proof
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(VRF.verify(changed, of: input, by: key) == nil, "bit \(bit)")
        }
        let other = try #require(Ed25519.publicKey(seed: .largest))
        #expect(VRF.verify(proof, of: input, by: other) == nil)
        #expect(VRF.verify(proof, of: input + [0], by: key) == nil)
        for small in ["00", "01"] {
            let key = try #require(Bytes32(hexadecimal: small + String(repeating: "0", count: 62)))
            #expect(!VRF.isKey(key))
            #expect(VRF.verify(proof, of: input, by: key) == nil)
        }
        // S + ℓ is the same number to whoever does not look.
        let order: [UInt8] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        var larger = proof
        var carry = 0
        for place in 0..<32 {
            let sum = Int(proof[48 + place]) + Int(order[place]) + carry
            larger[48 + place] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(VRF.verify(larger, of: input, by: key) == nil)
        for count in [0, 79, 81] {
            #expect(VRF.verify([UInt8](repeating: 1, count: count), of: input, by: key) == nil)
        }
    }
}
