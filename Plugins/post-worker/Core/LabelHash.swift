internal import NodeDomain

/// The two ends of a label's scrypt: from password to the block that is mixed, and from the mixed block to the label.
///
/// Both are PBKDF2 with one iteration of HMAC over Keccak-512 in its first form. The password is commitment, index and 32
/// zero bytes: exactly one block of the hash, so it is used as HMAC's key as it is. There is no salt.
struct LabelHash {
    /// Words of 32 bits in the block that is mixed.
    static let blockWords = 32

    /// HMAC's two hashes after their key blocks.
    private var inner = Keccak()
    private var outer = Keccak()

    /// Takes the password of a label.
    init(commitment: Bytes32, index: UInt64) {
        // The hash reads words of eight bytes with the least significant byte first.
        absorb(commitment.word0.byteSwapped, at: 0)
        absorb(commitment.word1.byteSwapped, at: 1)
        absorb(commitment.word2.byteSwapped, at: 2)
        absorb(commitment.word3.byteSwapped, at: 3)
        absorb(index, at: 4)
        for place in 5..<Keccak.rate { absorb(0, at: place) }
        inner.permute()
        outer.permute()
    }

    private mutating func absorb(_ word: UInt64, at place: Int) {
        inner.absorb(word ^ 0x3636_3636_3636_3636, at: place)
        outer.absorb(word ^ 0x5c5c_5c5c_5c5c_5c5c, at: place)
    }

    /// The 32 words that are mixed.
    func begin(_ block: UnsafeMutablePointer<UInt32>) {
        for half in 0..<2 {
            var hash = inner
            hash.absorb(LabelHash.counter(half + 1), at: 0)
            hash.finish()
            let words = outerDigest(of: hash)
            for place in 0..<8 {
                block[16 * half + 2 * place] = UInt32(truncatingIfNeeded: words[place])
                block[16 * half + 2 * place + 1] = UInt32(truncatingIfNeeded: words[place] >> 32)
            }
        }
    }

    /// The label, of the 32 mixed words.
    func finish(_ block: UnsafePointer<UInt32>) -> Bytes32 {
        func word(_ place: Int) -> UInt64 { UInt64(block[2 * place + 1]) << 32 | UInt64(block[2 * place]) }
        var hash = inner
        for place in 0..<Keccak.rate { hash.absorb(word(place), at: place) }
        hash.permute()
        for place in Keccak.rate..<16 { hash.absorb(word(place), at: place - Keccak.rate) }
        hash.absorb(LabelHash.counter(1), at: 16 - Keccak.rate)
        hash.finish()
        let words = outerDigest(of: hash)
        return Bytes32(
            words[0].byteSwapped, words[1].byteSwapped, words[2].byteSwapped, words[3].byteSwapped)
    }

    /// A block number as four big-endian bytes, and the first bit of padding after them.
    private static func counter(_ number: Int) -> UInt64 { UInt64(number) << 24 | 1 << 32 }

    private func outerDigest(of hash: Keccak) -> InlineArray<25, UInt64> {
        var result = outer
        for place in 0..<8 { result.absorb(hash.words[place], at: place) }
        result.absorb(1, at: 8)
        result.finish()
        return result.words
    }
}
