internal import NodeDomain

/// One TCP connection from its first byte: bytes and wishes in, bytes and streams out.
///
/// multistream-select, Noise with the network's prologue, yamux, and multistream-select again for each stream. It
/// also says what we are when asked, asks the other side once, and answers pings. It reads no clock and makes no
/// keys.
package struct Connection: Sendable {
    /// Which side of the connection we are.
    package enum Role: Hashable, Sendable {
        /// We called; with whom we expect, or nil for anybody.
        case dialer(expected: PeerID?)
        /// We were called.
        case listener
    }

    enum Phase: Sendable {
        case idle
        /// Agreeing on Noise, in clear.
        case security(Multistream)
        /// Noise's handshake.
        case handshake
        /// Agreeing on yamux, sealed.
        case muxer(Multistream)
        case open
        case closed
    }

    let role: Role
    let protocols: [String]
    let limits: ConnectionLimits
    let about: Identify?
    var phase = Phase.idle
    /// Who is there, once it is proved.
    package internal(set) var peer: PeerID?
    var noise: NoiseSession
    var yamux: Yamux
    /// Sealed bytes, or those in clear before Noise.
    var raw = ByteQueue()
    /// Opened bytes that are not read yet.
    var plain = ByteQueue()
    var streams: [UInt32: ConnectionStream] = [:]
    /// Streams of ours by their handle.
    var opened: [StreamHandle: UInt32] = [:]
    var handshakeDeadline: UInt64 = .max
    /// When the last whole message came.
    var heard: UInt64 = 0
    /// Until when the other side must be heard again.
    var probe: UInt64?
    var probes: UInt32 = 0
    /// Until when streams may finish, after the other side took its leave.
    var leaving: UInt64?
    private var actions: [ConnectionAction] = []

    /// Not started.
    ///
    /// - Parameters:
    ///   - prologue: bytes that both sides must have alike: the network's genesis.
    ///   - protocols: what we take on streams of the other side, besides identify and ping.
    ///   - ephemeral: keys of which one is for this connection alone.
    ///   - about: what we say when asked what we are; nil: we neither say nor ask.
    package init(
        role: Role, identity: PeerIdentity, prologue: [UInt8], protocols: [String],
        limits: ConnectionLimits = ConnectionLimits(), ephemeral: KeyPairs, about: Identify? = nil
    ) {
        var (isDialer, expected): (Bool, PeerID?) = (false, nil)
        if case .dialer(let peer) = role { (isDialer, expected) = (true, peer) }
        self.role = role
        self.protocols = protocols
        self.limits = limits
        self.about = about
        noise = NoiseSession(
            isInitiator: isDialer, identity: identity, expected: expected, prologue: prologue,
            keys: ephemeral, muxers: [Yamux.name])
        yamux = Yamux(isDialer: isDialer, limits: limits)
    }

    /// Streams that there are, those for identify and pings among them.
    package var streamCount: Int { streams.count }

    /// Bytes that wait here: unfinished messages, and what the other side does not take yet.
    package var waitingBytes: Int { raw.count + plain.count + yamux.unsent }

    /// Bytes of all streams that were handed over and are not consumed.
    package var unreadBytes: Int { yamux.unread }

    /// What follows from an event; after `close` nothing does.
    /// - Parameter now: milliseconds of a clock that never goes back.
    package mutating func handle(_ event: ConnectionEvent, now: UInt64) -> [ConnectionAction] {
        if case .closed = phase { return [] }
        do throws(ConnectionFault) {
            try act(on: event, now: now)
            try perform(now)
            try flush()
        } catch {
            close(error)
        }
        defer { actions = [] }
        return actions
    }

    private mutating func act(on event: ConnectionEvent, now: UInt64) throws(ConnectionFault) {
        if isUpgrading, now >= handshakeDeadline { throw .lateHandshake }
        switch event {
        case .started: try start(now)
        case .received(let bytes):
            try start(now)
            raw.append(bytes)
            while try advance(now) {}
        case .ended: throw .ended
        case .tick: try passTime(now)
        case .open(let handle, let protocols): open(handle, protocols, now: now)
        case .write(let handle, let bytes): write(handle, bytes, now: now)
        case .finish(let handle): finish(handle)
        case .reset(let handle): reset(handle)
        case .consumed(let handle, let count): consume(handle, count)
        case .ping(let payload): ping(payload, now: now)
        case .close(let farewell): throw .wanted(farewell)
        }
    }

    mutating func say(_ action: ConnectionAction) { actions.append(action) }

    /// Says good-bye where the other side can understand it, and forgets everything.
    private mutating func close(_ fault: ConnectionFault) {
        if case .open = phase {
            switch fault {
            case .wanted(let farewell): yamux.goAway(farewell)
            case .muxing, .identify: yamux.goAway(.protocolError)
            default: break
            }
            try? flush()
        }
        say(.close(fault))
        phase = .closed
        yamux = Yamux(isDialer: false, limits: limits)
        (raw, plain, streams, opened) = (ByteQueue(), ByteQueue(), [:], [:])
    }
}
