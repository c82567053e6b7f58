extension GossipRPC {
    /// Reads an RPC of a stranger, without its length.
    ///
    /// What is over a limit of `GossipWireLimit`, has no topic, or is not known, is passed over: other programs may
    /// have more to say.
    /// - Throws: `WireFault` when the bytes are no protobuf of these fields, or more than an RPC may have.
    package init(bytes: [UInt8]) throws(WireFault) {
        guard bytes.count <= GossipWireLimit.rpcBytes else {
            throw .tooLarge(UInt64(bytes.count), limit: GossipWireLimit.rpcBytes)
        }
        self.init()
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: try readSubscription(try field.slice(limit: GossipWireLimit.rpcBytes))
            case 2: try readMessage(try field.slice(limit: GossipWireLimit.rpcBytes))
            case 3: try readControl(try field.slice(limit: GossipWireLimit.rpcBytes))
            default: continue
            }
        }
    }

    private mutating func readSubscription(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var isWanted = false
        var topic: TopicName?
        while let field = try reader.next() {
            switch field.number {
            case 1: isWanted = try field.bool()
            case 2: topic = TopicName(try field.slice(limit: GossipWireLimit.rpcBytes))
            default: continue
            }
        }
        guard let topic, subscriptions.count < GossipWireLimit.subscriptions else { return excess += 1 }
        subscriptions.append(Subscription(topic, isWanted: isWanted))
    }

    private mutating func readMessage(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        let message = try Message(bytes)
        guard let message, messages.count < GossipWireLimit.messages else { return excess += 1 }
        messages.append(message)
    }

    // MARK: - Control

    private mutating func readControl(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var counts = [Int](repeating: 0, count: 6)
        while let field = try reader.next() {
            guard (1...5).contains(field.number) else { continue }
            let kind = Int(field.number)
            counts[kind] += 1
            let limit = kind == 5 ? GossipWireLimit.dontWants : GossipWireLimit.controls
            guard counts[kind] <= limit else {
                excess += 1
                continue
            }
            let inner = try field.slice(limit: GossipWireLimit.rpcBytes)
            switch kind {
            case 1: try readAnnouncement(inner)
            case 2: try readIDs(inner, limit: GossipWireLimit.ids - want.count, to: \.want)
            case 3: try readGraft(inner)
            case 4: try readPrune(inner)
            default:
                let left = GossipWireLimit.dontWants - dontWant.count
                try readIDs(inner, limit: min(left, GossipWireLimit.idsOfDontWant), to: \.dontWant)
            }
        }
    }

    private mutating func readAnnouncement(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var topic: TopicName?
        var ids: [MessageID] = []
        while let field = try reader.next() {
            switch field.number {
            case 1: topic = TopicName(try field.slice(limit: GossipWireLimit.rpcBytes))
            case 2: append(MessageID(try field.slice(limit: GossipWireLimit.rpcBytes)), to: &ids)
            default: continue
            }
        }
        guard let topic else { return excess += 1 }
        have.append(Announcement(topic, ids))
    }

    /// Ids of another length are nobody's here.
    private mutating func append(_ id: MessageID?, to ids: inout [MessageID]) {
        guard let id else { return }
        guard ids.count < GossipWireLimit.ids else { return excess += 1 }
        ids.append(id)
    }

    private mutating func readIDs(
        _ bytes: ArraySlice<UInt8>, limit: Int, to list: WritableKeyPath<GossipRPC, [MessageID]>
    ) throws(WireFault) {
        var reader = FieldReader(bytes)
        var left = limit
        while let field = try reader.next() {
            guard field.number == 1 else { continue }
            guard let id = MessageID(try field.slice(limit: GossipWireLimit.rpcBytes)) else { continue }
            guard left > 0 else {
                excess += 1
                continue
            }
            left -= 1
            self[keyPath: list].append(id)
        }
    }

    private mutating func readGraft(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var topic: TopicName?
        while let field = try reader.next() {
            if field.number == 1 { topic = TopicName(try field.slice(limit: GossipWireLimit.rpcBytes)) }
        }
        guard let topic else { return excess += 1 }
        graft.append(topic)
    }

    private mutating func readPrune(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var topic: TopicName?
        var peers: [ExchangedPeer] = []
        var backoff: UInt64?
        while let field = try reader.next() {
            switch field.number {
            case 1: topic = TopicName(try field.slice(limit: GossipWireLimit.rpcBytes))
            case 2:
                let inner = try field.slice(limit: GossipWireLimit.rpcBytes)
                if peers.count < GossipWireLimit.exchangedPeers {
                    peers.append(try ExchangedPeer(inner))
                } else {
                    excess += 1
                }
            case 3: backoff = try field.integer()
            default: continue
            }
        }
        guard let topic else { return excess += 1 }
        prune.append(Prune(topic, peers: peers, backoffSeconds: backoff))
    }
}

extension GossipRPC.ExchangedPeer {
    fileprivate init(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        self.init(id: [])
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: id = try field.bytes(limit: GossipWireLimit.peerIDBytes)
            case 2: record = try field.bytes(limit: GossipWireLimit.recordBytes)
            default: continue
            }
        }
    }
}

extension GossipRPC.Message {
    /// Reads a message; nil when it has no topic that could be one.
    fileprivate init?(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
        var reader = FieldReader(bytes)
        var data: [UInt8] = []
        var topic: TopicName?
        var author = GossipRPC.Author()
        var isAuthored = false
        while let field = try reader.next() {
            switch field.number {
            case 1: author.from = try field.bytes(limit: GossipWireLimit.peerIDBytes)
            case 2: data = try field.bytes(limit: GossipWireLimit.rpcBytes)
            case 3: author.sequence = try field.bytes(limit: GossipWireLimit.peerIDBytes)
            case 4: topic = TopicName(try field.slice(limit: GossipWireLimit.rpcBytes))
            case 5: author.signature = try field.bytes(limit: GossipWireLimit.signatureBytes)
            case 6: author.key = try field.bytes(limit: GossipWireLimit.signatureBytes)
            default: continue
            }
            if [1, 3, 5, 6].contains(field.number) { isAuthored = true }
        }
        guard let topic else { return nil }
        self.init(topic: topic, data: data, author: isAuthored ? author : nil)
    }
}
