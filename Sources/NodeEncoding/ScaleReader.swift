package import NodeDomain

/// Reads canonical SCALE bytes, and nothing else.
///
/// Each value has one encoding only: integers in a longer form than needed and bytes after the end are refused.
package struct ScaleReader: Sendable {
    private let bytes: [UInt8]
    /// How many bytes were read.
    package private(set) var offset = 0

    /// Bytes from anywhere.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A compact integer of at most `limit`.
    ///
    /// - Throws: `ScaleFault` when the bytes end, the form is not the shortest, or the value is over the limit.
    package mutating func compact(limit: UInt64 = .max) throws(ScaleFault) -> UInt64 {
        let start = offset
        let first = try byte()
        var value = UInt64(first >> 2)
        let smallest: UInt64
        switch first & 3 {
        case 0:
            smallest = 0
        case 1:
            value |= try littleEndian(count: 1) << 6
            smallest = 1 << 6
        case 2:
            value |= try littleEndian(count: 3) << 6
            smallest = 1 << 14
        default:
            let count = Int(first >> 2) + 4
            // Integers of more than 64 bits exist in SCALE, but in nothing that we read.
            guard count <= 8 else { throw .tooLarge(offset: start, limit: limit) }
            value = try littleEndian(count: count)
            smallest = count == 4 ? 1 << 30 : 1 << UInt64(8 * (count - 1))
        }
        guard value >= smallest else { throw .notMinimal(offset: start) }
        guard value <= limit else { throw .tooLarge(offset: start, limit: limit) }
        return value
    }

    /// A compact integer that fits into 32 bits.
    ///
    /// - Throws: `ScaleFault` as `compact` does.
    package mutating func compact32() throws(ScaleFault) -> UInt32 {
        UInt32(truncatingIfNeeded: try compact(limit: UInt64(UInt32.max)))
    }

    /// A byte slice of at most `limit` bytes.
    ///
    /// - Throws: `ScaleFault` when the bytes end, the length is not minimal, or it is over the limit.
    package mutating func slice(limit: Int) throws(ScaleFault) -> [UInt8] {
        let count = Int(truncatingIfNeeded: try compact(limit: UInt64(limit)))
        return Array(try take(count))
    }

    /// Thirty-two bytes.
    ///
    /// - Throws: `ScaleFault` when the bytes end.
    package mutating func bytes32() throws(ScaleFault) -> Bytes32 {
        try need(Bytes32.count)
        return Bytes32(word(), word(), word(), word())
    }

    /// An account's address.
    ///
    /// - Throws: `ScaleFault` when the bytes end.
    package mutating func address() throws(ScaleFault) -> Address {
        try need(Address.count)
        return Address(word(), word(), word())
    }

    /// One byte.
    ///
    /// - Throws: `ScaleFault` when the bytes end.
    package mutating func byte() throws(ScaleFault) -> UInt8 {
        try need(1)
        defer { offset += 1 }
        return bytes[offset]
    }

    /// Says that the last field was read.
    ///
    /// - Throws: `ScaleFault` when bytes are left.
    package func finish() throws(ScaleFault) {
        guard offset == bytes.count else { throw .trailing(count: bytes.count - offset) }
    }

    private mutating func littleEndian(count: Int) throws(ScaleFault) -> UInt64 {
        try need(count)
        defer { offset += count }
        var value: UInt64 = 0
        for place in (offset..<offset + count).reversed() { value = value << 8 | UInt64(bytes[place]) }
        return value
    }

    private mutating func take(_ count: Int) throws(ScaleFault) -> ArraySlice<UInt8> {
        try need(count)
        defer { offset += count }
        return bytes[offset..<(offset + count)]
    }

    /// Eight bytes of those that are needed, the first in the highest place.
    private mutating func word() -> UInt64 {
        defer { offset += 8 }
        var value: UInt64 = 0
        for place in offset..<offset + 8 { value = value << 8 | UInt64(bytes[place]) }
        return value
    }

    private func need(_ count: Int) throws(ScaleFault) {
        guard bytes.count - offset >= count else { throw .ended(offset: bytes.count, needed: count) }
    }
}
