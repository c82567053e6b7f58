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
        // Most collections lie in one piece of memory: no byte of those is touched alone.
        let whole = bytes.withContiguousStorageIfAvailable { piece in
            let raw = UnsafeRawBufferPointer(piece)
            func word(_ place: Int) -> UInt64 {
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
            }
            return Bytes32(word(0), word(1), word(2), word(3))
        }
        if let whole {
            self = whole
            return
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (place, byte) in bytes.enumerated() {
            switch place / 8 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        self.init(words.0, words.1, words.2, words.3)
    }

    /// Exactly 64 hexadecimal digits; nil for anything else.
    package init?(hexadecimal: String) {
        guard let bytes = Hexadecimal.bytes(of: hexadecimal) else { return nil }
        self.init(bytes)
    }

    /// The bytes in order.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Bytes32.count) { memory, count in
            let raw = UnsafeMutableRawBufferPointer(memory)
            raw.storeBytes(of: word0.bigEndian, toByteOffset: 0, as: UInt64.self)
            raw.storeBytes(of: word1.bigEndian, toByteOffset: 8, as: UInt64.self)
            raw.storeBytes(of: word2.bigEndian, toByteOffset: 16, as: UInt64.self)
            raw.storeBytes(of: word3.bigEndian, toByteOffset: 24, as: UInt64.self)
            count = Bytes32.count
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
