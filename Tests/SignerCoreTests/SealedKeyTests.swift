import NodeCrypto
import NodeDomain
import SignerCore
import Testing

/// Keys under a passphrase, and keys that sign.
@Suite("Sealed keys")
struct SealedKeyTests {
    private static let seed = [UInt8](repeating: 3, count: SealedKey.seedBytes)

    private func secret(_ bytes: [UInt8]) -> SecretBytes {
        var bytes = bytes
        return SecretBytes(taking: &bytes)
    }

    private func sealed(_ kind: KeyKind = .consensus) throws -> SealedKey {
        try SealedKey(
            kind, seed: secret(Self.seed), passphrase: secret(Array("words".utf8)),
            salt: [UInt8](repeating: 1, count: 16), nonce: [UInt8](repeating: 2, count: 24),
            cost: try #require(PasswordBox.Cost(passes: 1, memory: 8192)))
    }

    @Test("sealed, written, read and opened", arguments: KeyKind.allCases)
    func roundTrip(_ kind: KeyKind) throws {
        let key = try sealed(kind)
        let read = try SealedKey(bytes: key.bytes)
        #expect(read == key && read.kind == kind && key.bytes.count <= SealedKey.mostBytes)
        #expect(!key.bytes.indices.dropLast(32).contains { Array(key.bytes[$0..<$0 + 32]) == Self.seed })
        let opened = try read.open(secret(Array("words".utf8)))
        #expect(opened.publicKey == Ed25519.publicKey(seed: Bytes32(Self.seed) ?? .zero))
        #expect(throws: SealedKeyFault.passphrase) { try read.open(secret(Array("word".utf8))) }
    }

    @Test("a changed file is never opened, nor one that was cut")
    func damage() throws {
        let bytes = try sealed().bytes
        for place in bytes.indices {
            #expect(throws: SealedKeyFault.self) { try SealedKey(bytes: Array(bytes[..<place])) }
        }
        #expect(throws: SealedKeyFault.self) { try SealedKey(bytes: bytes + [0]) }
        // Kind, key, salt, nonce and seed belong together; passes and memory would only cost time.
        for place in [23, 24, 55, bytes.count - 88, bytes.count - 60, bytes.count - 1] {
            var changed = bytes
            changed[place] ^= 1
            #expect(throws: SealedKeyFault.self) {
                try SealedKey(bytes: changed).open(secret(Array("words".utf8)))
            }
        }
    }

    @Test("a seed has 32 bytes")
    func seeds() {
        for count in [0, 31, 33, 64] {
            #expect(SigningKey(seed: secret([UInt8](repeating: 1, count: count))) == nil)
        }
    }

    @Test("a key in guarded memory signs and proves as its seed does")
    func signing() throws {
        let key = try #require(SigningKey(seed: secret(Self.seed)))
        let seed = try #require(Bytes32(Self.seed))
        for message in [[], [1, 2, 3], [UInt8](repeating: 9, count: 1000)] as [[UInt8]] {
            #expect(key.sign(message) == Ed25519.sign(message, seed: seed))
            let proof = try #require(VRF.prove(message, key: key))
            #expect(proof == VRF.prove(message, seed: seed))
            #expect(VRF.verify(proof, of: message, by: key.publicKey) != nil)
        }
    }
}
