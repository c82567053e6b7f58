import NodeDomain
import P2PCore
import Testing

/// The other side of a connection, which sends whatever a test wants.
struct RawPeer {
    var connection: Connection
    var noise: NoiseSession
    var incoming = ByteQueue()
    /// What the connection sent, opened.
    var heard: [UInt8] = []
    var said: [ConnectionAction] = []
    var now: UInt64 = 1_000

    /// Secured, or with Noise agreed on and no muxer yet.
    init(
        isDialer: Bool = true, muxers: [String] = [Yamux.name], limits: ConnectionLimits = ConnectionLimits(),
        about: Identify? = nil
    ) throws {
        let role: Connection.Role = isDialer ? .listener : .dialer(expected: identity(1).id)
        connection = Connection(
            role: role, identity: identity(2), prologue: prologue, protocols: [echo], limits: limits,
            ephemeral: keys(12), about: about)
        noise = NoiseSession(
            isInitiator: isDialer, identity: identity(1), expected: nil, prologue: prologue, keys: keys(11),
            muxers: muxers)
        act(.started)
        act(.received(Multistream.message(Multistream.header) + Multistream.message("/noise")))
        // The other side's header, and its question or answer.
        incoming.drop(28)
        if isDialer { act(.received(try noise.start())) }
        while let step = try noise.next(&incoming) {
            switch step {
            case .reply(let bytes), .established(_, _, let bytes): act(.received(bytes))
            case .plain(let bytes): heard += bytes
            }
        }
    }

    mutating func act(_ event: ConnectionEvent) {
        for action in connection.handle(event, now: now) {
            if case .send(let bytes) = action { incoming.append(bytes) } else { said.append(action) }
        }
    }

    /// Sends bytes, sealed.
    mutating func send(_ bytes: [UInt8]) throws {
        act(.received(try noise.seal(bytes)))
        try listen()
    }

    mutating func send(_ frames: YamuxFrame...) throws { try send(frames.flatMap(\.bytes)) }

    /// Opens what the connection sent.
    mutating func listen() throws {
        while case .plain(let bytes)? = try noise.next(&incoming) { heard += bytes }
    }

    /// A stream of ours for a protocol, which the connection takes.
    mutating func open(_ id: UInt32, _ name: String = echo, _ more: [UInt8] = []) throws {
        let text = Multistream.message(Multistream.header) + Multistream.message(name) + more
        try send(
            YamuxFrame(.window, .open, stream: id).bytes
                + YamuxFrame(.data, stream: id, length: UInt32(text.count)).bytes + text)
    }

    /// Frames that were heard and not asked for yet, with their data.
    mutating func frames() throws -> [(frame: YamuxFrame, data: [UInt8])] {
        try listen()
        var result: [(YamuxFrame, [UInt8])] = []
        while heard.count >= YamuxFrame.count {
            let frame = try YamuxFrame(bytes: heard.prefix(YamuxFrame.count))
            let count = frame.kind == .data ? Int(frame.length) : 0
            result.append((frame, Array(heard.dropFirst(YamuxFrame.count).prefix(count))))
            heard.removeFirst(YamuxFrame.count + count)
        }
        return result
    }

    var fault: ConnectionFault? {
        if case .close(let fault)? = said.last { fault } else { nil }
    }
}
