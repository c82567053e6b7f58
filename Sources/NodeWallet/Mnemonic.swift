internal import Foundation
package import NodeCrypto

/// Words that stand for a secret (BIP-39, English).
package struct Mnemonic: Sendable {
    /// The words, in order.
    package let words: [String]

    /// How many words there may be.
    package static let counts = [12, 15, 18, 21, 24]

    private static let bitsOfWord = 11
    /// All 2048 words, sorted.
    private static let list = String(decoding: PackageResources.english_txt, as: UTF8.self)
        .split(separator: "\n").map(String.init)

    /// Words for new secret bytes.
    /// - Parameter count: of words, one of `counts`; nil for another.
    package init?(newWords count: Int) {
        guard Mnemonic.counts.contains(count) else { return nil }
        var entropy = Secrets.random(count * Mnemonic.bitsOfWord / 33 * 4)
        self.init(entropy: entropy)
        Secrets.wipe(&entropy)
    }

    /// Words for 16, 20, 24, 28 or 32 bytes; nil for another number of them.
    package init?(entropy: [UInt8]) {
        guard (16...32).contains(entropy.count), entropy.count.isMultiple(of: 4) else { return nil }
        let check = SHA2.sha256(entropy)[0]
        var bits = entropy.flatMap(Mnemonic.bits)
        bits += Mnemonic.bits(check).prefix(entropy.count / 4)
        words = stride(from: 0, to: bits.count, by: Mnemonic.bitsOfWord).map { start in
            Mnemonic.list[bits[start..<start + Mnemonic.bitsOfWord].reduce(0) { $0 << 1 | Int($1) }]
        }
    }

    /// Reads words as people type them: any white space, any case.
    /// - Throws: `MnemonicFault` that names the word that is wrong.
    package init(text: String) throws(MnemonicFault) {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
        guard Mnemonic.counts.contains(words.count) else { throw .count(words.count) }
        var bits: [UInt8] = []
        for (place, word) in words.enumerated() {
            guard let number = Mnemonic.list.firstIndex(of: word) else {
                throw .unknown(word, place: place + 1)
            }
            for bit in (0..<Mnemonic.bitsOfWord).reversed() { bits.append(UInt8(number >> bit & 1)) }
        }
        let checkBits = words.count / 3
        let entropy = stride(from: 0, to: bits.count - checkBits, by: 8).map { start in
            bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
        }
        guard Mnemonic.bits(SHA2.sha256(entropy)[0]).prefix(checkBits) == bits.suffix(checkBits) else {
            throw .checksum
        }
        self.words = words
    }

    /// The 64 bytes that keys are derived from.
    /// - Parameter passphrase: a further word of one's own; empty: none. Any passphrase gives a seed.
    package func seed(passphrase: String = "") -> SecretBytes {
        var password = Array(words.joined(separator: " ").utf8)
        let salt = Array(("mnemonic" + passphrase).decomposedStringWithCompatibilityMapping.utf8)
        var seed = SHA2.pbkdf2(password: password, salt: salt, rounds: 2048)
        Secrets.wipe(&password)
        return SecretBytes(taking: &seed)
    }

    private static func bits(_ byte: UInt8) -> [UInt8] {
        (0..<8).reversed().map { byte >> $0 & 1 }
    }
}

/// Why words stand for nothing.
package enum MnemonicFault: Error, Equatable, Sendable {
    /// Another number than 12, 15, 18, 21 or 24.
    case count(Int)
    /// A word that is not in the list; places begin with 1.
    case unknown(String, place: Int)
    /// The words are known, but not in this order.
    case checksum
}

extension MnemonicFault: CustomStringConvertible {
    /// What is wrong; no other word than the unknown one is shown.
    package var description: String {
        switch self {
        case .count(let count): "these are \(count) words: 12, 15, 18, 21 or 24 are needed"
        case .unknown(let word, let place):
            "word \(place), \"\(word)\", is not in the list: check its spelling"
        case .checksum: "these words do not belong together: one is another word, or in another place"
        }
    }
}
