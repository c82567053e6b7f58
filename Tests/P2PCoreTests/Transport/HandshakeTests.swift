import NodeCrypto
import NodeDomain
import P2PCore
import Testing

@Suite("Handshake of a connection")
struct HandshakeTests {
    @Test("both sides learn who is there, whatever the pieces are", arguments: 0..<42)
    func pieces(_ number: Int) {
        var pair = Pair(about: Identify(agentVersion: "spacenode"))
        switch number {
        case 0: pair.pieces = .whole
        case 1: pair.pieces = .single
        default: pair.pieces = .random(SeededGenerator(seed: UInt64(number)))
        }
        pair.start()
        for side in 0...1 {
            #expect(pair.said[side].first == .secured(identity(UInt8(2 - side)).id))
            #expect(pair.said[side].count == 2)
            #expect(pair.said[side].last == .identified(Identify(agentVersion: "spacenode")))
            #expect(pair.sides[side].peer == identity(UInt8(2 - side)).id)
        }
    }

    @Test("the muxer is agreed on inside of the handshake: nothing of it is sent behind it")
    func inlined() {
        var pair = Pair()
        pair.start()
        // Dialer: header, question, two messages; listener: header, answer, one message.
        #expect(pair.sent[1].count == 20 + 8 + (2 + 32) + (2 + 48 + 120 + 16))
        #expect(pair.sent[0].count == 20 + 8 + (2 + 32 + 48 + 120 + 16))
    }

    @Test("whom the dialer did not mean, it does not talk to")
    func wrongPeer() {
        var pair = Pair(expected: identity(3).id)
        pair.start()
        #expect(pair.fault(0) == .handshake(.otherPeer(identity(2).id)))
        #expect(pair.fault(0)?.blame == .nobody)
        #expect(!pair.said[1].contains { if case .secured = $0 { true } else { false } })
        // The dialer's identity was not told.
        #expect(pair.sent[1].count == 20 + 8 + 34)
    }

    @Test("whom the dialer calls without a name is anybody; ourselves is nobody")
    func anybody() {
        var pair = Pair(expected: .some(nil))
        pair.start()
        #expect(pair.said[0] == [.secured(identity(2).id)])
        var own = Pair(listener: 1)
        own.start()
        #expect(own.fault(0) == .handshake(.ourselves))
    }

    @Test("networks with another prologue end in the handshake")
    func prologues() {
        for other in [[], prologue + [0], Array(prologue.dropLast()), bytes(40, seed: 1)] {
            var pair = Pair(prologues: [prologue, other])
            pair.start()
            #expect(pair.fault(0) == .handshake(.forged))
            #expect(pair.fault(0)?.blame == .nobody)
            #expect(pair.said[1].isEmpty)
        }
    }

    /// The bytes that each side sends in a good handshake.
    private func recorded() -> [[UInt8]] {
        var pair = Pair()
        pair.start()
        return pair.sent
    }

    @Test("cut off at every byte: the handshake ends, and nobody is there")
    func truncation() {
        let sent = recorded()
        for side in 0...1 {
            for count in 0..<sent[side].count {
                var pair = Pair()
                pair.act(side, .started)
                pair.act(side, .received(Array(sent[side][..<count])))
                #expect(pair.fault(side) == nil, "side \(side), \(count) bytes")
                #expect(pair.said[side].isEmpty)
                pair.act(side, .ended)
                #expect(pair.said[side] == [.close(.ended)])
                #expect(pair.sides[side].waitingBytes == 0)
                pair.act(side, .received(Array(sent[side][count...])))
                #expect(pair.said[side].count == 1)
            }
        }
    }

