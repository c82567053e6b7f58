import NodeCrypto
import NodeDomain
import Testing

@Suite("HKDF and HMAC with SHA-256")
struct HKDFTests {
    private func bytes(_ range: ClosedRange<UInt8>) -> [UInt8] { Array(range) }

    @Test("keys of RFC 5869, appendix A.1 to A.3")
    func published() {
        let secret = [UInt8](repeating: 0x0b, count: 22)
        let short = HKDF.keys(of: secret, salt: bytes(0...0x0c), info: bytes(0xf0...0xf9), count: 42)
        #expect(
            Hexadecimal.text(of: short)
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        let long = HKDF.keys(
            of: bytes(0...0x4f), salt: bytes(0x60...0xaf), info: bytes(0xb0...0xff), count: 82)
        #expect(
            Hexadecimal.text(of: long)
                == "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                + "cc30c58179ec3e87c14c01d5c1f3434f1d87")
        #expect(
            Hexadecimal.text(of: HKDF.keys(of: secret, salt: [], count: 42))
                == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    @Test("two and three keys are the beginning of all of them")
    func pieces() {
        let (secret, salt) = ([UInt8](1...32), [UInt8](33...64))
        let all = HKDF.keys(of: secret, salt: salt, count: 96)
        let two = HKDF.two(of: secret, salt: salt)
        let three = HKDF.three(of: secret, salt: salt)
        #expect(two.0 + two.1 == Array(all[..<64]))
        #expect(three.0 + three.1 + three.2 == all)
        #expect(HKDF.keys(of: secret, salt: salt, count: 0) == [])
        #expect(HKDF.keys(of: secret, salt: salt, count: 10_000).count == HKDF.largest)
    }

    @Test("HMAC of RFC 4231, cases 1 and 6")
    func authentication() {
        let first = SHA2.hmac256(key: [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8))
        #expect(
            Hexadecimal.text(of: first)
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let long = SHA2.hmac256(
            key: [UInt8](repeating: 0xaa, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(
            Hexadecimal.text(of: long)
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
