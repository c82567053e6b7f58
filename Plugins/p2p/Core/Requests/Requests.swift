/// Requests between peers, both ways: each on a stream of its own, a question one way and things the other.
///
/// A value without sockets or clock. It opens streams with numbers from 16 on; whoever composes it passes on what connections say of streams
/// that it `owns`, and of those that peers open for a protocol that it `takes`.
package struct Requests: Sendable {
    private let names: [(kind: RequestKind, name: String)]
    private var client = RequestClient()
    private var server: RequestServer

    /// Without requests.
    ///
    /// - Parameters:
    ///   - network: the first 8 hexadecimal digits of the genesis id.
    ///   - budget: what answers may take of the line; a quarter of what the node may send.
    package init(network: String, budget: RequestBudget) {
        names = RequestKind.allCases.map { ($0, $0.name(network)) }
        server = RequestServer(budget)
    }

    /// Protocols that connections must take.
    package var protocols: [String] { names.map(\.name) }

    /// Requests under way, of this node.
    package var asking: Int { client.count }
    /// Requests under way, of peers.
    package var serving: Int { server.count }
    /// Bytes of answers that wait to be sent.
    package var waiting: Int { server.waiting }

    /// Whether a stream that a peer opened for a protocol is for this.
    package func takes(_ protocolName: String) -> Bool { kind(protocolName) != nil }

    /// Whether a stream is of this.
    package func owns(_ peer: PeerHandle, _ stream: StreamHandle) -> Bool {
        stream.isInbound ? server.owns(peer, stream) : client.owns(peer, stream)
    }

    /// Takes an event; returns what is to be done, in order.
    package mutating func handle(_ event: RequestEvent, now: UInt64) -> [RequestAction] {
        switch event {
        case .ask(let id, let peer, let question): return ask(id, peer, question, now)
        case .cancel(let id): return client.cancel(id)
        case .connection(let peer, let action): return take(action, peer, now)
        case .left(let peer): return client.left(peer) + server.left(peer)
        case .provide(let id, let items, let isLast):
            return server.provide(id, items, isLast: isLast, now)
        case .refuse(let id): return server.refuse(id, now)
        case .tick: return client.tick(now) + server.tick(now)
        }
    }

    private mutating func ask(
        _ id: RequestID, _ peer: PeerHandle, _ question: Question, _ now: UInt64
    ) -> [RequestAction] {
        guard question.kind == id.kind, question.count > 0, question.count <= id.kind.mostItems,
            let name = names.first(where: { $0.kind == id.kind })?.name
        else { return [.failed(id, .unsupported)] }
        let actions = client.ask(id, peer, question, now)
        guard actions.isEmpty, let stream = client.stream(of: id) else { return actions }
        return [.connection(peer, .open(stream, protocols: [name]))]
    }

    private mutating func take(
        _ action: ConnectionAction, _ peer: PeerHandle, _ now: UInt64
    ) -> [RequestAction] {
        if case .opened(let stream, let name, inbound: true) = action {
            guard let kind = kind(name) else { return [] }
            return server.open(kind, peer, stream, now)
        }
        return action.stream?.isInbound == true
            ? server.take(action, peer, now) : client.take(action, peer, now)
    }

    private func kind(_ name: String) -> RequestKind? { names.first { $0.name == name }?.kind }
}

extension ConnectionAction {
    /// The stream that it is about; nil: none.
    var stream: StreamHandle? {
        switch self {
        case .opened(let stream, _, _), .refused(let stream, _), .data(let stream, _), .finished(let stream),
            .reset(let stream, _), .closed(let stream), .writable(let stream, _):
            stream
        case .send, .secured, .identified, .pong, .close: nil
        }
    }
}
