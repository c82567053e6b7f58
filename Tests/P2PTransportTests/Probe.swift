import NodeCrypto
import NodeDomain
import P2PCore
import P2PTransport
import Synchronization
import Testing

/// A transport whose events are kept, and which may answer them.
final class Probe: Sendable {
    typealias Answer = @Sendable (Transport, TransportEvent) -> Void

    private struct State {
        var events: [TransportEvent] = []
        var transport: Transport?
    }

    private let state = Mutex(State())
    let id: PeerID

    init(
        prologue: [UInt8] = [1], protocols: [String] = ["/test/1"],
        settings change: (inout TransportSettings) -> Void = { _ in }, answer: @escaping Answer = { _, _ in }
    ) throws {
        var seed = Secrets.random(Bytes32.count)
        let key = try #require(SigningKey(seed: SecretBytes(taking: &seed)))
        let identity = PeerIdentity(key: key)
        id = identity.id
        var settings = TransportSettings(
            prologue: prologue, protocols: protocols,
            about: Identify(peer: identity.id, agentVersion: "probe", protocols: protocols))
        change(&settings)
        let relay = Relay()
        let transport = try #require(
            Transport(settings, identity: identity) { event in
                relay.probe.withLock { $0 }?.take(event, answer)
            })
        state.withLock { $0.transport = transport }
        relay.probe.withLock { $0 = self }
    }

    private final class Relay: Sendable {
        let probe = Mutex<Probe?>(nil)
    }

    private func take(_ event: TransportEvent, _ answer: Answer) {
        let transport = state.withLock { state in
            state.events.append(event)
            return state.transport
        }
        if let transport { answer(transport, event) }
    }

    var transport: Transport {
        get throws { try #require(state.withLock { $0.transport }) }
    }

    var events: [TransportEvent] { state.withLock { $0.events } }

    /// The first event of a kind; fails when it does not come within ten seconds.
    func wait<Found: Sendable>(_ find: (TransportEvent) -> Found?) async throws -> Found {
        for _ in 0..<1_000 {
            if let found = events.lazy.compactMap(find).first { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Missing(events: "\(events.suffix(5))")
    }

    /// Listens on a port of its own; the address says who is there.
    func listen() async throws -> Multiaddress {
        let bound = try await transport.listen(on: Multiaddress(text: "/ip4/127.0.0.1/tcp/0"))
        return Multiaddress(bound.host, port: bound.port, peer: id)
    }

    /// Its only connection.
    func connected() async throws -> PeerHandle {
        try await wait { if case .connected(let peer, _, _, _) = $0 { peer } else { nil } }
    }

    func closed() async throws -> CloseReason {
        try await wait { if case .closed(_, let reason, _) = $0 { reason } else { nil } }
    }

    func dialFault() async throws -> DialFault {
        try await wait { if case .dialFailed(_, let fault) = $0 { fault } else { nil } }
    }

    func stop() async throws { try await transport.stop() }
}

struct Missing: Error {
    let events: String
}
