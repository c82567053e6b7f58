package import NodeDomain

extension Bytes32 {
    /// Long division of a number that begins with `remainder` before these words; what is left over goes back there.
    ///
    /// `remainder` must be less than `divisor`, so that each step's quotient fits into a word.
    func divided(
        by divisor: UInt64, remainder: inout UInt64
    ) -> (UInt64, UInt64, UInt64, UInt64) {
        func step(_ word: UInt64) -> UInt64 {
            let result = divisor.dividingFullWidth((remainder, word))
            remainder = result.remainder
            return result.quotient
        }
        let first = step(word0)
        let second = step(word1)
        let third = step(word2)
        return (first, second, third, step(word3))
    }
}

/// How good a label must be to count in a proof.
package struct ProvingDifficulty: Hashable, Sendable {
    /// A label is good when its 64-bit value is less than this; K1 of the plot's labels are expected to be.
    package let value: UInt64

    /// The difficulty of a plot; nil when it has no more than K1 labels.
    package init?(k1: UInt32, labels: UInt64) {
        guard labels > UInt64(k1) else { return nil }
        value = labels.dividingFullWidth((UInt64(k1), 0)).quotient
    }

    /// What the byte of the group's cipher is compared with.
    package var msb: UInt8 { UInt8(truncatingIfNeeded: value >> 56) }
    /// What the low 56 bits of the nonce's own cipher are compared with, when the bytes are equal.
    package var lsb: UInt64 { value & ProvingDifficulty.lowBits }

    /// The bits below the highest byte.
    static let lowBits: UInt64 = 1 << 56 - 1
}

/// How good a proof of work must be.
package enum WorkDifficulty {
    /// The difficulty for so many units: the hash must be below it.
    package static func scaled(_ difficulty: Bytes32, units: UInt32) -> Bytes32 {
        guard units > 0 else { return .largest }
        var remainder: UInt64 = 0
        let words = difficulty.divided(by: UInt64(units), remainder: &remainder)
        return Bytes32(words.0, words.1, words.2, words.3)
    }
}
