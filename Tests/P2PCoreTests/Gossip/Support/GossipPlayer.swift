import NodeDomain
import P2PCore

/// One gossip, and a test that plays its peers.
struct GossipPlayer {
    var gossip: Gossip
    var now: UInt64 = 10_000
    let topic = gossipTopic()
    private var connected: UInt64 = 0

    init(signing: GossipSigning = .none, _ change: (inout GossipParameters) -> Void = { _ in }) {
        var parameters = GossipParameters()
        change(&parameters)
        gossip = Gossip(parameters, signing: signing, seed: 1)
    }

    @discardableResult
    mutating func callAsFunction(_ event: GossipEvent) -> [GossipAction] { gossip.handle(event, now: now) }

    /// Time passes, with a heartbeat each second.
    @discardableResult
    mutating func pass(seconds: Int) -> [GossipAction] {
        var actions: [GossipAction] = []
        for _ in 0..<seconds {
            now += 1_000
            actions += self(.heartbeat)
        }
        return actions
    }

    // MARK: - Peers

    static func id(_ number: UInt64) -> PeerID { PeerID(publicKey: Bytes32(1, 2, 3, number)) }

    mutating func connect(
        ours: Bool = false, outbound: Bool = true, version: PeerTraits.Version = .v12, group: UInt64? = nil,
        record: [UInt8] = [], id: UInt64? = nil, subscribed: Bool = true
    ) -> PeerHandle {
        connected += 1
        let handle = PeerHandle(value: connected)
        let traits = PeerTraits(
            Self.id(id ?? connected), version: version, isOurs: ours, isOutbound: outbound, group: group,
            record: record)
        self(.connected(handle, traits))
        if subscribed { subscribe(handle, topic) }
        return handle
    }

    mutating func connect(_ count: Int, ours: Bool = false, outbound: Bool = true) -> [PeerHandle] {
        (0..<count).map { _ in connect(ours: ours, outbound: outbound) }
    }

    @discardableResult
    mutating func hear(_ peer: PeerHandle, _ write: (inout GossipRPC) -> Void) -> [GossipAction] {
        var rpc = GossipRPC()
        write(&rpc)
        return self(.received(peer, rpc.bytes))
    }

    @discardableResult
    mutating func subscribe(_ peer: PeerHandle, _ topic: TopicName) -> [GossipAction] {
        hear(peer) { $0.subscriptions = [.init(topic, isWanted: true)] }
    }

    @discardableResult
    mutating func send(_ data: [UInt8], from peer: PeerHandle) -> [GossipAction] {
        let topic = topic
        return hear(peer) { $0.messages = [.init(topic: topic, data: data)] }
    }

    /// Sends a message and says what it is worth.
    @discardableResult
    mutating func send(_ data: [UInt8], from peer: PeerHandle, _ verdict: Verdict) -> [GossipAction] {
        send(data, from: peer)
        return self(.verdict(id(data), verdict))
    }

    func id(_ data: [UInt8]) -> MessageID { MessageID(topic: topic, data: data) }

    mutating func join(_ spread: TopicRules.Spread = .push, largest: Int = 1 << 20) {
        self(.join(topic, TopicRules(.vote, largest: largest, spread: spread)))
    }

    var mesh: [PeerHandle] { gossip.mesh(of: topic) }

    func score(_ peer: PeerHandle) -> Double { gossip.why(peer)?.score ?? .nan }
}

extension [GossipAction] {
    /// All that went to a peer, in one RPC.
    func sent(to peer: PeerHandle) -> GossipRPC {
        var all = GossipRPC()
        for case .send(peer, let bytes, _, message: _) in self {
            guard let rpc = try? GossipRPC(bytes: bytes) else { continue }
            all.subscriptions += rpc.subscriptions
            all.messages += rpc.messages
            all.have += rpc.have
            all.want += rpc.want
            all.graft += rpc.graft
            all.prune += rpc.prune
            all.dontWant += rpc.dontWant
        }
        return all
    }

    /// Peers that got a message whole.
    func pushed() -> [PeerHandle] {
        compactMap { if case .send(let peer, _, _, message: .some) = $0 { peer } else { nil } }.sorted()
    }

    /// Peers that were told of a message.
    func told(_ peers: [PeerHandle]) -> [PeerHandle] { peers.filter { !sent(to: $0).have.isEmpty } }

    var drops: [GossipDrop] { compactMap { if case .dropped(_, _, let why) = $0 { why } else { nil } } }

    var graylisted: [(peer: PeerHandle, why: ScoreReport)] {
        compactMap { if case .graylisted(let peer, let why) = $0 { (peer, why) } else { nil } }
    }

    var validated: [MessageID] {
        compactMap { if case .validate(let id, _, _, from: _) = $0 { id } else { nil } }
    }
}
