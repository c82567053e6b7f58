internal import NodeCrypto
internal import NodeDomain

/// Whether messages name and prove their authors.
package enum GossipSigning: Sendable {
    /// They do not, and one that does is bad (`StrictNoSign`): whoever relays a message looks like its author.
    case none
    /// All do (`StrictSign`), for programs that know no other way.
    ///
    /// The count of the first message must be higher than any before.
    case all(PeerIdentity, sequence: UInt64)

    /// What stands in a message of ours besides.
    /// - Returns: nil when it cannot be signed.
    mutating func message(_ topic: TopicName, _ data: [UInt8]) -> GossipRPC.Message? {
        var message = GossipRPC.Message(topic: topic, data: data)
        guard case .all(let identity, let sequence) = self else { return message }
        var author = GossipRPC.Author()
        author.from = identity.id.bytes
        author.sequence = withUnsafeBytes(of: sequence.bigEndian) { Array($0) }
        message.author = author
        guard let signature = identity.sign(message.signedBytes) else { return nil }
        author.signature = signature
        message.author = author
        self = .all(identity, sequence: sequence &+ 1)
        return message
    }

    /// Whether a message of a stranger is signed as it must be.
    func isGood(_ message: GossipRPC.Message) -> Bool {
        guard case .all = self else { return message.author == nil }
        guard let author = message.author, author.sequence.count == 8,
            let id = try? PeerID(bytes: author.from)
        else { return false }
        guard author.key.isEmpty || author.key == id.keyMessage else { return false }
        return Ed25519.verify(author.signature, of: message.signedBytes, by: id.publicKey)
    }
}
