internal import NodeDomain
internal import Testing

@Suite("Domain values")
struct Bytes32Tests {
    @Test("bytes and text go there and back")
    func roundTrip() throws {
        let bytes = (0..<32).map { UInt8($0 * 7 & 255) }
        let value = try #require(Bytes32(bytes))
        #expect(value.bytes == bytes)
        #expect(Bytes32(hexadecimal: value.description) == value)
        #expect(Bytes32(hexadecimal: "0x" + value.description.uppercased()) == value)
    }

    @Test("other lengths are refused")
    func lengths() {
        for count in [0, 31, 33, 64] { #expect(Bytes32([UInt8](repeating: 1, count: count)) == nil) }
        #expect(Bytes32(hexadecimal: "00") == nil)
    }

    @Test("no text of base 16 is refused")
    func text() {
        for text in ["0", "0g", "0x1", "é0", " 00"] { #expect(Hexadecimal.bytes(of: text) == nil, "\(text)") }
        #expect(Hexadecimal.bytes(of: "") == [])
        #expect(Hexadecimal.bytes(of: "00fFa5") == [0, 255, 0xa5])
    }

    @Test("order is the order of bytes")
    func order() throws {
        // Each value differs from zero in one byte; the earlier the byte, the larger the value.
        let values = try (0..<32).map { place in
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[place] = 1
            return try #require(Bytes32(bytes))
        }
        #expect(values.sorted() == values.reversed())
        #expect(Bytes32.zero < values[31])
        #expect(values[0] < Bytes32.largest)
    }
}
