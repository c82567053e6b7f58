internal import NodeCrypto
internal import NodeDomain

/// What a message is known by: the first 20 bytes of SHA-256 of its topic and its data.
///
/// Who published a message is no part of it, so that the same content is one message wherever it comes from.
package struct MessageID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many bytes there are.
    package static let count = 20

    private let word0, word1: UInt64
    private let word2: UInt32

    /// Exactly 20 bytes; nil for any other number of them: such ids are of other networks.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (place, byte) in bytes.enumerated() {
            switch place {
            case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
            case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt32(byte)
            }
        }
        (word0, word1, word2) = words
    }

    /// The id of a message.
    package init(topic: TopicName, data: [UInt8]) {
        let digest = SHA2.sha256(Array(topic.text.utf8) + data)
        // A digest has 32 bytes, so that there is always an id.
        self = MessageID(digest.prefix(Self.count)) ?? MessageID()
    }

    private init() { (word0, word1, word2) = (0, 0, 0) }

    /// The bytes in order.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        withUnsafeBytes(of: word0.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: word1.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: word2.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The order of the bytes.
    package static func < (left: MessageID, right: MessageID) -> Bool {
        (left.word0, left.word1, left.word2) < (right.word0, right.word1, right.word2)
    }

    /// Hexadecimal, lower case.
    package var description: String { Hexadecimal.text(of: bytes) }
}
