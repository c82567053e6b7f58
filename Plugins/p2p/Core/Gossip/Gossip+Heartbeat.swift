extension Gossip {
    /// What was put off, and what others did not send.
    mutating func tick() {
        announceDue()
        retry()
    }

    /// Once a second: what is old goes, meshes are mended, and some peers outside of them hear what there is.
    mutating func heartbeat() {
        beats &+= 1
        tick()
        giveUp()
        seen.expire(now: now)
        retained.expire(now: now)
        judgeAll()
        let recent = cache.recent(heartbeats: parameters.gossipHistory)
        for topic in names {
            topics[topic]?.backoffs.expire(now: now)
            maintain(topic)
            gossip(topic, recent[topic] ?? [], without: topics[topic]?.mesh ?? [])
        }
        keepFanout(recent)
        for topic in former.keys { former[topic]?.expire(now: now) }
        former = former.filter { !$0.value.isEmpty }
        cache.shift()
    }

    private mutating func judgeAll() {
        for handle in pulls.broken(now: now, wasSeen: { seen.fate($0) != nil }) {
            peers[handle]?.score.breach(.promise, 1, parameters.scores)
        }
        for handle in order {
            let beyond = peers[handle]?.budget.refill() ?? 0
            // Ten at most, so that one bad second alone ends nothing.
            if beyond > 0 { peers[handle]?.score.breach(.flood, Double(min(beyond, 10)), parameters.scores) }
            peers[handle]?.heartbeat()
            peers[handle]?.score.decay(parameters.scores)
            judge(handle)
        }
    }

    /// Announces the last messages of a topic to some that want them and are not among those that get them anyway.
    private mutating func gossip(_ topic: TopicName, _ recent: [MessageID], without mesh: [PeerHandle]) {
        guard !recent.isEmpty else { return }
        let able = subscribers(of: topic).filter {
            !mesh.contains($0) && (peers[$0]?.points ?? 0) >= parameters.scores.gossip
        }
        let lazy = (topics[topic]?.degree ?? parameters.degree).lazy
        let share = able.count * parameters.gossipPercent / 100
        for peer in able.shuffled(using: &random).prefix(max(0, lazy, share)) {
            let ids = recent.filter { cache[$0]?.known.contains(peer) == false }
            announce(Array(ids.suffix(GossipWireLimit.ids)), topic, to: peer)
        }
    }

    private mutating func keepFanout(_ recent: [TopicName: [MessageID]]) {
        for topic in fanout.keys.sorted() {
            guard let known = fanout[topic] else { continue }
            guard Milliseconds.since(known.published, now: now) < parameters.fanout else {
                fanout[topic] = nil
                continue
            }
            refillFanout(topic)
            gossip(topic, recent[topic] ?? [], without: fanout[topic]?.peers ?? [])
        }
    }
}
