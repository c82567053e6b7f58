/// Twenty bytes that name a member of a committee: the first of SHA-256 of its key.
package struct ValidatorAddress: Hashable, Sendable {
    /// How many bytes there are.
    package static let count = 20
    /// All bytes zero.
    package static let zero = ValidatorAddress(0, 0, 0)

    private let word0, word1: UInt64
    private let word2: UInt32

    private init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt32) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
    }

    /// Exactly 20 bytes; nil for any other number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == ValidatorAddress.count else { return nil }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for (place, byte) in bytes.enumerated() {
            switch place / 8 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt64(byte)
            }
        }
        self.init(words.0, words.1, UInt32(truncatingIfNeeded: words.2))
    }

    /// Of a member whose key has this SHA-256.
    package init(ofDigest digest: Bytes32) {
        self.init(digest.word0, digest.word1, UInt32(truncatingIfNeeded: digest.word2 >> 32))
    }

    /// The bytes in order.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (word0.bigEndian, word1.bigEndian, word2.bigEndian)) {
            Array($0.prefix(ValidatorAddress.count))
        }
    }
}

extension ValidatorAddress: Comparable {
    /// Order of the bytes.
    package static func < (left: ValidatorAddress, right: ValidatorAddress) -> Bool {
        (left.word0, left.word1, left.word2) < (right.word0, right.word1, right.word2)
    }
}

extension ValidatorAddress: CustomStringConvertible {
    /// Hexadecimal, lower case.
    package var description: String { Hexadecimal.text(of: bytes) }
}
