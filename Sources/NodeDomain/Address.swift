/// Where an account stands: 24 bytes.
///
/// Four zero bytes and the last 20 of a hash, or, for the templates, 23 zero bytes and a number.
package struct Address: Hashable, Sendable {
    /// How many bytes there are.
    package static let count = 24
    /// How many of them are zero, always.
    package static let zeros = 4

    /// Bytes 0–7, the first of them in the highest place; the others follow.
    private let word0, word1, word2: UInt64

    /// Three big-endian words.
    package init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
    }

    /// Exactly 24 bytes; nil for any other number of them.
    ///
    /// Addresses in transactions need not begin with zero bytes; those in texts must.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Address.count else { return nil }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
        self.init(UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2))
    }

    /// The account that a template and its arguments make: the last 20 bytes of their hash.
    package init(ofHash hash: Bytes32) {
        word0 = hash.word1 & 0xffff_ffff
        word1 = hash.word2
        word2 = hash.word3
    }

    /// A template's own address.
    package init(of template: Template) {
        word0 = 0
        word1 = 0
        word2 = UInt64(template.rawValue)
    }

    /// The bytes in order.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (word0.bigEndian, word1.bigEndian, word2.bigEndian)) { Array($0) }
    }

    /// Whether the first four bytes are zero, as texts demand.
    package var isStandard: Bool { word0 >> 32 == 0 }

    /// The template that stands here, if one does.
    package var template: Template? {
        guard word0 == 0, word1 == 0, let number = UInt8(exactly: word2) else { return nil }
        return Template(rawValue: number)
    }
}

extension Address: Comparable {
    /// Order of the bytes.
    package static func < (left: Address, right: Address) -> Bool {
        if left.word0 != right.word0 { return left.word0 < right.word0 }
        if left.word1 != right.word1 { return left.word1 < right.word1 }
        return left.word2 < right.word2
    }
}

/// What kind of account there is; the number is the last byte of the template's address.
package enum Template: UInt8, Sendable, CaseIterable {
    /// One key.
    case wallet = 1
    /// Some of several keys.
    case multisig = 2
    /// As multisig, and it may draw from a vault.
    case vesting = 3
    /// Smidge that come free over time; it signs nothing itself.
    case vault = 4

    /// As commands call it.
    package var name: String {
        switch self {
        case .wallet: "wallet"
        case .multisig: "multisig"
        case .vesting: "vesting"
        case .vault: "vault"
        }
    }

    /// By its name.
    package init?(name: String) {
        guard let found = Template.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
