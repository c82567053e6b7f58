import NodeDomain
import P2PCore
import Testing

@Suite("Frames of a muxer")
struct MuxingTests {
    @Test("frames against the rules end the connection, and the other side is told")
    func faults() throws {
        let long = UInt32(Yamux.window + 1)
        let cases: [([UInt8], YamuxFault)] = [
            ([1] + [UInt8](repeating: 0, count: 11), .version(1)),
            ([0, 4] + [UInt8](repeating: 0, count: 10), .kind(4, flags: 0)),
            ([0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0], .kind(0, flags: 16)),
            ([0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], .kind(2, flags: 0)),
            (YamuxFrame(.ping, [.open, .acknowledge], stream: 0).bytes, .kind(2, flags: 3)),
            (YamuxFrame(.ping, .open, stream: 1).bytes, .stream(1)),
            (YamuxFrame(.goAway, stream: 1).bytes, .stream(1)),
            (YamuxFrame(.data, .open, stream: 0).bytes, .stream(0)),
            (YamuxFrame(.window, .open, stream: 0).bytes, .stream(0)),
            // A number of our side, the same one again, a lower one.
            (YamuxFrame(.window, .open, stream: 2).bytes, .stream(2)),
            (
                YamuxFrame(.window, .open, stream: 3).bytes + YamuxFrame(.window, .open, stream: 3).bytes,
                .stream(3)
            ),
            (
                YamuxFrame(.window, .open, stream: 3).bytes + YamuxFrame(.window, .open, stream: 1).bytes,
                .stream(1)
            ),
            (YamuxFrame(.data, stream: 1, length: 1).bytes, .unknownStream(1)),
            (YamuxFrame(.window, stream: 2, length: 1).bytes, .unknownStream(2)),
            (YamuxFrame(.data, .reset, stream: 9).bytes, .unknownStream(9)),
            (YamuxFrame(.data, .open, stream: 1, length: long).bytes, .window(stream: 1, bytes: long)),
            (YamuxFrame(.window, .open, stream: 1, length: .max).bytes, .credit(stream: 1)),
        ]
        for (bytes, fault) in cases {
            var peer = try RawPeer()
            #expect(peer.said == [.secured(identity(1).id)])
            try peer.send(bytes)
            #expect(peer.fault == .muxing(fault), "\(fault)")
            #expect(peer.fault?.blame == .peer)
            let last = try #require(try peer.frames().last?.frame)
            #expect(last == YamuxFrame(.goAway, stream: 0, length: 1))
            #expect(peer.connection.streamCount == 0)
        }
    }

    @Test("bytes after the end of a stream end the connection")
    func afterEnd() throws {
        var peer = try RawPeer()
        try peer.open(1)
        try peer.send(YamuxFrame(.data, .finish, stream: 1))
        try peer.send(YamuxFrame(.data, stream: 1, length: 1))
        #expect(peer.fault == .muxing(.afterEnd(1)))
    }

    @Test("more bytes than the window of a reader that does not read")
    func window() throws {
        var peer = try RawPeer()
        try peer.open(1, echo, bytes(1_000, seed: 1))
        let rest = Yamux.window - 1_000 - 20 - 24
        try peer.send(YamuxFrame(.data, stream: 1, length: UInt32(rest)).bytes + bytes(rest, seed: 2))
        #expect(peer.fault == nil)
        try peer.send(YamuxFrame(.data, stream: 1, length: 1))
        #expect(peer.fault == .muxing(.window(stream: 1, bytes: 1)))
    }

