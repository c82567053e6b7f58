/// Thirty-two bytes: an id, a key, a hash, a challenge, or a number in big-endian order.
///
/// Values compare byte by byte from the first, which is also the order of big-endian numbers.
package struct Bytes32: Hashable, Sendable {
    /// How many bytes there are.
    package static let count = 32
    /// All bytes zero.
    package static let zero = Bytes32(0, 0, 0, 0)
    /// All bytes 255: as a number the largest there is.
    package static let largest = Bytes32(.max, .max, .max, .max)

    /// Bytes 0–7, the first of them in the highest place; the others follow.
    package let word0, word1, word2, word3: UInt64

    /// Four big-endian words.
    package init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    /// Exactly 32 bytes; nil for any other number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Bytes32.count else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
        self.init(
            UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2),
            UInt64(bigEndian: words.3))
    }

    /// Exactly 64 hexadecimal digits; nil for anything else.
    package init?(hexadecimal: String) {
        guard let bytes = Hexadecimal.bytes(of: hexadecimal) else { return nil }
        self.init(bytes)
    }

    /// The bytes in order.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)) {
            Array($0)
        }
    }
}

extension Bytes32 {
    /// The bit at a place from the first, which must be below 256.
    package func bit(at place: Int) -> Bool {
        word(place / 64) &>> UInt64(63 - place % 64) & 1 == 1
    }

    /// How many bits two keys have in common from the first on.
    package func commonBits(with other: Bytes32) -> Int {
        for place in 0..<4 {
            let difference = word(place) ^ other.word(place)
            if difference != 0 { return 64 * place + difference.leadingZeroBitCount }
        }
        return 256
    }

    private func word(_ place: Int) -> UInt64 {
        switch place {
        case 0: word0
        case 1: word1
        case 2: word2
        default: word3
        }
    }
}

extension Bytes32: Comparable {
    /// Order of the bytes, which is the order of big-endian numbers.
    package static func < (left: Bytes32, right: Bytes32) -> Bool {
        if left.word0 != right.word0 { return left.word0 < right.word0 }
        if left.word1 != right.word1 { return left.word1 < right.word1 }
        if left.word2 != right.word2 { return left.word2 < right.word2 }
        return left.word3 < right.word3
    }
}

extension Bytes32: CustomStringConvertible {
    /// Hexadecimal, lower case.
    package var description: String { Hexadecimal.text(of: bytes) }
}
