internal import Foundation
internal import NIOCore
internal import NodeBus
internal import NodeDomain
internal import P2PCore
internal import P2PTransport

/// What peers sent, for the node to judge.
enum PeerWord: Sendable {
    /// A message of a topic, which waits for its verdict.
    case topic(MessageID, [UInt8], from: PeerHandle)
    /// A message for this node alone.
    case direct(DirectMessage, from: PeerHandle)
    /// A peer like this node is gone.
    case left(PeerID)
}

/// `P2PNode` on the transport's event loop: what connections say goes in, what the node wants done is done, and what is
/// for others waits in two streams that somebody reads.
///
/// Times are the transport's: milliseconds since the machine's start.
///
/// `@unchecked Sendable`: everything that changes is used on the loop alone, once `begin` has returned.
final class NetworkHub: @unchecked Sendable {
    /// Words of peers that wait for the node.
    private static let mostWords = 8_192

    private var node: P2PNode
    private var transport: Transport?
    /// What is said of this node on connections.
    private var about: Identify
    private let identity: PeerIdentity
    private var pings: UInt64 = 0
    private let words: AsyncStream<PeerWord>.Continuation
    private let answers: AsyncStream<RequestAction>.Continuation
    /// What peers sent, in order.
    let received: AsyncStream<PeerWord>
    /// What came of requests, and peers' questions, in order; as many as requests have room for.
    let requested: AsyncStream<RequestAction>

    /// Milliseconds of the clock that all times are of.
    static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    init(_ settings: P2PNode.Settings, _ identity: PeerIdentity, memory: PeerMemory?, seed: UInt64) {
        node = P2PNode(settings, memory: memory, seed: seed, now: Self.now)
        self.identity = identity
        about = Identify(peer: identity.id, protocolVersion: "spacenode/1", agentVersion: "spacenode")
        about.listenAddresses = settings.announced
        about.protocols = node.protocols
        (received, words) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWords))
        (requested, answers) = AsyncStream.makeStream()
    }

    /// What the transport needs to know, before it begins.
    func transportSettings(_ genesis: [UInt8]) -> TransportSettings {
        var settings = TransportSettings(prologue: genesis, protocols: node.protocols, about: about)
        settings.limits.lasting = Set(node.lastingProtocols)
        return settings
    }

    /// Begins, with the transport whose events come here; before anything else is asked.
    func begin(_ transport: Transport) {
        self.transport = transport
        let loop = transport.loop
        _ = loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) {
            [self] _ in
            perform(.tick)
            pings += 1
            // Each half minute.
            if pings % 300 == 0 { for peer in node.peers(now: transport.now) { transport.ping(peer.handle) } }
        }
    }

    /// Ends the words of peers.
    func end() {
        words.finish()
        answers.finish()
    }

    /// Something happens; from any thread.
    func post(_ event: NodeEvent) {
        transport?.run { [self] in perform(event) }
    }

    /// Asks the node something on its loop.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (P2PNode, UInt64) -> Value) async throws
        -> Value
    {
        guard let transport else { throw NetworkFault.notReady }
        return try await transport.loop.submit { [self] in question(node, transport.now) }.get()
    }

    /// What happened on a connection; on the loop.
    func take(_ event: TransportEvent) {
        switch event {
        case .connected(let handle, let peer, let address, let isOutbound):
            transport?.ping(handle)
            perform(.linked(handle, peer, address, isOutbound: isOutbound))
        case .connection(let handle, let action): perform(.connection(handle, action))
        case .closed(let handle, let reason, _):
            perform(.unlinked(handle, "\(reason)", isBlamed: reason.blame == .peer))
        case .dialFailed(let address, let fault): perform(.unreached(address, "\(fault)"))
        case .congested(let handle, let isCongested): perform(.congested(handle, isCongested))
        case .strangerFailed: break
        }
    }

    private func perform(_ event: NodeEvent) {
        guard let transport else { return }
        for action in node.handle(event, now: transport.now) { perform(action, transport) }
    }

    private func perform(_ action: NodeAction, _ transport: Transport) {
        switch action {
        case .dial(let address): transport.dial(address)
        case .connection(let handle, let event): transport.feed(event, to: handle)
        case .validate(let id, _, let bytes, let peer):
            // What does not fit is told of nobody, and judged by nobody.
            if case .dropped = words.yield(.topic(id, bytes, from: peer)) {
                perform(.verdict(id, .ignore, microseconds: 0))
            }
        case .received(let peer, let message): words.yield(.direct(message, from: peer))
        case .request(let action): answers.yield(action)
        case .advertise(let addresses): advertise(addresses, transport)
        case .left(_, let peer): words.yield(.left(peer))
        }
    }

    /// Says on new connections where this node is, under its key.
    private func advertise(_ addresses: [Multiaddress], _ transport: Transport) {
        // Rises from run to run, as a clock does that is not set back.
        let number = UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
        about.listenAddresses = addresses
        about.signedPeerRecord =
            SignedPeerRecord(of: identity, number: number, addresses: addresses)?.bytes
        transport.say(about)
    }
}

/// Why the network cannot answer.
enum NetworkFault: Error, CustomStringConvertible {
    /// It is not known yet which network it is.
    case notReady

    var description: String {
        "the network is not open yet, as the ledger has not said which chain it is: ask again in a moment"
    }
}
