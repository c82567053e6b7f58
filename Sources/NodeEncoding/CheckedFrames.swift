/// Pieces of bytes one after the other in a file, each behind its length and its checksum.
///
/// `length u32  crc32c u32  payload`, little-endian. What a crash tore off is found and cut.
package enum CheckedFrames {
    /// Bytes before a payload.
    package static let head = 8

    /// What is wrong where the good bytes end.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        /// Where the first byte stands that is not good.
        package let offset: Int
        /// What is wrong there.
        package let what: String

        /// A fault at a byte.
        package init(_ offset: Int, _ what: String) {
            self.offset = offset
            self.what = what
        }

        /// What is wrong, and where.
        package var description: String { "at byte \(offset) \(what)" }
    }

    /// A payload as it stands in the file.
    package static func frame(_ payload: [UInt8]) -> [UInt8] {
        littleEndian(UInt32(truncatingIfNeeded: payload.count)) + littleEndian(CRC32C.checksum(payload))
            + payload
    }

    /// The payload that begins at a byte.
    ///
    /// - Parameter largest: no payload is longer; one that says so is torn.
    /// - Throws: `Fault`, which ends what can be read.
    package static func payload(
        _ bytes: [UInt8], at start: Int, largest: Int
    ) throws(Fault) -> ArraySlice<UInt8> {
        guard bytes.count - start >= head else { throw Fault(start, "a piece is cut off in its head") }
        let length = Int(number(bytes, start))
        guard (1...largest).contains(length) else {
            throw Fault(start, "a piece of \(length) bytes begins, and none is so long")
        }
        let first = start + head
        guard bytes.count - first >= length else {
            throw Fault(start, "a piece of \(length) bytes is cut off after \(bytes.count - first)")
        }
        let payload = bytes[first..<first + length]
        guard CRC32C.checksum(payload) == number(bytes, start + 4) else {
            throw Fault(start, "the checksum of a piece does not hold")
        }
        return payload
    }

    private static func littleEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
    }

    private static func number(_ bytes: [UInt8], _ start: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
}
