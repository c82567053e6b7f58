import NodeDomain
import P2PCore
import Testing

@Suite("What a connection does by itself")
struct ServiceTests {
    private func about() throws -> Identify {
        Identify(
            peer: identity(2).id, protocolVersion: "spacenode/1.0.0", agentVersion: "spacenode/1",
            listenAddresses: [try Multiaddress(text: "/ip4/192.0.2.1/tcp/7513")],
            observedAddress: try Multiaddress(text: "/ip6/2001:db8::1/tcp/9"), protocols: [echo, Ping.name],
            signedPeerRecord: [1, 2, 3])
    }

    @Test("what is said of a side is what is read of it")
    func identify() throws {
        let about = try about()
        #expect(try Identify(bytes: about.bytes) == about)
        #expect(try Identify(bytes: Identify().bytes) == Identify())
        // Fields and addresses that are not known are passed over.
        var writer = FieldWriter()
        writer.number(99, 5)
        writer.bytes(2, [4, 1, 2, 3, 4, 0x91, 2, 0, 1])
        writer.bytes(7, [1])
        #expect(try Identify(bytes: writer.bytes + about.bytes) == about)
    }

    @Test("what is over the limits is refused or passed over")
    func identifyLimits() throws {
        #expect(throws: WireFault.self) { try Identify(bytes: [UInt8](repeating: 0, count: 8_193)) }
        var writer = FieldWriter()
        writer.text(6, String(repeating: "a", count: 257))
        #expect(throws: WireFault.tooLarge(257, limit: 256)) { try Identify(bytes: writer.bytes) }
        var list = FieldWriter()
        for number in 0..<200 { list.text(3, "/\(number)") }
        #expect(try Identify(bytes: list.bytes).protocols.count == Identify.mostProtocols)
        var key = FieldWriter()
        key.bytes(1, [8, 0, 0x12, 1, 1])
        #expect(throws: WireFault.self) { try Identify(bytes: key.bytes) }
        for count in 0..<(try about().bytes.count) {
            _ = try? Identify(bytes: Array(about().bytes[..<count]))
        }
    }

    @Test("both sides tell each other once, and nothing is left", arguments: 0..<8)
    func exchange(_ seed: UInt64) throws {
        var pair = Pair(about: try about())
        let other = try about()
        var expected = Identify()
        expected.agentVersion = "x"
        pair.sides[0] = Connection(
            role: .dialer(expected: identity(2).id), identity: identity(1), prologue: prologue, protocols: [],
            ephemeral: keys(11), about: expected)
        pair.pieces = seed == 0 ? .single : .random(SeededGenerator(seed: seed))
        pair.start()
        #expect(pair.said[0] == [.secured(identity(2).id), .identified(other)])
        #expect(pair.said[1] == [.secured(identity(1).id), .identified(expected)])
        #expect(pair.sides.map(\.streamCount) == [0, 0])
    }

    @Test("a key that is not the handshake's, a message over 8 KiB, or none in time")
    func badIdentify() throws {
        let wrong = Identify(peer: identity(3).id).bytes
        for message in [Varint.bytes(UInt64(wrong.count)) + wrong, Varint.bytes(8_193), [0x80, 0x00]] {
            var peer = try RawPeer(about: Identify())
            let text = Multistream.message(Multistream.header) + Multistream.message(Identify.name) + message
            try peer.send(YamuxFrame(.data, .acknowledge, stream: 2, length: UInt32(text.count)).bytes + text)
            guard case .identify? = peer.fault else { Issue.record("it was taken"); continue }
            #expect(peer.fault?.blame == .peer)
        }
        var silent = try RawPeer(about: Identify())
        let text = Multistream.message(Multistream.header) + Multistream.message(Identify.name)
        try silent.send(YamuxFrame(.data, .acknowledge, stream: 2, length: UInt32(text.count)).bytes + text)
        silent.now += 5_000
        silent.act(.tick)
        #expect(silent.connection.streamCount == 0)
        #expect(silent.fault == nil)
    }

    @Test("who does not say what it is when asked is not asked, and a side without identify is passed over")
    func noIdentify() throws {
        var peer = try RawPeer()
        try peer.open(1, Identify.name)
        #expect(try peer.frames().last?.data == Multistream.message("na"))
        #expect(peer.said.count == 1)
        var other = try RawPeer(about: Identify())
        let text = Multistream.message(Multistream.header) + Multistream.message("na")
        try other.send(YamuxFrame(.data, .acknowledge, stream: 2, length: UInt32(text.count)).bytes + text)
        #expect(other.connection.streamCount == 0)
        #expect(other.said.count == 1)
    }

