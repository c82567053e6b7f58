/// Bytes as text in base 58, with Bitcoin's digits.
package enum Base58 {
    private static let digits = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// Text of some bytes; the time grows with the square of their number.
    package static func text(of bytes: [UInt8]) -> String {
        var values: [UInt8] = []
        for byte in bytes {
            var carry = UInt32(byte)
            for place in values.indices {
                carry += UInt32(values[place]) << 8
                values[place] = UInt8(truncatingIfNeeded: carry % 58)
                carry /= 58
            }
            while carry > 0 {
                values.append(UInt8(truncatingIfNeeded: carry % 58))
                carry /= 58
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        let text = [UInt8](repeating: digits[0], count: zeros) + values.reversed().map { digits[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Bytes of a text; nil when it has other digits, or more than `limit` of them.
    package static func bytes(of text: String, limit: Int) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count <= limit else { return nil }
        var bytes: [UInt8] = []
        for digit in text {
            guard let value = digits.firstIndex(of: digit) else { return nil }
            var carry = UInt32(value)
            for place in bytes.indices {
                carry += UInt32(bytes[place]) * 58
                bytes[place] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(truncatingIfNeeded: carry)) }
        }
        let zeros = text.prefix { $0 == digits[0] }.count
        return [UInt8](repeating: 0, count: zeros) + bytes.reversed()
    }
}

/// Bytes as text in base 32 of RFC 4648, in lower case and without padding.
package enum Base32 {
    /// Bytes of a text; nil when it has other digits, or bits beyond the last byte that are not 0.
    package static func bytes(of text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (waiting, bits): (UInt32, UInt32) = (0, 0)
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x61...0x7a: value = digit - 0x61
            case 0x32...0x37: value = digit - 0x32 + 26
            default: return nil
            }
            waiting = waiting << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: waiting >> bits))
                waiting &= 1 << bits - 1
            }
        }
        return bits < 5 && waiting == 0 ? bytes : nil
    }
}
