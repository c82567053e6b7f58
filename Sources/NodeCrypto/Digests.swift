internal import CSodium

/// SHA-2 and what is built on it.
package enum SHA2 {
    /// SHA-256: 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return digest
    }

    /// HMAC-SHA-512 (RFC 2104) with a key of any length: 64 bytes.
    package static func hmac512(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var state = crypto_auth_hmacsha512_state()
        crypto_auth_hmacsha512_init(&state, key, key.count)
        return finish(&state, message)
    }

    /// PBKDF2 with HMAC-SHA-512 (RFC 8018): the first block, 64 bytes.
    package static func pbkdf2(password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
        var start = crypto_auth_hmacsha512_state()
        crypto_auth_hmacsha512_init(&start, password, password.count)
        var state = start
        var block = finish(&state, salt + [0, 0, 0, 1])
        var result = block
        for _ in 1..<max(1, rounds) {
            state = start
            block = finish(&state, block)
            for place in 0..<result.count { result[place] ^= block[place] }
        }
        sodium_memzero(&start, MemoryLayout.size(ofValue: start))
        Secrets.wipe(&block)
        return result
    }

    private static func finish(_ state: inout crypto_auth_hmacsha512_state, _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        crypto_auth_hmacsha512_update(&state, message, UInt64(message.count))
        crypto_auth_hmacsha512_final(&state, &digest)
        return digest
    }
}
