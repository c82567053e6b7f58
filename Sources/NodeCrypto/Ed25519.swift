internal import CSodium
package import NodeDomain

/// Signatures of RFC 8032, judged by the rule of ZIP-215.
///
/// All nodes must agree on every signature, the oddest included: keys and points in any encoding of 32 bytes that has a point, S
/// below the group's order, and [8](S·B − R − k·A) = 0. libsodium's own check is stricter; what it takes is taken, the rest is
/// computed from its parts.
package enum Ed25519 {
    /// Bytes of a signature.
    package static let signatureBytes = 64

    private static let ready: Bool = sodium_init() >= 0

    /// The public key of a secret seed of 32 bytes; nil when libsodium does not start.
    package static func publicKey(seed: Bytes32) -> Bytes32? {
        pair(seed).flatMap { Bytes32($0.publicKey) }
    }

    /// Signs a message with the key of a seed; nil when libsodium does not start.
    package static func sign(_ message: [UInt8], seed: Bytes32) -> [UInt8]? {
        guard var pair = pair(seed) else { return nil }
        var signature = [UInt8](repeating: 0, count: signatureBytes)
        let status = crypto_sign_detached(&signature, nil, message, UInt64(message.count), pair.secretKey)
        sodium_memzero(&pair.secretKey, pair.secretKey.count)
        return status == 0 ? signature : nil
    }

    /// Whether a signature is one of a message by a key.
    package static func verify(_ signature: [UInt8], of message: [UInt8], by key: Bytes32) -> Bool {
        guard ready, signature.count == signatureBytes else { return false }
        let keyBytes = key.bytes
        if crypto_sign_verify_detached(signature, message, UInt64(message.count), keyBytes) == 0 {
            return true
        }
        return holds(signature, message, keyBytes)
    }

    private static func pair(_ seed: Bytes32) -> (publicKey: [UInt8], secretKey: [UInt8])? {
        guard ready else { return nil }
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 64)
        var bytes = seed.bytes
        defer { sodium_memzero(&bytes, bytes.count) }
        guard crypto_sign_seed_keypair(&publicKey, &secretKey, bytes) == 0 else { return nil }
        return (publicKey, secretKey)
    }

    // MARK: - The cofactored equation

    /// 8·S·B = 8·R + k·(8·A): eight times a point has an order that libsodium multiplies.
    private static func holds(_ signature: [UInt8], _ message: [UInt8], _ key: [UInt8]) -> Bool {
        let scalar = Array(signature[32...])
        guard Ed25519Group.isBelowOrder(scalar), let point = Ed25519Group.timesEight(Array(signature[..<32])),
            let base = Ed25519Group.timesEight(key)
        else { return false }
        var digest = [UInt8](repeating: 0, count: 64)
        crypto_hash_sha512(&digest, signature[..<32] + key + message, UInt64(64 + message.count))
        var challenge = [UInt8](repeating: 0, count: 32)
        crypto_core_ed25519_scalar_reduce(&challenge, digest)
        guard let right = Ed25519Group.sum(point, Ed25519Group.product(challenge, base)) else { return false }
        return Ed25519Group.baseProduct(Ed25519Group.eightfold(scalar)) == right
    }
}
