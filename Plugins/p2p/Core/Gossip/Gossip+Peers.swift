extension Gossip {
    // MARK: - Connections

    mutating func connected(_ handle: PeerHandle, _ traits: PeerTraits) {
        guard peers[handle] == nil else { return }
        var peer = GossipPeer(traits, parameters.limits)
        if let score = retained.take(traits.id) { peer.score = score }
        peers[handle] = peer
        order.insert(handle, at: order.firstIndex { $0 > handle } ?? order.count)
        if let group = traits.group { groups[group, default: 0] += 1 }
        for topic in names { out.subscribe(topic, isWanted: true, to: handle) }
        judge(handle)
    }

    mutating func disconnected(_ handle: PeerHandle) {
        guard let peer = peers[handle] else { return }
        for topic in names { removeFromMesh(handle, topic) }
        for topic in fanout.keys { fanout[topic]?.peers.removeAll { $0 == handle } }
        peers[handle] = nil
        order.removeAll { $0 == handle }
        out.forget(handle)
        if let group = peer.traits.group, let count = groups[group] {
            groups[group] = count > 1 ? count - 1 : nil
        }
        let score = peer.score.withoutMerits
        guard score.hasFaults else { return }
        retained.keep(score, of: peer.traits.id, until: Milliseconds.sum(now, parameters.scores.retention))
    }

    // MARK: - Subscriptions

    mutating func subscribed(_ handle: PeerHandle, _ subscription: GossipRPC.Subscription) {
        let topic = subscription.topic
        guard subscription.isWanted else {
            peers[handle]?.topics.remove(topic)
            removeFromMesh(handle, topic)
            fanout[topic]?.peers.removeAll { $0 == handle }
            return
        }
        guard let peer = peers[handle], peer.topics.count < parameters.limits.topicsOfPeer else { return }
        peers[handle]?.topics.insert(topic)
        // A new mesh need not wait for the next heartbeat.
        if let joined = topics[topic], joined.mesh.count < joined.degree.low, canGraft(handle, topic) {
            graft(handle, topic)
        }
    }

    mutating func join(_ topic: TopicName, _ rules: TopicRules) {
        guard topics[topic] == nil, topics.count < parameters.limits.topics else { return }
        topics[topic] = JoinedTopic(
            rules, degree: rules.degree ?? parameters.degree,
            backoffs: former.removeValue(forKey: topic)
                ?? Backoffs(limit: parameters.limits.backoffs, slack: parameters.backoffSlack))
        names.insert(topic, at: names.firstIndex { $0 > topic } ?? names.count)
        for peer in order { out.subscribe(topic, isWanted: true, to: peer) }
        let known = fanout.removeValue(forKey: topic)?.peers ?? []
        for peer in known where canGraft(peer, topic) { graft(peer, topic) }
        fill(topic)
    }

    mutating func leave(_ topic: TopicName) {
        guard let joined = topics[topic] else { return }
        for peer in joined.mesh { prune(peer, topic, backoff: parameters.leaveBackoff) }
        if former.count < parameters.limits.topics { former[topic] = topics[topic]?.backoffs }
        for peer in order {
            out.subscribe(topic, isWanted: false, to: peer)
            peers[peer]?.score.forget(topic)
        }
        topics[topic] = nil
        names.removeAll { $0 == topic }
    }
}
