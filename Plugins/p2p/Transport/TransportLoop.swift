internal import NIOCore
internal import NIOPosix
internal import NodeCrypto
internal import P2PCore

/// All connections of a transport.
///
/// `@unchecked Sendable`: it is used on its event loop alone, except for what never changes.
final class TransportLoop: @unchecked Sendable {
    let settings: TransportSettings
    let loop: any EventLoop
    private let identity: PeerIdentity
    private let fixedKey: X25519Key
    private let onEvent: @Sendable (TransportEvent) -> Void
    let resolver = NameResolver(threads: 2)

    var about: Identify
    private(set) var counts = TransportCounts()
    private(set) var isStopped = false
    private var channels: [PeerHandle: PeerChannel] = [:]
    private var leaving: [PeerHandle: PeerChannel] = [:]
    private var pending: PendingConnections
    private var lastHandle: UInt64 = 0
    private var listeners: [any Channel] = []
    /// Whether something is asked from outside right now.
    private var isCalled = false
    /// Events that wait until it is done.
    private var untold: [TransportEvent] = []
    private var onEmpty: EventLoopPromise<Void>?

    init(
        _ settings: TransportSettings, _ identity: PeerIdentity, _ fixedKey: X25519Key,
        on loop: any EventLoop,
        onEvent: @escaping @Sendable (TransportEvent) -> Void
    ) {
        self.settings = settings
        self.identity = identity
        self.fixedKey = fixedKey
        self.loop = loop
        self.onEvent = onEvent
        about = settings.about
        pending = PendingConnections(settings.pending)
    }

    /// Milliseconds of the clock that never goes back.
    var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    /// What there is now, and was done.
    var currentCounts: TransportCounts {
        var counts = counts
        counts.connections = channels.values.count { $0.isSecured }
        counts.pending = pending.count
        counts.leaving = leaving.count
        return counts
    }

    /// Bytes of each connection.
    var traffic: [PeerHandle: PeerTraffic] {
        channels.filter { $0.value.isSecured }.mapValues(\.traffic)
    }

    /// Says it now, or after the call that is being made: whoever calls may be in the middle of something.
    func tell(_ event: TransportEvent) {
        guard isCalled || !untold.isEmpty else { return onEvent(event) }
        untold.append(event)
        if untold.count == 1 { loop.execute { [self] in tellRest() } }
    }

    private func tellRest() {
        let events = untold
        for event in events { onEvent(event) }
        untold.removeFirst(events.count)
        if !untold.isEmpty { loop.execute { [self] in tellRest() } }
    }

    /// Does what is asked from outside.
    func call(_ body: (TransportLoop) -> Void) {
        let wasCalled = isCalled
        isCalled = true
        body(self)
        isCalled = wasCalled
    }

    func count(received: Int = 0, sent: Int = 0) {
        counts.traffic.received += UInt64(received)
        counts.traffic.sent += UInt64(sent)
    }

    /// Something that is done to one connection; nothing when that is over.
    func feed(_ peer: PeerHandle, _ event: ConnectionEvent) {
        channels[peer]?.feed(event)
    }

    /// The time of all whose deadline is over.
    func tick() {
        let now = now
        for channel in channels.values.filter({ ($0.nextDeadline ?? .max) <= now }) { channel.tick() }
    }

    func add(_ listener: any Channel) {
        guard !isStopped else { return listener.close(promise: nil) }
        listeners.append(listener)
    }

    // MARK: - Connections come

    /// What a channel speaks with; nil when no key can be had.
    func connection(for channel: PeerChannel) -> Connection? {
        guard let ephemeral = X25519Key() else { return nil }
        var about = about
        about.observedAddress = Multiaddress(channel.address.host, port: channel.address.port)
        return Connection(
            role: channel.isOutbound ? .dialer(expected: channel.address.peer) : .listener,
            identity: identity,
            prologue: settings.prologue, protocols: settings.protocols, limits: settings.limits,
            ephemeral: KeyPairs(fixed: fixedKey, ephemeral: ephemeral), about: about)
    }

    private func nextHandle() -> PeerHandle {
        lastHandle += 1
        return PeerHandle(value: lastHandle)
    }