    @Test("an echo is measured, one at a time")
    func ping() {
        var pair = Pair()
        pair.start()
        pair.act(0, .ping(Bytes32(1, 2, 3, 4)))
        pair.act(0, .ping(Bytes32(5, 6, 7, 8)))
        _ = pair.deliver(1)
        _ = pair.deliver(0)
        pair.now += 42
        pair.run()
        #expect(pair.said[0].last == .pong(42))
        #expect(pair.said[0].count == 2)
        #expect(pair.sides.map(\.streamCount) == [0, 0])
        pair.act(0, .ping(.zero))
        pair.run()
        #expect(pair.said[0].last == .pong(0))
    }

    @Test("a wrong echo is none, and one that does not come ends in time")
    func badPing() throws {
        var peer = try RawPeer(isDialer: false)
        peer.act(.ping(Bytes32(1, 2, 3, 4)))
        let text = Multistream.message(Multistream.header) + Multistream.message(Ping.name)
        try peer.send(YamuxFrame(.data, .acknowledge, stream: 1, length: UInt32(text.count)).bytes + text)
        try peer.send(YamuxFrame(.data, stream: 1, length: 2).bytes + [0, 1])
        #expect(peer.connection.streamCount == 0)
        peer.act(.ping(Bytes32(1, 2, 3, 4)))
        try peer.send(YamuxFrame(.data, .acknowledge, stream: 3, length: UInt32(text.count)).bytes + text)
        peer.now += 15_000
        peer.act(.tick)
        #expect(peer.connection.streamCount == 0)
        #expect(peer.said.count == 1)
    }

    @Test("every ping of the other side comes back")
    func echoes() throws {
        var peer = try RawPeer()
        try peer.open(1, Ping.name, bytes(32, seed: 1))
        for seed in 2...4 as ClosedRange<UInt64> {
            try peer.send(YamuxFrame(.data, stream: 1, length: 32).bytes + bytes(32, seed: seed))
        }
        let data = try peer.frames().flatMap(\.data)
        #expect(data.suffix(128) == (1...4).flatMap { bytes(32, seed: $0) }[...])
        try peer.send(YamuxFrame(.data, .finish, stream: 1))
        #expect(peer.connection.streamCount == 0)
    }

    @Test("who says nothing for 30 seconds is asked, and left 15 seconds later")
    func keepalive() throws {
        var peer = try RawPeer()
        #expect(peer.connection.nextDeadline == 31_000)
        peer.now = 31_000
        peer.act(.tick)
        #expect(try peer.frames().last?.frame == YamuxFrame(.ping, .open, stream: 0, length: 1))
        #expect(peer.connection.nextDeadline == 46_000)
        peer.now = 45_000
        try peer.send(YamuxFrame(.ping, .acknowledge, stream: 0, length: 1))
        #expect(peer.connection.nextDeadline == 75_000)
        peer.now = 75_000
        peer.act(.tick)
        // Bytes that make no message are no answer.
        peer.now = 89_999
        peer.act(.received([0]))
        peer.act(.tick)
        #expect(peer.fault == nil)
        peer.now = 90_000
        peer.act(.tick)
        #expect(peer.said.last == .close(.silent))
    }

    @Test("who takes its leave may finish its streams, for five seconds")
    func goAway() throws {
        var pair = Pair()
        pair.start()
        let handle = StreamHandle(opening: 1)
        pair.act(0, .open(handle, protocols: [echo]))
        pair.run()
        pair.act(0, .close(.normal))
        pair.run()
        #expect(pair.fault(0) == .wanted(.normal))
        #expect(pair.fault(1) == nil)
        pair.act(1, .open(StreamHandle(opening: 7), protocols: [echo]))
        #expect(pair.said[1].last == .refused(StreamHandle(opening: 7), .notNow))
        #expect(pair.sides[1].nextDeadline == 6_000)
        var slow = pair
        slow.now += 5_000
        slow.act(1, .tick)
        #expect(slow.fault(1) == .goneAway(0))
        pair.act(1, .reset(pair.inbound(1)[0]))
        #expect(pair.fault(1) == .goneAway(0))
        #expect(pair.fault(1)?.blame == .nobody)
        // Without streams, and with a reason, it is over at once.
        for code in 0...2 as ClosedRange<UInt32> {
            var peer = try RawPeer()
            if code > 0 { try peer.open(1) }
            try peer.send(YamuxFrame(.goAway, stream: 0, length: code))
            #expect(peer.said.last == .close(.goneAway(code)))
        }
    }
}
