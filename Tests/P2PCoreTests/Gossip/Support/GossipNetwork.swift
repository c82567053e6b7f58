import Foundation
import P2PCore
import NodeDomain
import TestSupport

/// How a simulated network is.
struct NetworkProfile {
    var nodes = 24
    /// Others that each node dials.
    var dialled = 5
    /// One way, median milliseconds; lognormal.
    var latency = 55.0
    /// Bytes a second that leave a node: 10 Mbit/s.
    var uplink = 1_250_000.0
    /// Of segments of 1,400 bytes; a lost one comes later, and all behind it.
    var loss = 0.0
    /// Milliseconds until a verdict.
    var validation: UInt64 = 5
    /// Whether nodes know each other as nodes of this program.
    var areOurs = true
    /// Those that are no honest nodes; they have connections, and the test speaks for them.
    var attackers = 0
    /// Bytes around an RPC: length, yamux header, Noise.
    var framing = 32
    var seed: UInt64 = 1
    var parameters = GossipParameters()
}

/// Honest nodes with the production's gossip, and lines between them: virtual time, one seed.
///
/// The first byte of a message is its verdict.
final class GossipNetwork {
    enum Event {
        case arrives(Int, from: Int, [UInt8])
        case free(Int)
        case judged(Int, MessageID, Verdict)
        case heartbeat(Int)
        case tick(Int)
        case act(@Sendable (GossipNetwork) -> Void)
    }

    let profile: NetworkProfile
    private(set) var now: UInt64 = 0
    private(set) var nodes: [Gossip]
    private(set) var links: [[Int]]
    private var uplinks: [Uplink]
    private var arrivals: [[Int: UInt64]]
    private var latencies: [[Int: UInt64]]
    private var ticks: [UInt64]
    private var queue = EventQueue<Event>()
    private var random: SplitMix
    /// Bytes that came, framing included, and bytes of messages that were new.
    var received: [UInt64]
    var unique: [UInt64]
    /// When each node accepted each message; microseconds.
    var accepted: [[MessageID: UInt64]]
    var published: [MessageID: (time: UInt64, by: Int)] = [:]
    /// Who graylisted whom, and when.
    var graylisted: [(time: UInt64, by: Int, whom: Int, why: ScoreReport)] = []
    var drops: [GossipDrop: Int] = [:]
    var rpcs = 0

    init(_ profile: NetworkProfile) {
        self.profile = profile
        random = SplitMix(seed: profile.seed)
        let count = profile.nodes + profile.attackers
        nodes = (0..<count).map { Gossip(profile.parameters, seed: profile.seed &* 1_000 &+ UInt64($0)) }
        links = Array(repeating: [], count: count)
        uplinks = Array(repeating: Uplink(), count: count)
        arrivals = Array(repeating: [:], count: count)
        latencies = Array(repeating: [:], count: count)
        ticks = Array(repeating: .max, count: count)
        received = Array(repeating: 0, count: count)
        unique = Array(repeating: 0, count: count)
        accepted = Array(repeating: [:], count: count)
        connectAll()
        for node in 0..<profile.nodes {
            queue.add(.heartbeat(node), at: UInt64(random.below(1_000_000)))
        }
    }

    // MARK: - Building

    private func connectAll() {
        for node in nodes.indices {
            var others = nodes.indices.filter { $0 != node && !links[node].contains($0) }
            others.shuffle(using: &random)
            let wanted = node < profile.nodes ? profile.dialled : 2 * profile.dialled
            for other in others.prefix(wanted) where node < profile.nodes || other < profile.nodes {
                connect(node, other)
            }
        }
    }

    private func connect(_ node: Int, _ other: Int) {
        links[node].append(other)
        links[other].append(node)
        let latency = min(300, profile.latency * exp(0.5 * gaussian()))
        (latencies[node][other], latencies[other][node]) = (UInt64(latency * 1_000), UInt64(latency * 1_000))
        for (own, its) in [(node, other), (other, node)] {
            let id = PeerID(publicKey: Bytes32(9, 9, 9, UInt64(its)))
            let traits = PeerTraits(
                id, isOurs: profile.areOurs && its < profile.nodes && own < profile.nodes,
                isOutbound: own == node)
            feed(own, .connected(handle(its), traits))
        }
    }

    private func gaussian() -> Double {
        let first = (Double(random.next() >> 11) + 1) / Double(1 << 53)
        let second = Double(random.next() >> 11) / Double(1 << 53)
        return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
    }

    func handle(_ node: Int) -> PeerHandle { PeerHandle(value: UInt64(node + 1)) }

    func joinAll(_ topic: TopicName, _ rules: TopicRules) {
        for node in 0..<profile.nodes { feed(node, .join(topic, rules)) }
    }

