internal import CSodium
package import NodeDomain

/// A secret Ed25519 key that stays in guarded memory while it signs and proves.
package final class SigningKey: Sendable {
    private static let seedBytes = 32
    private static let secretBytes = 64

    /// Whom its signatures are by.
    package let publicKey: Bytes32
    /// Seed and public key, as libsodium wants them.
    private let secret: SecretBytes

    /// The key of a secret seed; nil when it has not 32 bytes, or libsodium does not start.
    package init?(seed: SecretBytes) {
        guard seed.count == Self.seedBytes, sodium_init() >= 0 else { return nil }
        var publicKey = [UInt8](repeating: 0, count: Bytes32.count)
        var status: Int32 = -1
        secret = SecretBytes(count: Self.secretBytes) { memory in
            seed.withBytes { seed in
                guard let target = memory.baseAddress, let source = seed.baseAddress else { return }
                status = crypto_sign_seed_keypair(
                    &publicKey, target.assumingMemoryBound(to: UInt8.self),
                    source.assumingMemoryBound(to: UInt8.self))
            }
        }
        guard status == 0, let key = Bytes32(publicKey) else { return nil }
        self.publicKey = key
    }

    /// Signs a message; nil when libsodium cannot.
    package func sign(_ message: [UInt8]) -> [UInt8]? {
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureBytes)
        let status = secret.withBytes { secret -> Int32 in
            guard let start = secret.baseAddress else { return -1 }
            return crypto_sign_detached(
                &signature, nil, message, UInt64(message.count), start.assumingMemoryBound(to: UInt8.self))
        }
        return status == 0 ? signature : nil
    }

    /// SHA-512 of the seed, for the VRF; the caller wipes it.
    func expanded() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        secret.withBytes { secret in
            guard let start = secret.baseAddress else { return }
            crypto_hash_sha512(
                &digest, start.assumingMemoryBound(to: UInt8.self), UInt64(Self.seedBytes))
        }
        return digest
    }
}
