import Foundation
import NIOCore
import NodeCrypto
import NodeDomain
import P2PCore
import P2PTransport

/// A node: what comes from the transport goes to gossip, and back.
///
/// `@unchecked Sendable`: after `init` it is used on the transport's loop alone.
final class RigNode: @unchecked Sendable {
    static let gossipProtocols = ["/meshsub/1.2.0", "/meshsub/1.1.0"]
    static let echo = "/spacenode/rig/echo/1"
    private static let largestMessage = 4 << 20

    let own: PeerID
    let options: NodeOptions
    private(set) var transport: Transport
    var gossip: Gossip
    var links: [PeerHandle: RigLink] = [:]
    private var lastStream: UInt32 = 0
    /// What a planted leak keeps.
    private var kept: [[UInt8]] = []

    init(_ options: NodeOptions) throws {
        self.options = options
        let identity = PeerIdentity(key: try options.key())
        own = identity.id
        let about = Identify(
            peer: own, protocolVersion: "spacenode/rig", agentVersion: "spacenode-rig/1",
            protocols: Self.gossipProtocols + [Self.echo, Identify.name, "/ipfs/ping/1.0.0"])
        var parameters = GossipParameters()
        if options.plant == .noIdontwant { parameters.tellsUnwanted = false }
        let microseconds = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        gossip = Gossip(
            parameters, signing: options.unsigned ? .none : .all(identity, sequence: microseconds),
            seed: microseconds)
        let relay = Relay()
        guard
            let transport = Transport(
                try options.settings(about), identity: identity, onEvent: { relay.node?.take($0) })
        else { throw RigFault("no random bytes") }
        self.transport = transport
        relay.node = self
        transport.run { [self] in
            for topic in options.topic { join(topic) }
        }
        beat(1_000) { $0.carryOut($0.gossip.handle(.heartbeat, now: $0.transport.now)) }
        beat(50) { $0.carryOut($0.gossip.handle(.tick, now: $0.transport.now)) }
    }

    private func beat(_ milliseconds: Int64, _ body: @escaping @Sendable (RigNode) -> Void) {
        transport.loop.scheduleRepeatedTask(
            initialDelay: .milliseconds(milliseconds), delay: .milliseconds(milliseconds)
        ) { [self] _ in body(self) }
    }

    func join(_ name: String) {
        guard let topic = TopicName(name) else { return }
        let rules = TopicRules(.block, largest: Self.largestMessage, spread: .push)
        carryOut(gossip.handle(.join(topic, rules), now: transport.now))
    }

    func nextStream() -> StreamHandle {
        lastStream += 1
        return StreamHandle(opening: lastStream)
    }

    /// The connection with a peer.
    func handle(of peer: String?) -> PeerHandle? {
        links.keys.sorted().last { links[$0]?.peer.text == peer }
    }

    // MARK: - What the transport says

    func take(_ event: TransportEvent) {
        switch event {
        case .connected(let peer, let id, let address, let isOutbound):
            links[peer] = RigLink(peer: id)
            Line(event: "connected", peer: id.text, address: address.text, outbound: isOutbound).say()
            openGossip(peer)
        case .connection(let peer, let action): take(action, of: peer)
        case .congested: break
        case .closed(let peer, let reason, _):
            let id = links[peer]?.peer.text
            links[peer] = nil
            if options.plant == .leak {
                kept.append([UInt8](repeating: 1, count: 65_536))
                _ = open("/dev/null", O_RDONLY)
            }
            carryOut(gossip.handle(.disconnected(peer), now: transport.now))
            Line(event: "closed", peer: id, why: "\(reason)", blame: "\(reason.blame)").say()
        case .dialFailed(let address, let fault):
            Line(event: "dial_failed", address: address.text, why: "\(fault)").say()
        case .strangerFailed(_, .displaced): break
        case .strangerFailed(let address, let reason):
            Line(event: "stranger_failed", address: address.text, why: "\(reason)", blame: "\(reason.blame)")
                .say()
        }
    }

    private func take(_ action: ConnectionAction, of peer: PeerHandle) {
        guard let link = links[peer] else { return }
        switch action {
        case .identified(let about):
            Line(
                event: "identified", peer: link.peer.text, agent: about.agentVersion,
                version: about.protocolVersion,
                protocols: about.protocols.sorted(), observed: about.observedAddress?.text
            ).say()
        case .opened(let stream, let name, let isInbound): opened(stream, name, isInbound, peer)
        case .refused(let stream, let fault): lost(stream, "\(fault)", peer)
        case .reset(let stream, let fault): lost(stream, "\(fault)", peer)
        case .data(let stream, let bytes): read(bytes, stream, peer)
        case .finished(let stream): finished(stream, peer)
        case .closed(let stream): link.streams[stream] = nil
        case .writable(let stream, let room):
            link.streams[stream]?.room = room
            flush(stream, peer)
        case .pong(let milliseconds): pong(milliseconds, peer)
        case .send, .secured, .close: break
        }
    }

    private func pong(_ milliseconds: UInt64, _ peer: PeerHandle) {
        guard let link = links[peer] else { return }
        link.pongs.append(milliseconds)
        guard link.pongs.count < link.pingsWanted else {
            Line(event: "pinged", peer: link.peer.text, ms: link.pongs).say()
            link.pongs = []
            return
        }
        transport.ping(peer)
    }

    // MARK: - What gossip says

    func carryOut(_ actions: [GossipAction]) {
        for action in actions {
            switch action {
            case .send(let peer, let rpc, _, _):
                guard let link = links[peer], let stream = link.gossip else { continue }
                write(Varint.bytes(UInt64(rpc.count)) + rpc, stream, peer)
            case .validate(let id, let topic, let data, let peer):
                Line(
                    event: "gossip", peer: links[peer]?.peer.text, topic: topic.text, count: data.count,
                    sha256: Hexadecimal.text(of: SHA2.sha256(data)), id: id.description
                ).say()
                carryOut(gossip.handle(.verdict(id, .accept), now: transport.now))
            case .graylisted(let peer, let report):
                Line(event: "graylisted", peer: links[peer]?.peer.text, why: "\(report)").say()
            case .dropped(let peer, let topic, let drop):
                Line(
                    event: "dropped", peer: peer.flatMap { links[$0]?.peer.text }, why: "\(drop)",
                    topic: topic.text
                ).say()
            case .withdraw, .candidates: break
            }
        }
    }
}

/// Where events go, once there is a node to take them.
///
/// `@unchecked Sendable`: it is set before anything is listened for or called.
private final class Relay: @unchecked Sendable {
    var node: RigNode?
}

/// A connection and its streams.
final class RigLink {
    let peer: PeerID
    var streams: [StreamHandle: RigStream] = [:]
    /// Ours for gossip.
    var gossip: StreamHandle?
    var pingsWanted = 1
    var pongs: [UInt64] = []

    init(peer: PeerID) { self.peer = peer }
}

/// One stream: what waits to be written, and what was read.
struct RigStream {
    enum Purpose {
        /// RPCs of the peer.
        case gossipIn(FrameReader)
        /// RPCs of ours.
        case gossipOut
        /// Everything back once the peer has finished.
        case echoServer
        /// What is expected back.
        case echoClient([UInt8])
        /// One that nobody should take.
        case unknown
    }

    var purpose: Purpose
    var waiting: [UInt8] = []
    var room = 0
    var finishes = false
    var read: [UInt8] = []
}
