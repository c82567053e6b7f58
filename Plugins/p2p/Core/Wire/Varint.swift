/// Numbers in groups of seven bits, the lowest first: unsigned varints of multiformats and protobuf.
///
/// Each number has one form here, the shortest.
package enum Varint {
    /// Bytes of the longest code or length of multiformats: 63 bits.
    package static let bytesOfCode = 9
    /// Bytes of the longest number of protobuf: 64 bits.
    package static let bytesOfNumber = 10

    /// Writes a number.
    package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A number in bytes.
    package static func bytes(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Reads the number at the start of some bytes.
    ///
    /// - Parameters:
    ///   - bytes: they may end early, and more may follow.
    ///   - most: bytes that it may have.
    ///   - offset: where it begins, for faults; nil: at the slice's first index.
    /// - Returns: the number and how many bytes it has; nil when the bytes end before it does.
    /// - Throws: `WireFault` when it is longer than need be, or than it may be.
    package static func read(
        _ bytes: ArraySlice<UInt8>, most: Int = bytesOfCode, offset: Int? = nil
    ) throws(WireFault) -> (value: UInt64, count: Int)? {
        var value: UInt64 = 0
        var count = 0
        for byte in bytes.prefix(most) {
            let group = UInt64(byte & 0x7f)
            // The tenth byte has room for one bit alone.
            guard count < bytesOfCode || group <= 1 else {
                throw .invalid(offset: offset ?? bytes.startIndex, what: "a number has more than 64 bits")
            }
            value |= group << UInt64(7 * count)
            count += 1
            if byte & 0x80 == 0 {
                guard byte != 0 || count == 1 else {
                    throw .invalid(
                        offset: offset ?? bytes.startIndex, what: "a number is longer than need be")
                }
                return (value, count)
            }
        }
        guard count < most else {
            throw .invalid(offset: offset ?? bytes.startIndex, what: "a number has more than \(most) bytes")
        }
        return nil
    }
}
