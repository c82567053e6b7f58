// From the first byte to the first stream: each step reads what it needs and leaves the rest to the next.

extension Connection {
    private var isDialer: Bool { role != .listener }

    /// Whether streams are still to come.
    var isUpgrading: Bool {
        switch phase {
        case .security, .handshake, .muxer: true
        case .idle, .open, .closed: false
        }
    }

    mutating func start(_ now: UInt64) throws(ConnectionFault) {
        guard case .idle = phase else { return }
        handshakeDeadline = Milliseconds.sum(now, limits.handshake)
        heard = now
        let select = negotiation(of: NoiseSession.name)
        say(.send(select.start()))
        phase = .security(select)
    }

    private func negotiation(of name: String) -> Multistream {
        isDialer ? Multistream(asking: [name]) : Multistream(having: [name])
    }

    /// Reads one thing more.
    /// - Returns: false when more bytes are needed.
    mutating func advance(_ now: UInt64) throws(ConnectionFault) -> Bool {
        switch phase {
        case .idle, .closed: return false
        case .security(var select):
            guard let (send, isAgreed) = try Self.read(&select, &raw, NoiseSession.name) else { return false }
            if !send.isEmpty { say(.send(send)) }
            phase = isAgreed ? .handshake : .security(select)
            if isAgreed, isDialer {
                say(.send(try sealing { noise throws(NoiseFault) in try noise.start() }))
            }
            return true
        case .handshake: return try shakeHands(now)
        case .muxer(var select):
            guard let (send, isAgreed) = try Self.read(&select, &plain, Yamux.name) else {
                return try unseal(now)
            }
            if !send.isEmpty { try seal(send) }
            phase = .muxer(select)
            if isAgreed { secure(now) }
            return true
        case .open:
            let wasRead: Bool
            do { wasRead = try yamux.read(&plain) } catch { throw .muxing(error) }
            try perform(now)
            return wasRead ? true : try unseal(now)
        }
    }

    private mutating func shakeHands(_ now: UInt64) throws(ConnectionFault) -> Bool {
        guard let step = try message() else { return false }
        switch step {
        case .reply(let bytes): say(.send(bytes))
        case .plain: break
        case .established(let peer, let muxers, let reply):
            self.peer = peer
            if !reply.isEmpty { say(.send(reply)) }
            if muxers.contains(Yamux.name) {
                secure(now)
            } else {
                let select = negotiation(of: Yamux.name)
                try seal(select.start())
                phase = .muxer(select)
            }
        }
        return true
    }

    /// Streams may come and be opened from here.
    private mutating func secure(_ now: UInt64) {
        phase = .open
        heard = now
        if let peer { say(.secured(peer)) }
        askIdentity(now)
    }

    // MARK: - Bytes

    private mutating func message() throws(ConnectionFault) -> NoiseSession.Step? {
        do { return try noise.next(&raw) } catch { throw .handshake(error) }
    }

    /// Opens the next message.
    /// - Returns: false when it is not there yet.
    private mutating func unseal(_ now: UInt64) throws(ConnectionFault) -> Bool {
        let step: NoiseSession.Step?
        do { step = try noise.next(&raw) } catch { throw .forged }
        guard case .plain(let bytes) = step else { return false }
        (heard, probe) = (now, nil)
        plain.append(bytes)
        return true
    }

    private mutating func seal(_ bytes: [UInt8]) throws(ConnectionFault) {
        say(.send(try sealing { noise throws(NoiseFault) in try noise.seal(bytes) }))
    }

    private mutating func sealing(
        _ body: (inout NoiseSession) throws(NoiseFault) -> [UInt8]
    ) throws(ConnectionFault) -> [UInt8] {
        do { return try body(&noise) } catch { throw .handshake(error) }
    }

    /// Sends what the muxer has to send.
    mutating func flush() throws(ConnectionFault) {
        guard case .open = phase else { return }
        let output = yamux.takeOutput()
        if !output.isEmpty { try seal(output) }
    }

    /// - Returns: what to send, and whether the one protocol is agreed on; nil until a whole message is there.
    private static func read(
        _ select: inout Multistream, _ queue: inout ByteQueue, _ name: String
    ) throws(ConnectionFault) -> (send: [UInt8], isAgreed: Bool)? {
        let result: (send: [UInt8], outcome: Multistream.Outcome?)?
        do { result = try select.read(&queue) } catch { throw .negotiation(error) }
        guard let (send, outcome) = result else { return nil }
        if outcome == .refused { throw .noCommonProtocol(name) }
        return (send, outcome != nil)
    }
}
