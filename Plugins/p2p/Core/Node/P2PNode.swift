/// What the network's process decides: whom to connect to, what to send to whom, and what to think of those who send.
///
/// A value without sockets or clock. Connections are made outside; every event comes with the time.
package struct P2PNode: Sendable {
    /// Protocols of gossip, the newest first.
    package static let gossipProtocols = ["/meshsub/1.2.0", "/meshsub/1.1.0", "/meshsub/1.0.0"]

    let settings: Settings
    package var gossip: Gossip
    var requests: Requests
    var links: [PeerHandle: Link] = [:]
    /// The connection of a peer.
    var handles: [PeerID: PeerHandle] = [:]
    /// Bytes of all frames that wait.
    var waiting = 0
    var fixed = FixedPeers()
    /// Who was ever named, and may always come in.
    var named: Set<PeerID> = []
    var stories = PeerStories()
    var memory: PeerMemory
    var dialler: Dialler
    var gate: Gate
    var committee: CommitteeBook
    /// The term in which this node has a seat; nil: it has none.
    var term: UInt64?
    var own: OwnAddresses
    /// What others were last told of where this node is.
    var advertised: [Multiaddress] = []
    var dialBacks: DialBacks
    /// Who waits to hear whether it was reached, by where it is dialled.
    var probes: [Multiaddress: ServedID] = [:]
    /// Questions of this node about peers, and who was asked.
    var questions: [RequestID: PeerHandle] = [:]
    var lastQuestion: UInt64 = 0
    var generator: SeededGenerator
    var topics: [TopicName: NetworkTopic] = [:]
    var lastHeartbeat: UInt64 = 0

    /// Without connections.
    /// - Parameters:
    ///   - settings: what it is set up with.
    ///   - memory: what an earlier run knew of others; nil: nothing.
    ///   - seed: of choices.
    ///   - now: milliseconds.
    package init(_ settings: Settings, memory: PeerMemory? = nil, seed: UInt64, now: UInt64 = 0) {
        self.settings = settings
        var generator = SeededGenerator(seed: seed)
        gossip = Gossip(settings.gossip, seed: generator.next())
        gossip.traffic = TrafficBudget(settings.traffic, now: now)
        requests = Requests(network: settings.network, budget: RequestBudget(rate: settings.answerRate))
        let bookSeed = generator.next()
        self.memory =
            memory ?? PeerMemory(book: PeerBook(settings.book, key: settings.key, seed: bookSeed))
        dialler = Dialler(settings.dialler, own: settings.own, seed: generator.next(), now: now)
        gate = Gate(settings.gate, key: settings.key)
        committee = CommitteeBook(
            own: settings.own, genesis: settings.genesis, allowsLocal: settings.allowsLocal)
        own = OwnAddresses(
            announced: settings.announced, port: settings.port, allowsLocal: settings.allowsLocal)
        dialBacks = DialBacks(allowsLocal: settings.allowsLocal)
        self.generator = generator
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
            return unreached(address, reason, now)
        case .connection(let handle, let action): return take(action, handle, now)
        case .congested(let handle, let isCongested):
            links[handle]?.isCongested = isCongested
            return isCongested ? [] : flush(handle, now)
        case .publish(let topic, let bytes):
            guard let name = topic.name(settings.network) else { return [] }
            return carryOut(gossip.handle(.publish(name, bytes), now: now), now)
        case .direct(let handle, let message): return send(message, to: handle ?? anyone(), now)
        case .broadcast(let message):
            return announced.flatMap { send(message, to: $0, now) }
        case .verdict(let id, let verdict, let microseconds):
            if verdict == .accept { learn(of: id, now) }
            return carryOut(gossip.handle(.verdict(id, verdict, microseconds: microseconds), now: now), now)
        case .blamed(let handle, let reason): return blame(handle, reason, now)
        case .member(let isMember): return member(isMember, now)
        case .seats(let term, let operators, let isOwn):
            committee.seat(operators, term: term)
            self.term = isOwn ? term : nil
            return []
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
        // What waited for the line's cap may go by now.
        for handle in links.keys.sorted() where links[handle]?.bytes ?? 0 > 0 {
            actions += flush(handle, now)
        }
        guard Milliseconds.since(lastHeartbeat, now: now) >= Milliseconds.second else { return actions }
        lastHeartbeat = now
        actions += carryOut(gossip.handle(.heartbeat, now: now), now)
        actions += stopFlooders(now)
        return actions + meet(now)
    }

    /// Those that went on sending more than they may.
    private mutating func stopFlooders(_ now: UInt64) -> [NodeAction] {
        var actions: [NodeAction] = []
        for (handle, seconds) in gossip.traffic?.flooders() ?? [] {
            guard links[handle]?.isGossiping == true else {
                actions += blame(handle, "it sends more than one peer may", now)
                continue
            }
            actions += carryOut(gossip.handle(.flooded(handle, seconds: seconds), now: now), now)
        }
        return actions
    }
}
