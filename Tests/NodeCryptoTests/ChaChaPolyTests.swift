import NodeCrypto
import NodeDomain
import Testing

@Suite("ChaCha20-Poly1305")
struct ChaChaPolyTests {
    private let key = (0x80...0x9f).map { UInt8($0) }
    private let nonce: [UInt8] = [0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47]
    private let label: [UInt8] = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7]
    private let text = Array(
        """
        Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
        sunscreen would be it.
        """.utf8)
    private let sealed = """
        d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b\
        1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
        3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691
        """

    @Test("sealed and opened as in RFC 8439, section 2.8.2")
    func published() throws {
        let bytes = try #require(ChaChaPoly.seal(text, key: key, nonce: nonce, label: label))
        #expect(Hexadecimal.text(of: bytes) == sealed)
        #expect(ChaChaPoly.open(bytes, key: key, nonce: nonce, label: label) == text)
    }

    @Test("every flipped bit, every shorter text, another label, nonce or key is refused")
    func refusals() throws {
        let bytes = try #require(ChaChaPoly.seal(text, key: key, nonce: nonce, label: label))
        for bit in 0..<8 * bytes.count {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(ChaChaPoly.open(changed, key: key, nonce: nonce, label: label) == nil, "bit \(bit)")
        }
        for count in 0..<bytes.count {
            #expect(ChaChaPoly.open(Array(bytes[..<count]), key: key, nonce: nonce, label: label) == nil)
        }
        #expect(ChaChaPoly.open(bytes, key: key, nonce: nonce) == nil)
        #expect(ChaChaPoly.open(bytes, key: key, nonce: nonce.reversed(), label: label) == nil)
        #expect(ChaChaPoly.open(bytes, key: key.reversed(), nonce: nonce, label: label) == nil)
    }

    @Test("keys and nonces of other lengths are none; nothing can be sealed")
    func lengths() throws {
        #expect(ChaChaPoly.seal(text, key: Array(key.dropLast()), nonce: nonce) == nil)
        #expect(ChaChaPoly.seal(text, key: key, nonce: nonce + [0]) == nil)
        #expect(ChaChaPoly.open(text, key: key + [0], nonce: nonce) == nil)
        #expect(ChaChaPoly.open(text, key: key, nonce: []) == nil)
        let tag = try #require(ChaChaPoly.seal([], key: key, nonce: nonce))
        #expect(tag.count == ChaChaPoly.tagBytes)
        #expect(ChaChaPoly.open(tag, key: key, nonce: nonce) == [])
    }
}
