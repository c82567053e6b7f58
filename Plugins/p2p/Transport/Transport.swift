package import NIOCore
internal import NIOPosix
internal import NodeCrypto
internal import NodeDomain
package import P2PCore

/// Connections to other nodes over TCP: takes calls, makes calls, and carries bytes of streams.
///
/// Everything happens on one event loop, a thread of its own. Calls may come from any thread and return at once; on
/// the loop they are done before they return. Events come on the loop, in order, and whoever takes them must be
/// quick; calls from within one are allowed, and no event comes before such a call has returned. A call for a
/// connection or stream that is over does nothing.
package final class Transport: Sendable {
    private static let tick = TimeAmount.milliseconds(100)

    private let group: MultiThreadedEventLoopGroup
    private let state: TransportLoop
    private let ticking: RepeatedTask

    /// The thread that everything happens on.
    package var loop: any EventLoop { state.loop }

    /// A transport that listens nowhere yet; nil when the system gives no random bytes.
    /// - Parameter onEvent: called on the event loop.
    package init?(
        _ settings: TransportSettings, identity: PeerIdentity,
        onEvent: @escaping @Sendable (TransportEvent) -> Void
    ) {
        guard let fixedKey = X25519Key() else { return nil }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let state = TransportLoop(settings, identity, fixedKey, on: group.next(), onEvent: onEvent)
        self.state = state
        ticking = state.loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
            state.tick()
        }
    }

    /// Milliseconds of the clock that all times of connections are of.
    package var now: UInt64 { state.now }

    /// Takes calls at an address, which has no name.
    /// - Returns: the address with the port, should any port have been asked for.
    /// - Throws: what the system says when the address is not to be had.
    package func listen(on address: Multiaddress) async throws -> Multiaddress {
        guard let socket = address.socketAddress else {
            throw DialFault.unknownName("a listener needs an address")
        }
        let settings = state.settings
        let listener = try await ServerBootstrap(group: state.loop)
            .serverChannelOption(.backlog, value: settings.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: settings.waterMark)
            // A crowd at the door waits its turn among the connections that are there, one call at a time.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { [state] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Doorkeeper(state))
                }
            }
            .bind(to: socket).get()
        hop { $0.add(listener) }
        return listener.localAddress.flatMap(Multiaddress.init) ?? address
    }

    /// Calls a node; `connected` or `dialFailed` follows.
    package func dial(_ address: Multiaddress) { hop { $0.dial(address) } }

    /// Hands something to a connection; `started`, `received`, `ended` and `tick` are the transport's own to say.
    package func feed(_ event: ConnectionEvent, to peer: PeerHandle) { hop { $0.feed(peer, event) } }

    /// Opens a stream for the first of some protocols that the peer takes; `opened`, `refused` or `closed` follows.
    package func open(_ stream: StreamHandle, to peer: PeerHandle, protocols: [String]) {
        feed(.open(stream, protocols: protocols), to: peer)
    }

    /// Sends bytes on a stream, no more than `writable` said.
    package func write(_ bytes: [UInt8], on stream: StreamHandle, to peer: PeerHandle) {
        feed(.write(stream, bytes), to: peer)
    }

    /// No more bytes follow on a stream from here.
    package func finish(_ stream: StreamHandle, to peer: PeerHandle) { feed(.finish(stream), to: peer) }

    /// Ends a stream at once; nothing more is said of it.
    package func reset(_ stream: StreamHandle, to peer: PeerHandle) { feed(.reset(stream), to: peer) }

    /// So many bytes of a stream's `data` need no memory any more.
    package func consumed(_ count: Int, on stream: StreamHandle, to peer: PeerHandle) {
        feed(.consumed(stream, count), to: peer)
    }

    /// Measures an echo; `pong` follows.
    package func ping(_ peer: PeerHandle) {
        guard let bytes = Bytes32(Secrets.random(Bytes32.count)) else { return }
        feed(.ping(bytes), to: peer)
    }

    /// Ends a connection; `closed` follows.
    package func close(_ peer: PeerHandle, _ farewell: ConnectionFarewell) {
        feed(.close(farewell), to: peer)
    }

    /// What is said of us on connections from now on.
    package func say(_ about: Identify) { hop { $0.about = about } }

    /// What was done so far, and what there is now.
    package func counts() async throws -> TransportCounts {
        try await state.loop.submit { [state] in state.currentCounts }.get()
    }

    /// Bytes of each connection that is there now.
    package func traffic() async throws -> [PeerHandle: PeerTraffic] {
        try await state.loop.submit { [state] in state.traffic }.get()
    }

    /// Does something on the loop, now when that is where we are.
    package func run(_ body: @escaping @Sendable () -> Void) { hop { _ in body() } }

    /// Ends all connections and the loop.
    ///
    /// Nothing can be asked of the transport afterwards.
    package func stop() async throws {
        ticking.cancel()
        try await state.loop.flatSubmit { [state] in state.stop() }.get()
        try await group.shutdownGracefully()
    }

    private func hop(_ body: @escaping @Sendable (TransportLoop) -> Void) {
        if state.loop.inEventLoop {
            state.call(body)
        } else {
            state.loop.execute { [state] in state.call(body) }
        }
    }
}
