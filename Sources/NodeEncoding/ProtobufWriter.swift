/// Writes canonical protobuf: fields in rising order, zero values left out unless stated, lengths minimal.
///
/// CometBFT's headers and sign bytes are such messages. A protobuf library promises no canonical bytes, so these are written here.
package struct ProtobufWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// A number of up to 64 bits; zero is left out.
    package mutating func varint(_ field: UInt32, _ value: UInt64) {
        guard value != 0 else { return }
        tag(field, 0)
        length(value)
    }

    /// A signed number of up to 64 bits, not in zigzag; zero is left out.
    package mutating func signed(_ field: UInt32, _ value: Int64) {
        varint(field, UInt64(bitPattern: value))
    }

    /// Eight little-endian bytes; zero is left out.
    package mutating func fixed64(_ field: UInt32, _ value: Int64) {
        guard value != 0 else { return }
        tag(field, 1)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Bytes or text; nothing is left out.
    package mutating func bytes(_ field: UInt32, _ value: some Collection<UInt8>) {
        guard !value.isEmpty else { return }
        message(field, value)
    }

    /// Another message; written even when it is empty.
    package mutating func message(_ field: UInt32, _ value: some Collection<UInt8>) {
        tag(field, 2)
        length(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// The message with its length before it.
    package var delimited: [UInt8] {
        var writer = ProtobufWriter()
        writer.length(UInt64(bytes.count))
        return writer.bytes + bytes
    }

    private mutating func tag(_ field: UInt32, _ wire: UInt32) { length(UInt64(field << 3 | wire)) }

    private mutating func length(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
