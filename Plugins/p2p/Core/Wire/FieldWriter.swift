/// Writes protobuf messages as libp2p has them: what is written stands there, zeros and empty bytes included.
package struct FieldWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// A number of up to 64 bits.
    package mutating func number(_ field: UInt32, _ value: UInt64) {
        tag(field, 0)
        Varint.append(value, to: &bytes)
    }

    /// A truth value.
    package mutating func bool(_ field: UInt32, _ value: Bool) {
        number(field, value ? 1 : 0)
    }

    /// Bytes, or a message of which the bytes are there.
    package mutating func bytes(_ field: UInt32, _ value: some Collection<UInt8>) {
        tag(field, 2)
        Varint.append(UInt64(value.count), to: &bytes)
        bytes.append(contentsOf: value)
    }

    /// Text.
    package mutating func text(_ field: UInt32, _ value: String) {
        bytes(field, value.utf8)
    }

    /// A message that a closure writes.
    package mutating func message(_ field: UInt32, _ write: (inout FieldWriter) -> Void) {
        var writer = FieldWriter()
        write(&writer)
        bytes(field, writer.bytes)
    }

    /// The message with its length before it, as it stands on streams.
    package var delimited: [UInt8] { Varint.bytes(UInt64(bytes.count)) + bytes }

    private mutating func tag(_ field: UInt32, _ wire: UInt64) {
        Varint.append(UInt64(field) << 3 | wire, to: &bytes)
    }
}
