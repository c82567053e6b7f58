internal import CSodium

extension SHA2 {
    /// HMAC-SHA-256 (RFC 2104) with a key of any length: 32 bytes.
    package static func hmac256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var state = crypto_auth_hmacsha256_state()
        crypto_auth_hmacsha256_init(&state, key, key.count)
        var digest = [UInt8](repeating: 0, count: 32)
        crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        crypto_auth_hmacsha256_final(&state, &digest)
        sodium_memzero(&state, MemoryLayout.size(ofValue: state))
        return digest
    }
}

/// Keys out of a secret: HKDF of RFC 5869 with HMAC-SHA-256.
package enum HKDF {
    /// The most bytes there are of one secret.
    package static let largest = 255 * 32

    /// Keys of a secret.
    ///
    /// - Parameter count: bytes of all of them, at most `largest`; more are cut off.
    package static func keys(
        of secret: [UInt8], salt: [UInt8], info: [UInt8] = [], count: Int
    ) -> [UInt8] {
        var pseudorandom = SHA2.hmac256(key: salt, secret)
        defer { Secrets.wipe(&pseudorandom) }
        var result: [UInt8] = []
        var block: [UInt8] = []
        for number in 1...UInt8.max {
            guard result.count < count else { break }
            block = SHA2.hmac256(key: pseudorandom, block + info + [number])
            result += block.prefix(count - result.count)
        }
        return result
    }

    /// Two keys of 32 bytes, as Noise wants them.
    package static func two(of secret: [UInt8], salt: [UInt8]) -> ([UInt8], [UInt8]) {
        let keys = keys(of: secret, salt: salt, count: 64)
        return (Array(keys[..<32]), Array(keys[32...]))
    }

    /// Three keys of 32 bytes, as Noise wants them.
    package static func three(of secret: [UInt8], salt: [UInt8]) -> ([UInt8], [UInt8], [UInt8]) {
        let keys = keys(of: secret, salt: salt, count: 96)
        return (Array(keys[..<32]), Array(keys[32..<64]), Array(keys[64...]))
    }
}
