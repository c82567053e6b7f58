internal import NIOCore
internal import NodeBus
internal import NodeDomain
internal import P2PCore
internal import P2PTransport

/// What peers sent, for the node to judge.
enum PeerWord: Sendable {
    /// A message of a topic, which waits for its verdict.
    case topic(MessageID, NetworkTopic, [UInt8], from: PeerHandle)
    /// A message for this node alone.
    case direct(DirectMessage, from: PeerHandle)
    /// A peer like this node came.
    case joined(PeerHandle, PeerID)
    /// It is gone.
    case left(PeerHandle, PeerID)
}

/// The network's decisions beside its connections: everything happens on the transport's event loop.
///
/// `@unchecked Sendable`: `node` is used on the loop alone.
final class NetworkHub: @unchecked Sendable {
    /// Words of peers that wait for the node.
    private static let mostWords = 8_192

    private var node: P2PNode
    private var transport: Transport?
    private var pings: UInt64 = 0
    private let words: AsyncStream<PeerWord>.Continuation
    private let answers: AsyncStream<RequestAction>.Continuation
    /// What peers sent, in order.
    let received: AsyncStream<PeerWord>
    /// What came of requests, and peers' questions, in order; as many as requests have room for.
    let requested: AsyncStream<RequestAction>

    init(_ settings: P2PNode.Settings, seed: UInt64) {
        node = P2PNode(settings, seed: seed)
        (received, words) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWords))
        (requested, answers) = AsyncStream.makeStream()
    }

    /// Protocols that connections take.
    var protocols: [String] { node.protocols }
    /// Those whose streams live as long as the connection.
    var lastingProtocols: [String] { node.lastingProtocols }

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
        case .congested, .strangerFailed: break
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
        case .validate(let id, let topic, let bytes, let peer):
            // What does not fit is told of nobody, and judged by nobody.
            if case .dropped = words.yield(.topic(id, topic, bytes, from: peer)) {
                perform(.verdict(id, .ignore, microseconds: 0))
            }
        case .received(let peer, let message): words.yield(.direct(message, from: peer))
        case .request(let action): answers.yield(action)
        case .joined(let handle, let peer): words.yield(.joined(handle, peer))
        case .left(let handle, let peer): words.yield(.left(handle, peer))
        }
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
