import Foundation
import NodeCrypto
import NodeDomain
import Testing

@Suite("Ed25519")
struct Ed25519Tests {
    private struct Case: Decodable {
        let pk, pub_key, msg, message, msg_ascii: String?
        let sig, signature: String?
        let zip215: Bool?
        let tcId: Int?
    }
    private struct Vectors: Decodable {
        let zip215, speccheck, wycheproof, cctv: [Case]
    }

    private func vectors() throws -> Vectors {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Vectors/crypto/ed25519_verification.json")
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    }

    private func verdict(_ row: Case) -> Bool {
        let message =
            row.msg_ascii.map { Array($0.utf8) } ?? (row.msg ?? row.message).flatMap(Hexadecimal.bytes) ?? []
        guard let key = (row.pk ?? row.pub_key).flatMap({ Bytes32(hexadecimal: $0) }),
            let signature = (row.sig ?? row.signature).flatMap(Hexadecimal.bytes)
        else { return false }
        return Ed25519.verify(signature, of: message, by: key)
    }

    @Test("every verdict of ZIP-215's own pairs, speccheck, Wycheproof and CCTV")
    func verdicts() throws {
        let vectors = try vectors()
        let zcash = Array("Zcash".utf8)
        for row in vectors.zip215 {
            let key = try #require(Bytes32(hexadecimal: row.pk ?? ""))
            let signature = try #require(Hexadecimal.bytes(of: row.sig ?? ""))
            #expect(Ed25519.verify(signature, of: zcash, by: key), "\(row.pk ?? "")")
        }
        let others = vectors.speccheck + vectors.wycheproof + vectors.cctv
        for row in others { #expect(verdict(row) == row.zip215, "\(row.tcId ?? 0) \(row.msg_ascii ?? "")") }
        #expect(vectors.zip215.count + others.count == 1273)
    }

    @Test("a signature of another length is none")
    func lengths() throws {
        let seed = Bytes32.largest
        let key = try #require(Ed25519.publicKey(seed: seed))
        let signature = try #require(Ed25519.sign([1, 2, 3], seed: seed))
        #expect(Ed25519.verify(signature, of: [1, 2, 3], by: key))
        #expect(!Ed25519.verify(signature, of: [1, 2], by: key))
        for count in [0, 32, 63] {
            #expect(!Ed25519.verify(Array(signature[..<count]), of: [1, 2, 3], by: key))
        }
        #expect(!Ed25519.verify(signature + [0], of: [1, 2, 3], by: key))
    }
}
