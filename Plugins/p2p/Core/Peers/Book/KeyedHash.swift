/// SipHash-2-4 of words under a secret key: where things stand in tables that strangers fill.
///
/// Without the key nobody can tell which addresses meet in one place, so nobody can choose them to meet.
package struct KeyedHash: Hashable, Sendable {
    /// The key's 16 bytes in two little-endian numbers.
    package let key0, key1: UInt64

    /// Under a key, which must be random and stay secret.
    package init(key0: UInt64, key1: UInt64) {
        (self.key0, self.key1) = (key0, key1)
    }

    /// Of up to four words; which number of them is part of what is hashed.
    @inline(__always)
    package func callAsFunction(_ word0: UInt64, _ word1: UInt64) -> UInt64 {
        var state = State(key0, key1)
        state.take(word0)
        state.take(word1)
        return state.finish(bytes: 16)
    }

    /// Of three words.
    @inline(__always)
    package func callAsFunction(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64) -> UInt64 {
        var state = State(key0, key1)
        state.take(word0)
        state.take(word1)
        state.take(word2)
        return state.finish(bytes: 24)
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        @inline(__always)
        init(_ key0: UInt64, _ key1: UInt64) {
            v0 = key0 ^ 0x736f_6d65_7073_6575
            v1 = key1 ^ 0x646f_7261_6e64_6f6d
            v2 = key0 ^ 0x6c79_6765_6e65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func take(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish(bytes: UInt64) -> UInt64 {
            take(bytes << 56)
            v2 ^= 0xff
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v1 = (v1 << 13 | v1 >> 51) ^ v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = (v3 << 16 | v3 >> 48) ^ v2
            v0 &+= v3
            v3 = (v3 << 21 | v3 >> 43) ^ v0
            v2 &+= v1
            v1 = (v1 << 17 | v1 >> 47) ^ v2
            v2 = v2 << 32 | v2 >> 32
        }
    }
}