    // MARK: - Running

    /// Runs what happens until then; milliseconds.
    func run(until end: UInt64) {
        while let (time, event) = queue.take(until: end * 1_000) {
            now = time
            handle(event)
        }
        now = end * 1_000
    }

    func at(_ time: UInt64, _ act: @escaping @Sendable (GossipNetwork) -> Void) {
        queue.add(.act(act), at: time * 1_000)
    }

    /// Publishes bytes that all accept, from a node.
    func publish(_ topic: TopicName, _ data: [UInt8], from node: Int) {
        let id = MessageID(topic: topic, data: data)
        published[id] = (now, node)
        accepted[node][id] = now
        feed(node, .publish(topic, data))
    }

    /// An attacker's RPC; its line is as fast as it likes.
    func inject(_ rpc: GossipRPC, from node: Int, to peer: Int) {
        queue.add(.arrives(peer, from: node, rpc.bytes), at: now + (latencies[node][peer] ?? 0))
    }

    func resetFigures() {
        for node in nodes.indices { (received[node], unique[node]) = (0, 0) }
    }

    private func handle(_ event: Event) {
        switch event {
        case .arrives(let node, let from, let bytes):
            received[node] += UInt64(bytes.count + profile.framing)
            rpcs += 1
            if node < profile.nodes { feed(node, .received(handle(from), bytes)) }
        case .free(let node):
            uplinks[node].isBusy = false
            kick(node)
        case .judged(let node, let id, let verdict):
            if verdict == .accept { accepted[node][id] = now }
            feed(node, .verdict(id, verdict, microseconds: 500))
        case .heartbeat(let node):
            feed(node, .heartbeat)
            queue.add(.heartbeat(node), at: now + 1_000_000)
        case .tick(let node):
            ticks[node] = .max
            feed(node, .tick)
        case .act(let act): act(self)
        }
    }

    private func feed(_ node: Int, _ event: GossipEvent) {
        guard node < profile.nodes else { return }
        for action in nodes[node].handle(event, now: now / 1_000) { follow(node, action) }
        kick(node)
        if let next = nodes[node].nextTick, next < ticks[node] {
            ticks[node] = next
            queue.add(.tick(node), at: max(now, next * 1_000))
        }
    }

    private func follow(_ node: Int, _ action: GossipAction) {
        switch action {
        case .send(let peer, let bytes, let order, let message):
            uplinks[node].add(.init(peer: Int(peer.value) - 1, bytes: bytes, message: message), order)
        case .withdraw(let peer, let id):
            guard let bytes = uplinks[node].withdraw(id, Int(peer.value) - 1) else { return }
            for action in nodes[node].handle(.unsent(peer, id, bytes: bytes), now: now / 1_000) {
                follow(node, action)
            }
        case .validate(let id, _, let data, from: _):
            unique[node] += UInt64(data.count)
            let verdict: Verdict = data.first == 1 ? .reject : data.first == 2 ? .ignore : .accept
            queue.add(.judged(node, id, verdict), at: now + profile.validation * 1_000)
        case .graylisted(let peer, let why): graylisted.append((now, node, Int(peer.value) - 1, why))
        case .candidates: break
        case .dropped(_, _, let reason): drops[reason, default: 0] += 1
        }
    }

    /// Sends the next item, when the line is free.
    private func kick(_ node: Int) {
        guard !uplinks[node].isBusy, let item = uplinks[node].take() else { return }
        uplinks[node].isBusy = true
        let bytes = Double(item.bytes.count + profile.framing)
        let left = now + UInt64(bytes / profile.uplink * 1_000_000)
        queue.add(.free(node), at: left)
        var arrival = left + (latencies[node][item.peer] ?? 0)
        arrival += delayOfLoss(item.bytes.count, latencies[node][item.peer] ?? 0)
        arrival = max(arrival, arrivals[node][item.peer] ?? 0)
        arrivals[node][item.peer] = arrival
        queue.add(.arrives(item.peer, from: node, item.bytes), at: arrival)
    }

    /// What lost segments cost: a round trip for each 64 KiB in which one is lost, and a timer where too little
    /// follows it to tell.
    private func delayOfLoss(_ bytes: Int, _ latency: UInt64) -> UInt64 {
        guard profile.loss > 0 else { return 0 }
        var delay: UInt64 = 0
        for start in stride(from: 0, to: max(1, bytes), by: 65_536) {
            let segments = 1 + min(65_536, bytes - start) / 1_400
            let isWhole = (0..<segments).allSatisfy { _ in
                Double(random.below(1_000_000)) >= profile.loss * 1e6
            }
            if !isWhole { delay += 2 * latency + (segments < 4 ? 200_000 : 0) }
        }
        return delay
    }
}