    /// Somebody calls: a handler, or none when the socket is to be closed at once.
    func accept(from remote: SocketAddress?) -> PeerChannel? {
        guard !isStopped, let address = remote.flatMap(Multiaddress.init) else { return nil }
        guard settings.admits(address) else {
            counts.refusedByGate += 1
            return nil
        }
        guard channels.count - pending.count < settings.connections else {
            counts.refusedOfAll += 1
            return nil
        }
        let peer = nextHandle()
        switch pending.arrive(peer, from: address.origin, now: now) {
        case .tooManyOfOne:
            counts.refusedOfOne += 1
            return nil
        case .tooMany:
            counts.refusedOfAll += 1
            return nil
        case .insteadOf(let other):
            counts.displaced += 1
            channels[other]?.end(.displaced)
        case .taken: break
        }
        let channel = PeerChannel(peer, at: address, isOutbound: false, owner: self)
        counts.accepted += 1
        channels[peer] = channel
        return channel
    }

    /// Calls somebody; every call ends in `connected` or `dialFailed`.
    func dial(_ address: Multiaddress) {
        counts.dialled += 1
        guard !isStopped else { return dialFailed(address, .refused(.stopped)) }
        guard counts.dialling < settings.dials, channels.count - pending.count < settings.connections else {
            return dialFailed(address, .tooMany)
        }
        counts.dialling += 1
        let deadline = NIODeadline.now() + .milliseconds(Int64(clamping: settings.connect))
        bounded(resolver.resolve(address, on: loop), until: deadline)
            .flatMap { [self] in connect(to: $0, as: address, until: deadline) }
            .assumeIsolated().whenFailure { [self] error in
                counts.dialling -= 1
                dialFailed(address, error as? DialFault ?? .unreachable("\(error)"))
            }
    }

    private func connect(
        to socket: SocketAddress, as address: Multiaddress, until deadline: NIODeadline
    ) -> EventLoopFuture<Void> {
        ClientBootstrap(group: loop)
            .connectTimeout(max(.milliseconds(1), deadline - NIODeadline.now()))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.writeBufferWaterMark, value: settings.waterMark)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard !isStopped else { throw DialFault.refused(.stopped) }
                    let handler = PeerChannel(nextHandle(), at: address, isOutbound: true, owner: self)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: socket).map { _ in }
    }

    /// TCP of a call of ours is connected.
    func began(_ channel: PeerChannel) {
        if channel.isOutbound { channels[channel.peer] = channel }
    }

    /// The look-up's answer, or a failure when it does not come in time.
    private func bounded(
        _ future: EventLoopFuture<SocketAddress>, until deadline: NIODeadline
    ) -> EventLoopFuture<SocketAddress> {
        let promise = loop.makePromise(of: SocketAddress.self)
        let timer = loop.scheduleTask(deadline: deadline) {
            promise.fail(DialFault.unreachable("the look-up took too long"))
        }
        future.whenComplete { result in
            timer.cancel()
            promise.completeWith(result)
        }
        return promise.futureResult
    }

    private func dialFailed(_ address: Multiaddress, _ fault: DialFault) {
        counts.dialsFailed += 1
        tell(.dialFailed(address, fault))
    }

    // MARK: - Connections go on and end

    func secured(_ channel: PeerChannel, _ id: PeerID) {
        if channel.isOutbound { counts.dialling -= 1 } else { pending.leave(channel.peer) }
        tell(.connected(channel.peer, id, channel.address, isOutbound: channel.isOutbound))
    }

    /// A connection is over; its socket may live a little longer.
    func ended(_ channel: PeerChannel, _ reason: CloseReason) {
        channels[channel.peer] = nil
        leaving[channel.peer] = channel
        if channel.isSecured {
            tell(.closed(channel.peer, reason, channel.traffic))
        } else if channel.isOutbound {
            counts.dialling -= 1
            dialFailed(channel.address, .refused(reason))
        } else {
            pending.leave(channel.peer)
            tell(.strangerFailed(channel.address, reason))
        }
    }

    /// The socket of a connection is closed.
    func left(_ channel: PeerChannel) {
        leaving[channel.peer] = nil
        if isStopped, channels.isEmpty, leaving.isEmpty { onEmpty?.succeed() }
    }

    /// Ends everything; the result comes when the last socket is closed.
    func stop() -> EventLoopFuture<Void> {
        if let onEmpty { return onEmpty.futureResult }
        isStopped = true
        let promise = loop.makePromise(of: Void.self)
        onEmpty = promise
        for listener in listeners { listener.close(promise: nil) }
        listeners = []
        for channel in channels.values.sorted(by: { $0.peer < $1.peer }) {
            channel.feed(.close(.normal))
            channel.end(.stopped)
        }
        resolver.stop()
        if leaving.isEmpty { promise.succeed() }
        return promise.futureResult
    }
}

extension TransportSettings {
    /// The two marks of a connection's bytes on their way to the kernel.
    var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
        let low = max(1, congestion.lowerBound)
        return .init(low: low, high: max(low, congestion.upperBound))
    }
}
