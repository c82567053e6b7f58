internal import CSodium
package import NodeDomain

/// A verifiable random function: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381.
///
/// For each key and input there is one output, which only the key's holder can compute and everybody can check.
package enum VRF {
    /// Bytes of a proof.
    package static let proofBytes = 80

    private static let suite: UInt8 = 3
    private static let challengeBytes = 16

    /// Whether 32 bytes can be somebody's key: a point of the large group, canonically encoded.
    package static func isKey(_ key: Bytes32) -> Bool {
        crypto_core_ed25519_is_valid_point(key.bytes) == 1
    }

    /// Proves the output of an input for the key of a seed; nil when libsodium does not start.
    package static func prove(_ input: [UInt8], seed: Bytes32) -> [UInt8]? {
        guard let key = Ed25519.publicKey(seed: seed) else { return nil }
        return prove(input, key, expanded: hash(seed.bytes))
    }

    /// Proves the output of an input for a key.
    package static func prove(_ input: [UInt8], key: SigningKey) -> [UInt8]? {
        prove(input, key.publicKey, expanded: key.expanded())
    }

    private static func prove(_ input: [UInt8], _ key: Bytes32, expanded: consuming [UInt8]) -> [UInt8]? {
        var digest = expanded
        defer { sodium_memzero(&digest, digest.count) }
        var secret = Array(digest[..<32])
        defer { sodium_memzero(&secret, secret.count) }
        secret[0] &= 248
        secret[31] = secret[31] & 127 | 64
        guard let point = point(of: input, key) else { return nil }
        let gamma = Ed25519Group.product(secret, point)
        var nonce = reduced(hash(digest[32...] + point))
        defer { sodium_memzero(&nonce, nonce.count) }
        let challenge = challenge(
            [key.bytes, point, gamma, Ed25519Group.baseProduct(nonce), Ed25519Group.product(nonce, point)])
        var product = [UInt8](repeating: 0, count: 32)
        crypto_core_ed25519_scalar_mul(&product, widened(challenge), secret)
        var answer = [UInt8](repeating: 0, count: 32)
        crypto_core_ed25519_scalar_add(&answer, product, nonce)
        sodium_memzero(&product, product.count)
        return gamma + challenge + answer
    }

    /// The output of an input, 64 bytes, if a proof holds; nil: it does not.
    package static func verify(_ proof: [UInt8], of input: [UInt8], by key: Bytes32) -> [UInt8]? {
        guard isKey(key), let parts = parts(proof), let point = point(of: input, key) else { return nil }
        let wide = widened(parts.challenge)
        guard
            let left = Ed25519Group.difference(
                Ed25519Group.baseProduct(parts.answer), Ed25519Group.product(wide, key.bytes)),
            let right = Ed25519Group.difference(
                Ed25519Group.product(parts.answer, point), Ed25519Group.product(wide, parts.gamma)),
            challenge([key.bytes, point, parts.gamma, left, right]) == parts.challenge
        else { return nil }
        return output(parts.gamma)
    }

    /// The output that a proof stands for, whether it holds or not; nil: it is no proof at all.
    package static func output(ofUnchecked proof: [UInt8]) -> [UInt8]? {
        parts(proof).flatMap { output($0.gamma) }
    }

    private static func output(_ gamma: [UInt8]) -> [UInt8]? {
        Ed25519Group.timesEight(gamma).map { hash([suite, 3] + $0 + [0]) }
    }

    private static func parts(_ proof: [UInt8]) -> (gamma: [UInt8], challenge: [UInt8], answer: [UInt8])? {
        guard proof.count == proofBytes else { return nil }
        let (gamma, answer) = (Array(proof[..<32]), Array(proof[48...]))
        guard crypto_core_ed25519_is_valid_point(gamma) == 1, Ed25519Group.isBelowOrder(answer) else {
            return nil
        }
        return (gamma, Array(proof[32..<48]), answer)
    }

    /// A point that nobody knows the logarithm of: the first try of a counter that hits the curve.
    private static func point(of input: [UInt8], _ key: Bytes32) -> [UInt8]? {
        for counter in 0...UInt8.max {
            let candidate = Array(hash([suite, 1] + key.bytes + input + [counter, 0])[..<32])
            if let point = Ed25519Group.timesEight(candidate), point != Ed25519Group.identity { return point }
        }
        return nil
    }

    private static func challenge(_ points: [[UInt8]]) -> [UInt8] {
        Array(hash([suite, 2] + points.joined() + [0])[..<challengeBytes])
    }

    private static func widened(_ challenge: [UInt8]) -> [UInt8] {
        challenge + [UInt8](repeating: 0, count: 32 - challenge.count)
    }

    private static func reduced(_ wide: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        crypto_core_ed25519_scalar_reduce(&result, wide)
        return result
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        crypto_hash_sha512(&digest, bytes, UInt64(bytes.count))
        return digest
    }
}
