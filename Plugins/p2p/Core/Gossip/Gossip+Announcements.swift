extension Gossip {
    /// Bytes of an id in an RPC.
    private static let idBytes = MessageID.count + 2

    // MARK: - IHAVE

    /// Says to some that we have a message, at once or after some milliseconds.
    mutating func announce(_ id: MessageID, _ topic: TopicName, to told: [PeerHandle], after delay: UInt64) {
        guard !told.isEmpty else { return }
        // Some at a time, so that votes that come together are announced together.
        let step = max(1, parameters.announcementStep)
        let time = Milliseconds.sum(now, delay) / step * step
        let isLater =
            delay > 0
            && topics[topic]?.announceLater(id, to: told, at: time, limit: parameters.limits.unsaid) == true
        if !isLater {
            for peer in told { announce([id], topic, to: peer) }
        }
    }

    /// Announces what has waited long enough, to those that still lack it.
    mutating func announceDue() {
        for topic in names {
            for (id, handles, _) in topics[topic]?.takeAnnouncements(now: now) ?? [] {
                guard let message = cache[id] else { continue }
                for handle in handles where !message.known.contains(handle) {
                    guard let peer = peers[handle], !peer.rejectsMessage(id) else { continue }
                    announce([id], topic, to: handle)
                }
            }
        }
    }

    /// Says that we have messages.
    mutating func announce(_ ids: [MessageID], _ topic: TopicName, to peer: PeerHandle) {
        guard !ids.isEmpty else { return }
        for id in ids { cache.told(id, peer) }
        topics[topic]?.counters.announcementsSent += UInt64(ids.count)
        topics[topic]?.counters.sentBytes += Self.bytes(of: ids.count, topic)
        out.have(topic, ids, to: peer)
    }

    private static func bytes(of ids: Int, _ topic: TopicName) -> UInt64 {
        UInt64(ids * idBytes + topic.text.utf8.count + 8)
    }

    /// A peer has messages: those that we lack are asked for.
    mutating func announced(_ handle: PeerHandle, _ announcement: GossipRPC.Announcement) {
        let topic = announcement.topic
        guard topics[topic] != nil, var peer = peers[handle], peer.points >= parameters.scores.gossip else {
            return
        }
        topics[topic]?.counters.receivedBytes += Self.bytes(of: announcement.ids.count, topic)
        topics[topic]?.counters.announcementsReceived += UInt64(announcement.ids.count)
        let limits = parameters.limits
        peer.tally.announcements += 1
        peers[handle]?.tally.announcements += 1
        guard
            peer.tally.announcements
                <= (peer.traits.isOurs ? limits.announcementsOfOurs : limits.announcements)
        else { return }
        var wanted: [MessageID] = []
        for id in announcement.ids {
            switch seen.fate(id) {
            case .held: held.announced(id, by: handle)
            case .accepted: has(handle, id)
            case .rejected, .ignored: continue
            case nil:
                let isAsked = peer.tally.asked + wanted.count < limits.askedOfPeer
                if pulls.announced(id, by: handle, isAsked: isAsked, now: now) { wanted.append(id) }
            }
        }
        ask(wanted, of: handle)
        topics[topic]?.counters.pulled += UInt64(wanted.count)
    }

    // MARK: - IWANT

    private mutating func ask(_ ids: [MessageID], of handle: PeerHandle) {
        peers[handle]?.tally.asked += ids.count
        out.want(ids, of: handle)
    }

    /// Asks others for what did not come.
    mutating func retry() {
        let peers = peers
        let threshold = parameters.scores.gossip
        let most = parameters.limits.askedOfPeer
        let late = pulls.retries(now: now) { handle in
            guard let peer = peers[handle] else { return false }
            return peer.points >= threshold && peer.tally.asked < most
        }
        for (id, peer) in late { ask([id], of: peer) }
    }

    /// A peer asks for messages.
    mutating func wanted(_ handle: PeerHandle, _ ids: [MessageID]) {
        guard let peer = peers[handle], peer.points >= parameters.scores.gossip else { return }
        for id in ids {
            guard (peers[handle]?.tally.servedBytes ?? .max) < parameters.limits.servedBytes else { return }
            guard let message = cache.serve(id, to: handle) else { continue }
            peers[handle]?.tally.servedBytes += message.rpc.count
            topics[message.topic]?.counters.served += 1
            send(id, message, to: handle)
        }
    }

    // MARK: - IDONTWANT

    /// A peer has messages by now, or will: they need not be sent to it.
    mutating func notWanted(_ handle: PeerHandle, _ ids: [MessageID]) {
        for id in ids {
            guard let peer = peers[handle], peer.tally.unwanted < parameters.limits.unwanted else { return }
            peers[handle]?.tally.unwanted += 1
            peers[handle]?.doesNotWant(id)
            has(handle, id)
        }
    }

    /// Tells the mesh that a message has come, while it is still being judged.
    mutating func tellUnwanted(_ id: MessageID, _ topic: TopicName, _ rules: TopicRules, _ entry: HeldMessage)
    {
        guard parameters.tellsUnwanted, parameters.spreading == .byRules,
            entry.bytes >= parameters.unwantedFrom
        else { return }
        var isAnnounced = false
        if parameters.announces, case .announce(_, let from, _) = rules.spread {
            isAnnounced = entry.bytes >= from
        }
        for handle in topics[topic]?.mesh ?? []
        where handle != entry.first && !entry.announcers.contains(handle) {
            guard let peer = peers[handle], peer.traits.version >= .v12 else { continue }
            if isAnnounced, peer.traits.isOurs, entry.bytes < parameters.unwantedFromOurs { continue }
            out.dontWant(id, to: handle)
        }
    }
}
