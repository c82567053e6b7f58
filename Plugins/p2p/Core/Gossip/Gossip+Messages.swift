extension Gossip {
    // MARK: - From peers

    mutating func received(_ handle: PeerHandle, _ bytes: [UInt8]) {
        guard let peer = peers[handle] else { return }
        counters.receivedBytes += UInt64(bytes.count)
        guard !peer.isGraylisted else { return counters.unheard += 1 }
        guard peers[handle]?.budget.spend(bytes: bytes.count) == true else { return counters.overBudget += 1 }
        guard let rpc = try? GossipRPC(bytes: bytes) else {
            counters.malformed += 1
            return breach(handle, .malformed, 5)
        }
        if rpc.excess > 0 { breach(handle, .excess) }
        for subscription in rpc.subscriptions { subscribed(handle, subscription) }
        for message in rpc.messages {
            // What it sent before may have been the end of it.
            guard peers[handle]?.isGraylisted == false else { return }
            received(handle, message)
        }
        guard peers[handle]?.isGraylisted == false else { return }
        for topic in rpc.graft { grafted(handle, topic) }
        for prune in rpc.prune { pruned(handle, prune) }
        for announcement in rpc.have { announced(handle, announcement) }
        if !rpc.want.isEmpty { wanted(handle, rpc.want) }
        if !rpc.dontWant.isEmpty { notWanted(handle, rpc.dontWant) }
    }

    private mutating func received(_ handle: PeerHandle, _ message: GossipRPC.Message) {
        let topic = message.topic
        guard let rules = topics[topic]?.rules else {
            counters.foreign += 1
            return drop(handle, topic, .topic)
        }
        topics[topic]?.counters.receivedBytes += UInt64(message.data.count + topic.text.utf8.count + 8)
        guard peers[handle]?.budget.spendMessage() == true else { return drop(handle, topic, .budget) }
        guard message.data.count <= rules.largest else {
            blame(handle, topic)
            return drop(handle, topic, .large)
        }
        let id = MessageID(topic: topic, data: message.data)
        if let fate = seen.fate(id) { return repeated(handle, id, message, fate) }
        switch traffic?.accept(UInt64(message.data.count), rules.messageClass, from: handle, now: now) {
        case .accept, nil: break
        // Neither is known afterwards: whoever has it may send it again.
        case .crowded: return drop(handle, topic, .crowded)
        case .beyond: return drop(handle, topic, .budget)
        }
        // Signatures are dear, so that they are looked at when nothing else is left.
        guard peers[handle]?.budget.hasTime == true else { return drop(handle, topic, .budget) }
        guard signing.isGood(message) else {
            blame(handle, topic)
            return drop(handle, topic, .signature)
        }
        let entry = HeldMessage(
            message: message, first: handle, announcers: pulls.arrived(id).filter { $0 != handle },
            until: Milliseconds.sum(now, parameters.validation))
        guard held.add(id, entry) else { return drop(handle, topic, .full) }
        seen.see(id, .held, now: now)
        topics[topic]?.counters.uniqueMessages += 1
        topics[topic]?.counters.uniqueBytes += UInt64(message.data.count)
        tellUnwanted(id, topic, rules, entry)
        out.add(.validate(id, topic, message.data, from: handle))
    }

    private mutating func repeated(
        _ handle: PeerHandle, _ id: MessageID, _ message: GossipRPC.Message, _ fate: SeenMessages.Fate
    ) {
        topics[message.topic]?.counters.duplicates += 1
        topics[message.topic]?.counters.duplicateBytes += UInt64(message.data.count)
        switch fate {
        case .held: held.sent(id, by: handle)
        case .accepted: has(handle, id)
        case .rejected: blame(handle, message.topic)
        case .ignored: break
        }
    }

    /// A peer has a message of ours: what of it still waits for the peer need not go out.
    mutating func has(_ handle: PeerHandle, _ id: MessageID) {
        guard cache.has(id, handle), parameters.spreading == .byRules else { return }
        out.add(.withdraw(handle, id))
    }

    private mutating func blame(_ handle: PeerHandle, _ topic: TopicName) {
        peers[handle]?.score.invalid(topic, parameters.scores)
        judge(handle)
    }

    // MARK: - Verdicts

    mutating func decide(_ id: MessageID, _ verdict: Verdict, _ microseconds: UInt64) {
        guard let entry = held.remove(id) else { return }
        let topic = entry.message.topic
        peers[entry.first]?.budget.spend(microseconds: microseconds)
        switch verdict {
        case .accept:
            seen.decide(id, .accepted)
            guard topics[topic] != nil else { return }
            peers[entry.first]?.score.delivered(topic, parameters.scores)
            let known = Set(entry.others + entry.announcers + [entry.first])
            keep(id, entry.message, known: known)
            spread(id, from: entry.first)
        case .reject:
            seen.decide(id, .rejected)
            for handle in [entry.first] + entry.others { blame(handle, topic) }
            drop(entry.first, topic, .rejected)
        case .ignore:
            seen.decide(id, .ignored)
            drop(entry.first, topic, .ignored)
        }
    }

    /// Those that nobody judged in time are of no use.
    mutating func giveUp() {
        for id in held.late(now: now) {
            guard let entry = held.remove(id) else { continue }
            seen.decide(id, .ignored)
            drop(entry.first, entry.message.topic, .unjudged)
        }
    }

    private mutating func keep(_ id: MessageID, _ message: GossipRPC.Message, known: Set<PeerHandle>) {
        var rpc = GossipRPC()
        rpc.messages = [message]
        cache.add(
            id,
            CachedMessage(
                topic: message.topic, rpc: rpc.bytes, size: message.data.count, known: known))
    }

    // MARK: - Our own

    mutating func publish(_ topic: TopicName, _ data: [UInt8]) {
        if let rules = topics[topic]?.rules, data.count > rules.largest { return drop(nil, topic, .large) }
        let id = MessageID(topic: topic, data: data)
        guard seen.fate(id) == nil else { return drop(nil, topic, .repeated) }
        guard let message = signing.message(topic, data) else { return drop(nil, topic, .signature) }
        _ = pulls.arrived(id)
        seen.see(id, .accepted, now: now)
        topics[topic]?.counters.published += 1
        keep(id, message, known: [])
        spread(id, from: nil)
    }
}
