internal import NodeDomain

// What a connection does by itself: says who we are, asks once who is there, and echoes.

/// Echoes: protocol `/ipfs/ping/1.0.0`.
package enum Ping {
    /// Its name on streams.
    package static let name = "/ipfs/ping/1.0.0"
    /// Bytes of one ping.
    package static let count = 32
}

extension Connection {
    /// What the other side may ask for.
    var served: [String] {
        let own = about == nil ? [Ping.name] : [Ping.name, Identify.name]
        return own + protocols.filter { !own.contains($0) }
    }

    /// How a stream of the other side is served here; nil: outside.
    func service(_ name: String) -> ConnectionStream.Use? {
        switch name {
        case Ping.name: .echo
        case Identify.name where about != nil: .identified
        default: nil
        }
    }

    mutating func askIdentity(_ now: UInt64) {
        guard about != nil else { return }
        let reader = FrameReader(limit: Identify.largest)
        let deadline = Milliseconds.sum(now, limits.identify)
        _ = ask([Identify.name], handle: nil, .identifying(reader, deadline: deadline), now: now)
    }

    /// One at a time: another is passed over.
    mutating func ping(_ payload: Bytes32, now: UInt64) {
        guard case .open = phase, leaving == nil, !isPinging else { return }
        _ = ask(
            [Ping.name], handle: nil, .pinging(payload: payload.bytes, since: now, received: []), now: now)
    }

    private var isPinging: Bool {
        streams.values.contains { if case .pinging = $0.use { true } else { false } }
    }

    /// What is said first on a stream whose protocol is agreed on.
    mutating func begin(service id: UInt32, _ now: UInt64) {
        switch streams[id]?.use {
        case .identified:
            let message = about?.bytes ?? []
            yamux.write(id, Varint.bytes(UInt64(message.count)) + message)
            yamux.finish(id)
        case .identifying: yamux.finish(id)
        case .pinging(let payload, _, _):
            streams[id]?.use = .pinging(payload: payload, since: now, received: [])
            yamux.write(id, payload)
        default: break
        }
    }

    /// Bytes on a stream of ours.
    mutating func serve(_ id: UInt32, _ bytes: [UInt8], _ now: UInt64) throws(ConnectionFault) {
        yamux.consume(id, bytes.count)
        switch streams[id]?.use {
        case .echo: yamux.write(id, bytes)
        case .identifying(var reader, let deadline):
            reader.append(bytes)
            let message: [UInt8]?
            do { message = try reader.next() } catch { throw .identify(error) }
            streams[id]?.use = .identifying(reader, deadline: deadline)
            if let message { try learn(message, id, now) }
        case .pinging(let payload, let since, let received):
            let received = received + bytes
            streams[id]?.use = .pinging(payload: payload, since: since, received: received)
            guard payload.starts(with: received) else { return giveUp(id, .malformed) }
            guard received.count == payload.count else { return }
            say(.pong(Milliseconds.since(since, now: now)))
            streams[id]?.use = .identified
            yamux.finish(id)
        case .application, .identified, nil: break
        }
    }

    private mutating func learn(_ message: [UInt8], _ id: UInt32, _ now: UInt64) throws(ConnectionFault) {
        let identify: Identify
        do { identify = try Identify(bytes: message) } catch { throw .identify(error) }
        if let said = identify.peer, said != peer {
            throw .identify(.invalid(offset: 0, what: "the key is not the one of the handshake"))
        }
        streams[id]?.use = .identified
        say(.identified(identify))
    }
}
