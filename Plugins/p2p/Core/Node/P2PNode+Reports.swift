/// What operators see of peers.
extension P2PNode {
    /// The peers that are connected, by handle.
    package func peers(now: UInt64) -> [PeerReport] {
        links.sorted { $0.key < $1.key }.map { handle, link in
            PeerReport(
                handle: handle, peer: link.peer, address: link.address, isOutbound: link.isOutbound,
                isOurs: link.isOurs, age: Milliseconds.since(link.since, now: now), ping: link.ping,
                agent: link.identify?.agentVersion ?? "", purpose: purpose(link),
                dropped: (link.gossipQueue.dropped + link.directQueue.dropped).reduce(0, +),
                waiting: link.bytes)
        }
    }

    private func purpose(_ link: Link) -> String {
        if named.contains(link.peer) { return "named" }
        guard link.isOutbound else { return "caller" }
        return dialler.purpose(of: link.peer)?.description ?? "outbound"
    }

    /// The connection of a peer; nil: it is not there.
    package func handle(of peer: PeerID) -> PeerHandle? { handles[peer] }

    /// Whose connection it is; nil: it is over.
    package func peer(of handle: PeerHandle) -> PeerID? { links[handle]?.peer }

    /// Bans that hold now.
    package func bans(now: UInt64) -> [(peer: PeerID, ban: BanList.Ban)] {
        memory.bans.bans.filter { $0.value.until > now }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What became of a peer, the oldest first, and what holds now; empty: nothing was ever heard of it.
    package func story(of peer: PeerID, now: UInt64) -> [PeerStories.Line] {
        var lines = stories.story(of: peer) ?? []
        func add(_ text: String) { lines.append(PeerStories.Line(time: now, text: text)) }
        if named.contains(peer) { add("it is named: called whenever it is not there, and always taken") }
        if let ban = memory.bans.bans[peer], ban.until > now {
            add("it is banned for \((ban.until - now) / Milliseconds.second) s more: \(ban.reason)")
        }
        if let contact = memory.book.contact(of: peer) {
            let places = contact.addresses.map { "\($0)" }.joined(separator: ", ")
            let how = memory.book.isTried(peer) == true ? "reached before" : "not reached yet"
            add("it is in the address book, \(how): \(places)")
        }
        if let handle = handles[peer], let link = links[handle] {
            add("its connection is one of kind: \(purpose(link))")
            if let report = gossip.why(handle) { add("its score: \(report)") }
        }
        return lines
    }

    /// What is known of peers, and of this node's place among them.
    package var overview: PeerOverview {
        PeerOverview(
            tried: memory.book.triedCount, new: memory.book.newCount, inbound: gate.inbound,
            advertised: own.advertised, port: own.state, waiting: waiting)
    }

    /// What has gone through each topic that this node is of, by the topic's name.
    package var topicCounters: [(topic: NetworkTopic, counters: TopicCounters)] {
        NetworkTopic.allCases.compactMap { topic in
            topic.name(settings.network).flatMap { gossip.counters(of: $0) }.map { (topic, $0) }
        }
    }

    /// What is to be kept for the next start.
    package var kept: PeerMemory { memory }
}

/// What is known of peers, in numbers.
package struct PeerOverview: Hashable, Sendable {
    /// Peers in the book that were reached.
    package let tried: Int
    /// Peers in the book that were only heard of.
    package let new: Int
    /// Connections that others made and that take places.
    package let inbound: Int
    /// What others are told of where this node is; empty: nobody can call it, as far as is known.
    package let advertised: [Multiaddress]
    /// Whether others reach this node.
    package let port: OwnAddresses.Port
    /// Bytes of all frames that wait to be sent.
    package let waiting: Int
}

extension Dialler.Purpose: CustomStringConvertible {
    /// In a word or two.
    package var description: String {
        switch self {
        case .anchor: "anchor"
        case .relay: "relay"
        case .headerOnly: "blocks only"
        case .extra: "extra, as no block came"
        case .feeler: "feeler"
        case .committee: "committee"
        }
    }
}
