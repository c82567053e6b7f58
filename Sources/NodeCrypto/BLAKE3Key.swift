package import NodeDomain

/// A key of BLAKE3's keyed mode, for messages of two values of 32 bytes: one compression each.
///
/// Different keys are different functions, so they keep the kinds of nodes of a hash tree apart.
package struct BLAKE3Key: Sendable {
    private let words: SIMD8<UInt32>

    /// Thirty-two bytes.
    package init(_ key: Bytes32) {
        words = littleEndianWords(key)
    }

    /// The keyed hash of the 64 bytes.
    package func hash(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        let block = SIMD16(lowHalf: littleEndianWords(left), highHalf: littleEndianWords(right))
        let flags = BLAKE3Flag.keyed | BLAKE3Flag.chunkStart | BLAKE3Flag.chunkEnd | BLAKE3Flag.root
        return bytes32(blake3Compress(words, block, counter: 0, length: 64, flags: flags).lowHalf)
    }
}

/// The eight little-endian words of 32 bytes.
@inline(__always)
private func littleEndianWords(_ value: Bytes32) -> SIMD8<UInt32> {
    func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32).byteSwapped }
    func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word).byteSwapped }
    return SIMD8(
        low(value.word0), high(value.word0), low(value.word1), high(value.word1),
        low(value.word2), high(value.word2), low(value.word3), high(value.word3))
}

/// The bytes of eight little-endian words.
@inline(__always)
func bytes32(_ words: SIMD8<UInt32>) -> Bytes32 {
    func pair(_ place: Int) -> UInt64 {
        UInt64(words[place].byteSwapped) << 32 | UInt64(words[place + 1].byteSwapped)
    }
    return Bytes32(pair(0), pair(2), pair(4), pair(6))
}
