/// Text of bytes with a checksum (BIP-173; not bech32m).
package enum Bech32 {
    private static let digits = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    /// Longest text.
    private static let limit = 90
    private static let checksumDigits = 6

    /// The text of some bytes.
    /// - Parameter prefix: in small letters, what stands before the `1`.
    package static func text(of bytes: [UInt8], prefix: String) -> String {
        let values = regrouped(bytes, from: 8, to: 5, pads: true) ?? []
        let check = checksum(prefix, values)
        return prefix + "1" + String(decoding: (values + check).map { digits[Int($0)] }, as: UTF8.self)
    }

    /// Prefix and bytes of a text in small or in capital letters.
    /// - Throws: `Bech32Fault` that says what is wrong with it.
    package static func read(_ text: String) throws(Bech32Fault) -> (prefix: String, bytes: [UInt8]) {
        guard text.utf8.count <= limit else { throw .tooLong }
        let lower = text.lowercased()
        guard text == lower || text == text.uppercased() else { throw .mixedCase }
        guard let cut = lower.lastIndex(of: "1"), cut != lower.startIndex else { throw .noPrefix }
        let prefix = String(lower[..<cut])
        guard prefix.utf8.allSatisfy({ (33...126).contains($0) }) else { throw .noPrefix }
        var values: [UInt8] = []
        for byte in lower[lower.index(after: cut)...].utf8 {
            guard let value = digits.firstIndex(of: byte) else {
                throw .digit(String(decoding: [byte], as: UTF8.self))
            }
            values.append(UInt8(value))
        }
        guard values.count >= checksumDigits, polymod(expanded(prefix) + values) == 1 else {
            throw .checksum
        }
        guard let bytes = regrouped(values.dropLast(checksumDigits), from: 5, to: 8, pads: false) else {
            throw .padding
        }
        return (prefix, bytes)
    }

    private static func checksum(_ prefix: String, _ values: [UInt8]) -> [UInt8] {
        let sum = polymod(expanded(prefix) + values + [UInt8](repeating: 0, count: checksumDigits)) ^ 1
        return (0..<checksumDigits).map { UInt8(truncatingIfNeeded: sum >> UInt32(5 * (5 - $0)) & 31) }
    }

    private static func expanded(_ prefix: String) -> [UInt8] {
        prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
    }

    private static func polymod(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var sum: UInt32 = 1
        for value in values {
            let top = sum >> 25
            sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (place, word) in generator.enumerated() where top >> UInt32(place) & 1 == 1 { sum ^= word }
        }
        return sum
    }

    /// The same bits in groups of another size; nil when bits are left that are not zero, or a whole group of them.
    private static func regrouped(_ values: some Sequence<UInt8>, from: UInt32, to: UInt32, pads: Bool)
        -> [UInt8]?
    {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for value in values {
            bits = (bits << from | UInt32(value)) & 0xfff
            count += from
            while count >= to {
                count -= to
                result.append(UInt8(truncatingIfNeeded: bits >> count & (1 << to - 1)))
            }
        }
        if pads {
            if count > 0 { result.append(UInt8(truncatingIfNeeded: bits << (to - count) & (1 << to - 1))) }
            return result
        }
        return count < from && bits & (1 << count - 1) == 0 ? result : nil
    }
}

/// Why a text is no bech32.
package enum Bech32Fault: Error, Equatable, Sendable {
    /// Over 90 characters.
    case tooLong
    /// Small and capital letters together.
    case mixedCase
    /// No prefix and `1`.
    case noPrefix
    /// A character that is no digit of bech32.
    case digit(String)
    /// The last six digits do not fit the rest.
    case checksum
    /// The digits are no whole number of bytes.
    case padding
}

extension Bech32Fault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .tooLong: "it is longer than 90 characters"
        case .mixedCase: "small and capital letters are mixed"
        case .noPrefix: "there is no prefix such as sm1 before it"
        case .digit(let character): "\(character) is in no such text"
        case .checksum: "its checksum is wrong: a character is mistyped or missing"
        case .padding: "it is no whole number of bytes"
        }
    }
}
