internal import BusWire

/// Looks into frames that somebody kept, such as dead letters.
package enum BusFrame {
    /// What a kept frame says of itself.
    package struct Head: Sendable, Hashable {
        package let kind: UInt32
        package let type: UInt32
        package let source: UInt64
        package let dest: UInt64
        package let id: UInt64
    }

    /// Reads the header even when the payload was cut off; nil: no header of ours.
    package static func header(of bytes: [UInt8]) -> Head? {
        var bytes = bytes
        guard bytes.count > 2, bytes[0] == 0x0a else { return nil }
        let isLong = bytes[1] >= 0x80
        let count = isLong ? Int(bytes[1] & 0x7f) | Int(bytes[2]) << 7 : Int(bytes[1])
        let end = (isLong ? 3 : 2) + count
        guard end <= bytes.count else { return nil }
        bytes.removeLast(bytes.count - end)
        guard let header = try? bytes.withUnsafeBytes({ try FrameHeader(frame: $0) }) else { return nil }
        return Head(
            kind: header.kind, type: header.type, source: header.source, dest: header.dest, id: header.id)
    }
}
