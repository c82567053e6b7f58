extension Gossip {
    /// Whether a peer may come into a topic's mesh.
    func canGraft(_ handle: PeerHandle, _ topic: TopicName) -> Bool {
        guard let peer = peers[handle], let joined = topics[topic] else { return false }
        return peer.topics.contains(topic) && peer.points >= 0 && !peer.isGraylisted
            && joined.backoffs.isOver(peer.traits.id, now: now)
            && !joined.mesh.contains(handle)
    }

    mutating func graft(_ handle: PeerHandle, _ topic: TopicName) {
        topics[topic]?.add(handle)
        peers[handle]?.score.entered(topic, now: now)
        out.graft(topic, handle)
    }

    mutating func removeFromMesh(_ handle: PeerHandle, _ topic: TopicName) {
        guard topics[topic]?.remove(handle) == true else { return }
        peers[handle]?.score.left(topic)
    }

    /// - Parameter exchanges: whether it is told of others to turn to.
    mutating func prune(
        _ handle: PeerHandle, _ topic: TopicName, backoff: UInt64, exchanges: Bool = false
    ) {
        removeFromMesh(handle, topic)
        guard let peer = peers[handle] else { return }
        topics[topic]?.backoffs.add(peer.traits.id, until: Milliseconds.sum(now, backoff), now: now)
        answerPrune(handle, topic, backoff: backoff, exchanges: exchanges)
    }

    private mutating func answerPrune(
        _ handle: PeerHandle, _ topic: TopicName, backoff: UInt64, exchanges: Bool
    ) {
        guard let peer = peers[handle] else { return }
        var prune = GossipRPC.Prune(topic)
        if peer.traits.version >= .v11 {
            prune.backoffSeconds = (backoff + Milliseconds.second - 1) / Milliseconds.second
            if exchanges, peer.points >= 0 { prune.peers = others(topic, than: handle) }
        }
        out.prune(prune, handle)
    }

    /// Good peers of a topic that signed where they are.
    private mutating func others(_ topic: TopicName, than handle: PeerHandle) -> [GossipRPC.ExchangedPeer] {
        let good = subscribers(of: topic).filter {
            guard $0 != handle, let peer = peers[$0] else { return false }
            return peer.points >= 0 && !peer.traits.record.isEmpty
        }
        return good.shuffled(using: &random).prefix(GossipWireLimit.exchangedPeers).compactMap {
            peers[$0].map { GossipRPC.ExchangedPeer(id: $0.traits.id.bytes, record: $0.traits.record) }
        }
    }

    // MARK: - What peers say

    mutating func grafted(_ handle: PeerHandle, _ topic: TopicName) {
        guard let joined = topics[topic], let peer = peers[handle], !joined.mesh.contains(handle) else {
            return
        }
        if peer.topics.count < parameters.limits.topicsOfPeer { peers[handle]?.topics.insert(topic) }
        if let backoff = joined.backoffs.backoff(peer.traits.id, now: now) {
            // One that was under way when we pruned is nobody's fault, but it changes nothing.
            guard Milliseconds.since(backoff.since, now: now) >= parameters.graftUnderWay else {
                return answerPrune(handle, topic, backoff: backoff.until - now, exchanges: false)
            }
            breach(handle, .graft)
            return prune(handle, topic, backoff: parameters.pruneBackoff)
        }
        guard peer.points >= 0 else { return prune(handle, topic, backoff: parameters.pruneBackoff) }
        guard joined.mesh.count < joined.degree.high || peer.traits.isOutbound else {
            return prune(handle, topic, backoff: parameters.pruneBackoff, exchanges: true)
        }
        topics[topic]?.add(handle)
        peers[handle]?.score.entered(topic, now: now)
    }

    mutating func pruned(_ handle: PeerHandle, _ prune: GossipRPC.Prune) {
        guard topics[prune.topic] != nil, let peer = peers[handle] else { return }
        removeFromMesh(handle, prune.topic)
        let seconds = min(prune.backoffSeconds ?? 60, 3_600)
        let backoff = prune.backoffSeconds == nil ? parameters.pruneBackoff : seconds * Milliseconds.second
        topics[prune.topic]?.backoffs.add(peer.traits.id, until: Milliseconds.sum(now, backoff), now: now)
        guard peer.points >= parameters.scores.exchange else { return }
        let records = prune.peers.map(\.record).filter { !$0.isEmpty }
        if !records.isEmpty { out.add(.candidates(records, from: handle)) }
    }

    // MARK: - Upkeep

    /// Grafts as many as are wanted, when there are too few.
    mutating func fill(_ topic: TopicName) {
        guard let joined = topics[topic], joined.mesh.count < joined.degree.low else { return }
        graftSome(joined.degree.wanted - joined.mesh.count, topic) { _ in true }
    }

    /// Grafts some of those that may come in.
    private mutating func graftSome(_ count: Int, _ topic: TopicName, where isGood: (GossipPeer) -> Bool) {
        guard count > 0 else { return }
        let able = order.filter { handle in
            canGraft(handle, topic) && peers[handle].map(isGood) == true
        }
        for handle in able.shuffled(using: &random).prefix(count) { graft(handle, topic) }
    }

    /// A mesh at a heartbeat.
    mutating func maintain(_ topic: TopicName) {
        for handle in topics[topic]?.mesh ?? [] where (peers[handle]?.points ?? -1) < 0 {
            prune(handle, topic, backoff: parameters.pruneBackoff)
        }
        fill(topic)
        trim(topic)
        ensureOutbound(topic)
        if parameters.opportunity > 0, beats % parameters.opportunity == 0 { seizeOpportunity(topic) }
    }

    /// Keeps the best, enough that we dialled, and others as chance has it.
    private mutating func trim(_ topic: TopicName) {
        guard let joined = topics[topic], joined.mesh.count > joined.degree.high else { return }
        let degree = joined.degree
        var rest = joined.mesh.shuffled(using: &random).sorted { points($0) > points($1) }
        var kept = Array(rest.prefix(degree.best))
        rest = Array(rest.dropFirst(degree.best)).shuffled(using: &random)
        let lack = max(0, degree.outbound - kept.filter(isOutbound).count)
        let dialled = rest.filter(isOutbound).prefix(lack)
        kept += dialled
        kept += rest.filter { !dialled.contains($0) }.prefix(max(0, degree.wanted - kept.count))
        for handle in joined.mesh where !kept.contains(handle) {
            prune(handle, topic, backoff: parameters.pruneBackoff, exchanges: true)
        }
    }

    private mutating func ensureOutbound(_ topic: TopicName) {
        guard let joined = topics[topic], joined.mesh.count >= joined.degree.low else { return }
        let lack = joined.degree.outbound - joined.mesh.filter(isOutbound).count
        graftSome(lack, topic) { $0.traits.isOutbound }
    }

    /// When half of a mesh is no good, better ones come in.
    private mutating func seizeOpportunity(_ topic: TopicName) {
        guard let mesh = topics[topic]?.mesh, mesh.count > 1 else { return }
        let middle = mesh.map(points).sorted()[mesh.count / 2]
        guard middle < parameters.scores.opportunity else { return }
        graftSome(parameters.opportunityPeers, topic) { $0.points > middle }
    }

    private func points(_ handle: PeerHandle) -> Double { peers[handle]?.points ?? 0 }

    private func isOutbound(_ handle: PeerHandle) -> Bool { peers[handle]?.traits.isOutbound == true }
}