    @Test("credit comes back per 32 KiB that are consumed, and never for more than was given")
    func credit() throws {
        var peer = try RawPeer()
        try peer.open(1, echo, bytes(60_000, seed: 1))
        _ = try peer.frames()
        let handle = StreamHandle(inbound: 1)
        peer.act(.consumed(handle, 32_700))
        #expect(try peer.frames().isEmpty)
        peer.act(.consumed(handle, 100))
        // The negotiation's 20 and 24 bytes are consumed as well.
        let sent = try peer.frames().map(\.frame)
        #expect(sent.count == 1)
        #expect(sent[0].kind == .window)
        let first = Int(sent[0].length)
        peer.act(.consumed(handle, .max))
        peer.act(.consumed(handle, 1_000))
        peer.act(.consumed(handle, -5))
        let rest = try peer.frames().map(\.frame)
        #expect(rest.count <= 1)
        #expect(
            first + rest.reduce(0) { $0 + Int($1.length) } <= 60_000 + 20 + Multistream.message(echo).count)
        #expect(peer.connection.unreadBytes == 0)
    }

    @Test("frames of streams that have ended are passed over")
    func late() throws {
        var peer = try RawPeer()
        try peer.open(1)
        peer.act(.reset(StreamHandle(inbound: 1)))
        try peer.send(
            YamuxFrame(.data, stream: 1, length: 3).bytes + [1, 2, 3]
                + YamuxFrame(.window, stream: 1, length: 9).bytes
                + YamuxFrame(.data, .finish, stream: 1).bytes
                + YamuxFrame(.data, .reset, stream: 1).bytes
                + YamuxFrame(.ping, .open, stream: 0, length: 5).bytes)
        #expect(peer.fault == nil)
        #expect(try peer.frames().last?.frame == YamuxFrame(.ping, .acknowledge, stream: 0, length: 5))
    }

    @Test("a stream over the limit is reset at once, with the bytes that came with it")
    func tooMany() throws {
        var peer = try RawPeer()
        for number in 0..<33 as Range<UInt32> { try peer.open(2 * number + 1, echo, [1, 2, 3]) }
        #expect(try peer.frames().last?.frame == YamuxFrame(.data, .reset, stream: 65))
        #expect(peer.connection.streamCount == 32)
        #expect(peer.fault == nil)
    }

    @Test("without muxers in the handshake yamux is agreed on behind it", arguments: [true, false])
    func notInlined(_ isDialer: Bool) throws {
        for muxers in [[], ["/mplex/6.7.0"]] {
            var peer = try RawPeer(isDialer: isDialer, muxers: muxers)
            #expect(peer.said.isEmpty)
            try peer.listen()
            let start = Multistream.message(Multistream.header)
            let yamux = Multistream.message(Yamux.name)
            #expect(peer.heard == (isDialer ? start : start + yamux))
            // A frame may come with the last message.
            try peer.send(start + yamux + YamuxFrame(.ping, .open, stream: 0, length: 1).bytes)
            #expect(peer.said == [.secured(identity(1).id)])
            peer.heard.removeFirst(start.count + yamux.count)
            #expect(try peer.frames().map(\.frame) == [YamuxFrame(.ping, .acknowledge, stream: 0, length: 1)])
        }
    }

    @Test("a side that has another muxer only is left")
    func otherMuxer() throws {
        var peer = try RawPeer(isDialer: false, muxers: [])
        try peer.send(Multistream.message(Multistream.header) + Multistream.message("na"))
        #expect(peer.fault == .noCommonProtocol(Yamux.name))
        var late = try RawPeer(muxers: [])
        late.now += 5_000
        late.act(.tick)
        #expect(late.fault == .lateHandshake)
    }

    @Test("a message that no key opens ends the connection")
    func forged() throws {
        var peer = try RawPeer()
        var message = try peer.noise.seal([1, 2, 3])
        message[5] ^= 1
        peer.act(.received(message))
        #expect(peer.said.last == .close(.forged))
        #expect(peer.fault?.blame == .peer)
        var short = try RawPeer()
        short.act(.received([0, 15] + [UInt8](repeating: 1, count: 15)))
        #expect(short.said.last == .close(.forged))
        var again = try RawPeer()
        let ping = try again.noise.seal(YamuxFrame(.ping, .open, stream: 0, length: 1).bytes)
        again.act(.received(ping + ping))
        #expect(again.said.last == .close(.forged))
    }

    @Test("a negotiation of a stream against the rules ends the stream alone")
    func badNegotiation() throws {
        for text in [
            [0x81, 0x08], [0], [2, 0x61, 0x62], Multistream.message("/other/1.0.0"), [2, 0xff, 0x0a],
        ] as [[UInt8]] {
            var peer = try RawPeer()
            try peer.send(
                YamuxFrame(.data, .open, stream: 1, length: UInt32(text.count)).bytes + text)
            #expect(peer.fault == nil)
            #expect(try peer.frames().last?.frame == YamuxFrame(.data, .reset, stream: 1))
            #expect(peer.connection.streamCount == 0)
            #expect(peer.said.count == 1)
        }
    }

    @Test("a stream that is finished before it is negotiated is no stream")
    func finishedEarly() throws {
        var peer = try RawPeer()
        try peer.send(YamuxFrame(.window, [.open, .finish], stream: 1))
        #expect(peer.connection.streamCount == 0)
        // Negotiated, sent and finished in one go it is one.
        try peer.open(3, echo, [9])
        try peer.send(YamuxFrame(.data, .finish, stream: 3))
        let handle = StreamHandle(inbound: 3)
        #expect(
            peer.said.suffix(4) == [
                .opened(handle, protocol: echo, inbound: true), .writable(handle, Yamux.window - 20 - 24),
                .data(handle, [9]), .finished(handle),
            ])
    }
}
