import NodeDomain
import P2PCore
import P2PTransport
import Synchronization
import Testing

@Suite("Transport over loopback", .serialized)
struct TransportTests {
    private let stream = StreamHandle(opening: 1)

    @Test("two nodes know each other, and either end is told")
    func connect() async throws {
        let (caller, called) = (try Probe(), try Probe())
        let address = try await called.listen()
        try caller.transport.dial(address)
        let peer = try await caller.connected()
        _ = try await called.connected()
        #expect(caller.events.contains(.connected(peer, called.id, address, isOutbound: true)))
        let seen = try await called.wait { event -> (PeerID, Bool)? in
            guard case .connected(_, let id, _, let isOutbound) = event else { return nil }
            return (id, isOutbound)
        }
        #expect(seen.0 == caller.id)
        #expect(!seen.1)
        let about = try await called.wait { event -> Identify? in
            guard case .connection(_, .identified(let about)) = event else { return nil }
            return about
        }
        #expect(about.agentVersion == "probe")
        #expect(about.observedAddress?.port == address.port)
        try caller.transport.close(peer, .normal)
        #expect(try await caller.closed() == .fault(.wanted(.normal)))
        #expect([.fault(.goneAway(0)), .fault(.ended)].contains(try await called.closed()))
        try await caller.stop()
        try await called.stop()
    }

    @Test("somebody else, another network and nobody are told apart")
    func failures() async throws {
        let (caller, called) = (try Probe(), try Probe())
        let address = try await called.listen()
        try caller.transport.dial(Multiaddress(address.host, port: address.port, peer: caller.id))
        // It would be ourselves there.
        guard case .refused(.fault(.handshake(.otherPeer(let other)))) = try await caller.dialFault() else {
            return #expect(Bool(false), "\(caller.events)")
        }
        #expect(other == called.id)
        let foreign = try Probe(prologue: [2])
        try foreign.transport.dial(address)
        #expect(try await foreign.dialFault() == .refused(.fault(.handshake(.forged))))
        let lonely = try Probe()
        try lonely.transport.dial(try Multiaddress(text: "/ip4/127.0.0.1/tcp/1"))
        guard case .unreachable = try await lonely.dialFault() else {
            return #expect(Bool(false), "\(lonely.events)")
        }
        for probe in [caller, called, foreign, lonely] { try await probe.stop() }
    }

    @Test("names are looked up, and one that is none fails")
    func names() async throws {
        let (caller, called) = (try Probe(), try Probe())
        let address = try await called.listen()
        try caller.transport.dial(Multiaddress(.dns4("localhost"), port: address.port, peer: called.id))
        _ = try await caller.connected()
        try caller.transport.dial(try Multiaddress(text: "/dns4/nobody.invalid/tcp/1"))
        #expect(try await caller.dialFault() == .unknownName("nobody.invalid"))
        #expect(try await caller.transport.counts().dialling == 0)
        try await caller.stop()
        try await called.stop()
    }

    @Test("three megabytes of a stream arrive as they were, by the room there is")
    func transfer() async throws {
        let total = 3_000_000
        let stream = stream
        let sent = Mutex(0)
        let got = Mutex<[UInt8]>([])
        let called = try Probe(answer: { transport, event in
            guard case .connection(let peer, .data(let stream, let bytes)) = event else { return }
            got.withLock { $0 += bytes }
            transport.consumed(bytes.count, on: stream, to: peer)
        })
        let caller = try Probe(answer: { transport, event in
            guard case .connection(let peer, .writable(stream, let room)) = event else { return }
            let part = sent.withLock { sent in
                let part = (sent..<min(sent + room, total)).map { UInt8(truncatingIfNeeded: $0 / 251) }
                sent += part.count
                return part
            }
            if !part.isEmpty { transport.write(part, on: stream, to: peer) }
            if sent.withLock({ $0 }) == total { transport.finish(stream, to: peer) }
        })
        try caller.transport.dial(try await called.listen())
        let peer = try await caller.connected()
        try caller.transport.open(stream, to: peer, protocols: ["/test/1"])
        _ = try await called.wait { if case .connection(_, .finished) = $0 { true } else { nil } }
        let bytes = got.withLock { $0 }
        #expect(bytes.count == total)
        #expect(bytes.indices.allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: $0 / 251) })
        let counts = try await caller.transport.counts()
        #expect(counts.traffic.sent > UInt64(total))
        #expect(try await caller.transport.traffic()[peer]?.sent == counts.traffic.sent)
        try await caller.stop()
        try await called.stop()
    }

    @Test("no event comes while a call is being made")
    func order() async throws {
        let stream = stream
        let depth = Mutex((now: 0, most: 0))
        let caller = try Probe(answer: { transport, event in
            depth.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            if case .connected(let peer, _, _, _) = event {
                // Both are refused at once.
                transport.open(stream, to: peer, protocols: ["/test/1"])
                transport.open(stream, to: peer, protocols: ["/test/1"])
            }
            depth.withLock { $0.now -= 1 }
        })
        let called = try Probe()
        try caller.transport.dial(try await called.listen())
        _ = try await caller.wait { event -> Bool? in
            guard case .connection(_, .refused(stream, .taken)) = event else { return nil }
            return true
        }
        let peer = try await caller.connected()
        let transport = try caller.transport
        transport.run {
            let before = caller.events.count
            transport.close(peer, .normal)
            #expect(caller.events.count == before)
        }
        _ = try await caller.closed()
        #expect(depth.withLock { $0.most } == 1)
        try await caller.stop()
        try await called.stop()
    }

    @Test("the gate is asked, and silent strangers do not crowd it")
    func door() async throws {
        let closed = try Probe(settings: { $0.admits = { _ in false } })
        let caller = try Probe()
        try caller.transport.dial(try await closed.listen())
        _ = try await caller.dialFault()
        #expect(try await closed.transport.counts().refusedByGate == 1)
        let narrow = try Probe(settings: { $0.connections = 1 })
        let address = try await narrow.listen()
        let first = try Probe()
        try first.transport.dial(address)
        _ = try await first.connected()
        let second = try Probe()
        try second.transport.dial(address)
        _ = try await second.dialFault()
        #expect(try await narrow.transport.counts().refusedOfAll == 1)
        for probe in [closed, caller, narrow, first, second] { try await probe.stop() }
    }

    @Test("what is stopped ends for the others, and stays stopped")
    func stopping() async throws {
        let (caller, called) = (try Probe(), try Probe())
        try caller.transport.dial(try await called.listen())
        _ = try await called.connected()
        try await caller.stop()
        _ = try await called.closed()
        #expect(try await called.transport.counts().connections == 0)
        try await called.stop()
    }
}
