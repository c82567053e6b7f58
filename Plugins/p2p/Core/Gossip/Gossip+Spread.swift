extension Gossip {
    /// Sends a message that is in the cache to those of its mesh that lack it, whole or by its id.
    mutating func spread(_ id: MessageID, from source: PeerHandle?) {
        guard let message = cache[id] else { return }
        let targets = targets(message.topic, isOwn: source == nil).filter { $0 != source }
            .shuffled(using: &random)
        let rules = topics[message.topic]?.rules
        if parameters.spreading == .everything {
            for peer in targets { push(id, message, to: peer) }
            return
        }
        var eager = Int.max
        var delay: UInt64 = 0
        if let rules, parameters.announces, case .announce(let most, let from, let after) = rules.spread,
            message.size >= from
        {
            (eager, delay) = (most, after)
        }
        var told: [PeerHandle] = []
        // Those that have it already count as if they got it from us: the message is then well on its way.
        let known = targets.filter { message.known.contains($0) && peers[$0]?.traits.isOurs == true }
        eager -= known.count
        for handle in targets where !message.known.contains(handle) {
            guard let peer = peers[handle], !peer.rejectsMessage(id) else { continue }
            if peer.traits.isOurs, eager <= 0 {
                told.append(handle)
            } else {
                push(id, message, to: handle)
            }
            if peer.traits.isOurs { eager -= 1 }
        }
        announce(id, message.topic, to: told, after: delay)
    }

    /// The mesh, or those that we chose for a topic that we are not of.
    private mutating func targets(_ topic: TopicName, isOwn: Bool) -> [PeerHandle] {
        guard let joined = topics[topic] else { return fanoutPeers(topic) }
        guard isOwn, joined.mesh.count < joined.degree.low else { return joined.mesh }
        // Our own must get out even before there is a mesh.
        let others = publishable(topic).filter { !joined.mesh.contains($0) }.shuffled(using: &random)
        return joined.mesh + others.prefix(max(0, joined.degree.wanted - joined.mesh.count))
    }

    private func publishable(_ topic: TopicName) -> [PeerHandle] {
        subscribers(of: topic).filter { (peers[$0]?.points ?? 0) >= parameters.scores.publish }
    }

    private mutating func fanoutPeers(_ topic: TopicName) -> [PeerHandle] {
        if fanout[topic] == nil, fanout.count >= parameters.limits.topics { return [] }
        fanout[topic, default: FanoutTopic(peers: [], published: now)].published = now
        refillFanout(topic)
        return fanout[topic]?.peers ?? []
    }

    mutating func refillFanout(_ topic: TopicName) {
        let able = publishable(topic)
        guard let known = fanout[topic]?.peers.filter({ able.contains($0) }) else { return }
        let more = able.filter { !known.contains($0) }.shuffled(using: &random)
            .prefix(max(0, parameters.degree.wanted - known.count))
        fanout[topic]?.peers = (known + more).sorted()
    }

    func messageClass(_ topic: TopicName) -> MessageClass { topics[topic]?.rules.messageClass ?? .block }

    private mutating func push(_ id: MessageID, _ message: CachedMessage, to peer: PeerHandle) {
        cache.pushed(id, to: peer)
        send(id, message, to: peer)
    }

    mutating func send(_ id: MessageID, _ message: CachedMessage, to peer: PeerHandle) {
        let bytes = UInt64(message.rpc.count)
        counters.sentBytes += bytes
        topics[message.topic]?.counters.sentMessages += 1
        topics[message.topic]?.counters.sentBytes += bytes
        out.add(.send(peer, message.rpc, messageClass(message.topic), message: id))
    }

    /// A message did not leave: it was not sent after all.
    mutating func unsent(_ peer: PeerHandle, _ id: MessageID, _ bytes: Int) {
        let count = UInt64(max(0, bytes))
        counters.sentBytes -= min(count, counters.sentBytes)
        guard let topic = cache[id]?.topic else { return }
        cache.unsent(id, to: peer)
        guard let sent = topics[topic]?.counters else { return }
        topics[topic]?.counters.sentBytes -= min(count, sent.sentBytes)
        topics[topic]?.counters.sentMessages -= min(1, sent.sentMessages)
        topics[topic]?.counters.drop(.unsent)
    }
}
