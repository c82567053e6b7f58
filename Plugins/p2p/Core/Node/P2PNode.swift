/// What the network's process decides: whom to connect to, what to send to whom, and what to think of those who send.
///
/// A value without sockets or clock. Connections are made outside; every event comes with the time.
package struct P2PNode: Sendable {
    /// What it is set up with.
    package struct Settings: Sendable {
        /// This node's key.
        package var own: PeerID
        /// The first 8 hexadecimal digits of the genesis id, which stand in the names of topics and protocols.
        package var network: String
        /// Connections at most; those to named peers do not count.
        package var mostPeers = 40
        /// Whether only named peers are taken.
        package var isPrivate = false
        /// Of gossip.
        package var gossip = GossipParameters()
        /// Bytes a second that answers to requests may take: a quarter of 1 Mbit/s.
        package var answerRate: UInt64 = 31_250

        /// Of these.
        package init(own: PeerID, network: String) {
            self.own = own
            self.network = network
        }
    }

    /// Protocols of gossip, the newest first.
    package static let gossipProtocols = ["/meshsub/1.2.0", "/meshsub/1.1.0", "/meshsub/1.0.0"]

    let settings: Settings
    var gossip: Gossip
    var requests: Requests
    var links: [PeerHandle: Link] = [:]
    /// The connection of a peer.
    var handles: [PeerID: PeerHandle] = [:]
    var fixed = FixedPeers()
    /// Who was ever named, and may always come in.
    var named: Set<PeerID> = []
    var stories = PeerStories()
    var bans = BanList()
    var generator: SeededGenerator
    var topics: [TopicName: NetworkTopic] = [:]
    var lastHeartbeat: UInt64 = 0

    /// Without connections.
    package init(_ settings: Settings, seed: UInt64) {
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        gossip = Gossip(settings.gossip, seed: generator.next())
        requests = Requests(network: settings.network, budget: RequestBudget(rate: settings.answerRate))
        for topic in NetworkTopic.allCases {
            guard let name = topic.name(settings.network) else { continue }
            topics[name] = topic
            // Nothing is connected yet, so nothing follows from it.
            if topic != .votes { _ = gossip.handle(.join(name, topic.rules), now: 0) }
        }
    }

    /// The protocol of direct messages.
    package var directProtocol: String { "/spacenode/\(settings.network)/direct/1" }

    /// Protocols that connections take.
    package var protocols: [String] { lastingProtocols + requests.protocols }
    /// Those whose streams live as long as the connection.
    package var lastingProtocols: [String] { Self.gossipProtocols + [directProtocol] }

    /// Takes an event; returns what is to be done, in order.
    package mutating func handle(_ event: NodeEvent, now: UInt64) -> [NodeAction] {
        switch event {
        case .linked(let handle, let peer, let address, let isOutbound):
            return link(handle, Link(peer: peer, address: address, isOutbound: isOutbound, since: now), now)
        case .unlinked(let handle, let reason, let isBlamed):
            return unlink(handle, reason, isBlamed, now)
        case .unreached(let address, let reason):
            fixed.failed(address, now: now)
            if let peer = address.peer {
                stories.tell(peer, "not reached at \(address): \(reason)", now: now)
            }
            return []
        case .connection(let handle, let action): return take(action, handle, now)
        case .publish(let topic, let bytes):
            guard let name = topic.name(settings.network) else { return [] }
            return carryOut(gossip.handle(.publish(name, bytes), now: now), now)
        case .direct(let handle, let message): return send(message, to: handle ?? anyone())
        case .broadcast(let message):
            return ours.flatMap { send(message, to: $0) }
        case .verdict(let id, let verdict, let microseconds):
            return carryOut(gossip.handle(.verdict(id, verdict, microseconds: microseconds), now: now), now)
        case .blamed(let handle, let reason): return blame(handle, reason, now)
        case .member(let isMember): return member(isMember, now)
        case .request(let event): return handle(event, now)
        case .order(let order): return carryOut(order, now)
        case .tick: return tick(now)
        }
    }

    /// Peers like this node, by handle.
    var ours: [PeerHandle] { links.keys.filter { links[$0]?.isOurs == true }.sorted() }

    mutating func anyone() -> PeerHandle? {
        let ours = ours
        return ours.isEmpty ? nil : ours[generator.below(ours.count)]
    }

    private mutating func member(_ isMember: Bool, _ now: UInt64) -> [NodeAction] {
        guard let name = NetworkTopic.votes.name(settings.network) else { return [] }
        let event = isMember ? GossipEvent.join(name, NetworkTopic.votes.rules) : .leave(name)
        return carryOut(gossip.handle(event, now: now), now)
    }

    private mutating func tick(_ now: UInt64) -> [NodeAction] {
        var actions = carryOut(gossip.handle(.tick, now: now), now)
        actions += carryOut(requests.handle(.tick, now: now), now)
        let handles = handles
        for address in fixed.due({ handles[$0] != nil }, now: now) {
            actions.append(.dial(address))
        }
        guard Milliseconds.since(lastHeartbeat, now: now) >= Milliseconds.second else { return actions }
        lastHeartbeat = now
        return actions + carryOut(gossip.handle(.heartbeat, now: now), now)
    }

    // MARK: - For operators

    /// The peers that are connected, by handle.
    package func peers(now: UInt64) -> [PeerReport] {
        links.sorted { $0.key < $1.key }.map { handle, link in
            PeerReport(
                handle: handle, peer: link.peer, address: link.address, isOutbound: link.isOutbound,
                isOurs: link.isOurs, age: Milliseconds.since(link.since, now: now), ping: link.ping,
                agent: link.identify?.agentVersion ?? "",
                dropped: (link.gossipQueue.dropped + link.directQueue.dropped).reduce(0, +),
                waiting: link.gossipQueue.bytes + link.directQueue.bytes)
        }
    }

    /// The connection of a peer; nil: it is not there.
    package func handle(of peer: PeerID) -> PeerHandle? { handles[peer] }

    /// Whose connection it is; nil: it is over.
    package func peer(of handle: PeerHandle) -> PeerID? { links[handle]?.peer }

    /// Bans that hold now.
    package func bans(now: UInt64) -> [(peer: PeerID, ban: BanList.Ban)] {
        bans.bans.filter { $0.value.until > now }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What became of a peer; nil: nothing was ever heard of it.
    package func story(of peer: PeerID) -> [PeerStories.Line]? { stories.story(of: peer) }
}
