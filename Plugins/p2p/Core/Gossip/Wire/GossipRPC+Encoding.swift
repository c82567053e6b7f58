extension GossipRPC {
    /// The RPC without its length.
    package var bytes: [UInt8] {
        var writer = FieldWriter()
        for subscription in subscriptions {
            writer.message(1) {
                $0.bool(1, subscription.isWanted)
                $0.text(2, subscription.topic.text)
            }
        }
        for message in messages { writer.bytes(2, message.bytes) }
        let control = controlBytes
        if !control.isEmpty { writer.bytes(3, control) }
        return writer.bytes
    }

    private var controlBytes: [UInt8] {
        var writer = FieldWriter()
        for announcement in have { writer.bytes(1, announcement.bytes) }
        if !want.isEmpty { writer.bytes(2, Self.list(want, field: 1)) }
        for topic in graft { writer.message(3) { $0.text(1, topic.text) } }
        for prune in prune { writer.bytes(4, prune.bytes) }
        for start in stride(from: 0, to: dontWant.count, by: GossipWireLimit.idsOfDontWant) {
            let ids = dontWant[start..<min(dontWant.count, start + GossipWireLimit.idsOfDontWant)]
            writer.bytes(5, Self.list(ids, field: 1))
        }
        return writer.bytes
    }

    private static func list(_ ids: some Sequence<MessageID>, field: UInt32) -> [UInt8] {
        var writer = FieldWriter()
        for id in ids { writer.bytes(field, id.bytes) }
        return writer.bytes
    }
}

extension GossipRPC.Message {
    /// The message as a field of an RPC holds it.
    package var bytes: [UInt8] { bytes(signed: true) }

    /// What its author signs: a prefix and the message without signature and key.
    package var signedBytes: [UInt8] { Array("libp2p-pubsub:".utf8) + bytes(signed: false) }

    private func bytes(signed: Bool) -> [UInt8] {
        var writer = FieldWriter()
        if let author, !author.from.isEmpty { writer.bytes(1, author.from) }
        writer.bytes(2, data)
        if let author, !author.sequence.isEmpty { writer.bytes(3, author.sequence) }
        writer.text(4, topic.text)
        if signed, let author {
            if !author.signature.isEmpty { writer.bytes(5, author.signature) }
            if !author.key.isEmpty { writer.bytes(6, author.key) }
        }
        return writer.bytes
    }
}

extension GossipRPC.Announcement {
    fileprivate var bytes: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, topic.text)
        for id in ids { writer.bytes(2, id.bytes) }
        return writer.bytes
    }
}

extension GossipRPC.Prune {
    fileprivate var bytes: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, topic.text)
        for peer in peers {
            writer.message(2) {
                $0.bytes(1, peer.id)
                if !peer.record.isEmpty { $0.bytes(2, peer.record) }
            }
        }
        if let backoffSeconds { writer.number(3, backoffSeconds) }
        return writer.bytes
    }
}
