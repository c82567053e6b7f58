package import NodeDomain

/// Writes values in SCALE, the canonical bytes that are hashed and signed.
package struct ScaleWriter: Sendable {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// An integer in the fewest of 1, 2, 4 or 5–9 bytes.
    package mutating func writeCompact(_ value: UInt64) {
        switch value {
        case 0..<(1 << 6):
            bytes.append(UInt8(truncatingIfNeeded: value << 2))
        case (1 << 6)..<(1 << 14):
            writeLittleEndian(value << 2 | 1, count: 2)
        case (1 << 14)..<(1 << 30):
            writeLittleEndian(value << 2 | 2, count: 4)
        default:
            let count = 8 - value.leadingZeroBitCount / 8
            bytes.append(UInt8(truncatingIfNeeded: (count - 4) << 2 | 3))
            writeLittleEndian(value, count: count)
        }
    }

    /// A byte slice: its length as a compact integer, then the bytes.
    package mutating func writeSlice(_ slice: [UInt8]) {
        writeCompact(UInt64(slice.count))
        bytes.append(contentsOf: slice)
    }

    /// Thirty-two bytes as they are.
    package mutating func write(_ value: Bytes32) {
        bytes.append(contentsOf: value.bytes)
    }

    /// The 24 bytes of an address.
    package mutating func write(_ value: Address) {
        bytes.append(contentsOf: value.bytes)
    }

    /// One byte.
    package mutating func write(_ byte: UInt8) {
        bytes.append(byte)
    }

    private mutating func writeLittleEndian(_ value: UInt64, count: Int) {
        for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
    }
}
