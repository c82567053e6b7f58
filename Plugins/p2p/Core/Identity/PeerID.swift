package import NodeDomain

/// Why bytes or text are no peer id of ours.
package enum PeerIDFault: Error, Hashable, Sendable {
    /// The text is neither base 58 nor a CID of a key.
    case text
    /// It is an id of a key of another kind, or the hash of a key: only Ed25519 keys, which are their own ids, are
    /// taken.
    case kind
    /// The bytes are no id of any key.
    case malformed
}

/// Who a peer is: its Ed25519 key, as libp2p writes it.
///
/// The key's message is shorter than 43 bytes, so it stands in the id as it is: the id and the key are the same
/// thing. The message has one form: type, then key, nothing else.
package struct PeerID: Hashable, Sendable {
    /// How many bytes there are.
    package static let count = 38
    /// Characters of the longest text that is read.
    private static let longestText = 128
    /// Multihash `identity` of 36 bytes; field 1, Ed25519; field 2, 32 bytes.
    private static let start: [UInt8] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]

    /// The key.
    package let publicKey: Bytes32

    /// Of a key.
    package init(publicKey: Bytes32) {
        self.publicKey = publicKey
    }

    /// As it stands in messages: a multihash.
    package var bytes: [UInt8] { Self.start + publicKey.bytes }

    /// The key as a message, which signatures of it come with.
    package var keyMessage: [UInt8] { Self.start.dropFirst(2) + publicKey.bytes }

    /// `12D3KooW…`.
    package var text: String { Base58.text(of: bytes) }

    /// Reads a multihash.
    /// - Throws: `PeerIDFault` for anything that `bytes` does not give for some key.
    package init(bytes: some Collection<UInt8>) throws(PeerIDFault) {
        guard bytes.starts(with: Self.start), let key = Bytes32(bytes.dropFirst(Self.start.count)) else {
            throw Self.isMultihash(Array(bytes.prefix(256))) ? .kind : .malformed
        }
        publicKey = key
    }

    /// Reads a key's message.
    /// - Throws: `PeerIDFault` for anything that `keyMessage` does not give for some key.
    package init(keyMessage: some Collection<UInt8>) throws(PeerIDFault) {
        let start = Self.start.dropFirst(2)
        guard keyMessage.starts(with: start), let key = Bytes32(keyMessage.dropFirst(start.count)) else {
            // The first field is the key's type: 1 is Ed25519.
            throw keyMessage.first == 0x08 && keyMessage.dropFirst().first != 1 ? .kind : .malformed
        }
        publicKey = key
    }

    /// Reads base 58, or a CID of version 1 in base 32 whose content is a key.
    /// - Throws: `PeerIDFault` when it is neither, or of another key.
    package init(text: String) throws(PeerIDFault) {
        guard text.utf8.count <= Self.longestText else { throw .text }
        if text.hasPrefix("1") || text.hasPrefix("Qm") {
            guard let bytes = Base58.bytes(of: text, limit: Self.longestText) else { throw .text }
            self = try PeerID(bytes: bytes)
            return
        }
        // `b` is base 32, then version 1, then the code of keys.
        guard text.hasPrefix("b"), let bytes = Base32.bytes(of: text.dropFirst()),
            bytes.starts(with: [0x01, 0x72])
        else { throw .text }
        self = try PeerID(bytes: bytes.dropFirst(2))
    }

    /// Whether the bytes are the id of a key that is not taken here.
    private static func isMultihash(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 2, Int(bytes[1]) == bytes.count - 2 else { return false }
        // An identity of a key of another kind, or SHA-256.
        return bytes[0] == 0x00
            ? bytes[2] == 0x08 && bytes.count > 4 && bytes[3] != 1 : bytes[0] == 0x12 && bytes[1] == 32
    }
}

extension PeerID: Comparable {
    /// Order of the bytes.
    package static func < (left: PeerID, right: PeerID) -> Bool { left.publicKey < right.publicKey }
}

extension PeerID: CustomStringConvertible {
    /// `12D3KooW…`.
    package var description: String { text }
}
