/// Bytes as MCAP writes them: little-endian numbers, texts and maps behind their lengths.
struct MCAPBytes {
    var bytes: [UInt8] = []

    mutating func uint8(_ value: UInt8) { bytes.append(value) }
    mutating func uint16(_ value: UInt16) { little(value) }
    mutating func uint32(_ value: UInt32) { little(value) }
    mutating func uint64(_ value: UInt64) { little(value) }

    private mutating func little(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func text(_ text: String) {
        uint32(UInt32(clamping: text.utf8.count))
        bytes += text.utf8
    }

    mutating func map(_ values: [String: String]) {
        var inner = MCAPBytes()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            inner.text(key)
            inner.text(value)
        }
        uint32(UInt32(clamping: inner.bytes.count))
        bytes += inner.bytes
    }

    /// A record: code, length, body.
    mutating func record(_ code: UInt8, _ body: MCAPBytes) {
        uint8(code)
        uint64(UInt64(body.bytes.count))
        bytes += body.bytes
    }
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
}

/// CRC-32 (IEEE 802.3), as zlib computes it.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = ~0
    for byte in bytes { value = value >> 8 ^ crcTable[Int((value ^ UInt32(byte)) & 0xff)] }
    return ~value
}