    @Test("a changed byte anywhere: the handshake ends, or waits for what never comes")
    func changes() {
        let sent = recorded()
        for side in 0...1 {
            for place in sent[side].indices {
                var bytes = sent[side]
                bytes[place] ^= 0x20
                var pair = Pair()
                pair.act(side, .started)
                pair.act(side, .received(bytes))
                #expect(
                    !pair.said[side].contains { if case .secured = $0 { true } else { false } },
                    "side \(side), byte \(place)")
                pair.now += 5_000
                pair.act(side, .tick)
                #expect(pair.fault(side) != nil)
            }
        }
    }

    @Test("what was sent once opens nothing a second time")
    func replay() {
        let sent = recorded()
        // Each side makes a new ephemeral key, so nothing of the other side's fits.
        var listener = Connection(
            role: .listener, identity: identity(2), prologue: prologue, protocols: [],
            ephemeral: KeyPairs(fixed: key(12), ephemeral: key(77)))
        var actions = listener.handle(.started, now: 0) + listener.handle(.received(sent[1]), now: 1)
        #expect(actions.last == .close(.handshake(.forged)))
        var dialer = Connection(
            role: .dialer(expected: identity(2).id), identity: identity(1), prologue: prologue, protocols: [],
            ephemeral: KeyPairs(fixed: key(11), ephemeral: key(78)))
        actions = dialer.handle(.started, now: 0) + dialer.handle(.received(sent[0]), now: 1)
        #expect(actions.last == .close(.handshake(.forged)))
    }

    @Test("points of low order as first message", arguments: [0 as UInt8, 1])
    func lowOrder(_ first: UInt8) {
        var pair = Pair()
        pair.act(1, .started)
        let point = [first] + [UInt8](repeating: 0, count: 31)
        pair.act(1, .received(Multistream.message(Multistream.header) + Multistream.message("/noise")))
        pair.act(1, .received([0, 32] + point))
        #expect(pair.fault(1) == .handshake(.weakKey))
        #expect(pair.fault(1)?.blame == .peer)
    }

    @Test("lengths over the limits end it as soon as they are there")
    func lengths() {
        let start = Multistream.message(Multistream.header)
        let noise = start + Multistream.message("/noise")
        let long: [[UInt8]] = [
            [0x81, 0x08], [0xff, 0xff, 0x03], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
            [0x94, 0x00], start + [0x81, 0x08], noise + [0x10, 0x01], noise + [0xff, 0xff],
            noise + [0, 33] + [UInt8](repeating: 9, count: 33),
            noise + [0, 31] + [UInt8](repeating: 9, count: 31),
            noise + [0, 0], [0], start + [3, 0x2f, 0x61, 0x62],
            Array("GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 64))\r\n\r\n".utf8),
        ]
        for bytes in long {
            var pair = Pair()
            pair.act(1, .started)
            pair.act(1, .received(bytes))
            #expect(pair.fault(1)?.blame == .peer, "\(bytes.suffix(40))")
        }
    }

    @Test("one byte now and then does not stretch the five seconds")
    func slow() {
        let sent = recorded()
        var pair = Pair()
        pair.act(1, .started)
        #expect(pair.sides[1].nextDeadline == 6_000)
        for byte in sent[1].prefix(49) {
            pair.now += 100
            pair.act(1, .received([byte]))
            #expect(pair.fault(1) == nil)
            #expect(pair.sides[1].nextDeadline == 6_000)
        }
        pair.now += 100
        pair.act(1, .tick)
        #expect(pair.said[1] == [.close(.lateHandshake)])
        // Without a tick the next byte is too late as well.
        var other = Pair()
        other.act(1, .started)
        other.now += 5_000
        other.act(1, .received(sent[1]))
        #expect(other.said[1] == [.close(.lateHandshake)])
    }

    @Test("a side without Noise is told so, and left")
    func noNoise() {
        var pair = Pair()
        pair.act(0, .started)
        pair.act(0, .received(Multistream.message(Multistream.header) + Multistream.message("na")))
        #expect(pair.said[0] == [.close(.noCommonProtocol("/noise"))])
        var listener = Pair()
        listener.act(1, .started)
        listener.act(1, .received(Multistream.message(Multistream.header) + Multistream.message("ls")))
        #expect(listener.sent[0].suffix(4) == [3, 0x6e, 0x61, 0x0a])
        listener.act(1, .received(Multistream.message("/tls/1.0.0")))
        #expect(listener.sent[0].suffix(8) == [3, 0x6e, 0x61, 0x0a, 3, 0x6e, 0x61, 0x0a])
        for _ in 0..<15 { listener.act(1, .received(Multistream.message("/plaintext/2.0.0"))) }
        #expect(listener.said[1] == [.close(.negotiation(.tooMany))])
    }

    @Test("before the first event and after the last nothing happens")
    func order() {
        var pair = Pair()
        #expect(pair.sides[0].nextDeadline == nil)
        pair.act(0, .open(StreamHandle(opening: 1), protocols: [echo]))
        #expect(pair.said[0] == [.refused(StreamHandle(opening: 1), .notNow)])
        pair.act(0, .close(.normal))
        #expect(pair.fault(0) == .wanted(.normal))
        #expect(pair.sent[1].isEmpty)
        for event: ConnectionEvent in [
            .started, .received([1]), .tick, .ended, .close(.normal), .ping(.zero),
        ] {
            #expect(pair.sides[0].handle(event, now: 9_000) == [])
        }
        #expect(pair.sides[0].nextDeadline == nil)
    }
}
