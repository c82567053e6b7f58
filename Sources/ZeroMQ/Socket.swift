internal import CZeroMQ

/// The socket types in use.
package enum SocketKind: Sendable {
    case dealer, router, pair, reply, request, publisher, subscriber, extendedPublisher

    var raw: Int32 {
        switch self {
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .pair: ZMQ_PAIR
        case .reply: ZMQ_REP
        case .request: ZMQ_REQ
        case .publisher: ZMQ_PUB
        case .subscriber: ZMQ_SUB
        case .extendedPublisher: ZMQ_XPUB
        }
    }
}

/// Socket options in use; the value's meaning is libzmq's.
package enum SocketOption: Sendable {
    case sendHighWater, receiveHighWater, linger, immediate, reconnectInterval, reconnectIntervalMax
    case handshakeInterval, maxMessageSize, tcpKeepalive, routerMandatory, sendBuffer, receiveBuffer
    case curveServer, curvePublicKey, curveSecretKey, curveServerKey, zapDomain, subscribe

    var raw: Int32 {
        switch self {
        case .sendHighWater: ZMQ_SNDHWM
        case .receiveHighWater: ZMQ_RCVHWM
        case .linger: ZMQ_LINGER
        case .immediate: ZMQ_IMMEDIATE
        case .reconnectInterval: ZMQ_RECONNECT_IVL
        case .reconnectIntervalMax: ZMQ_RECONNECT_IVL_MAX
        case .handshakeInterval: ZMQ_HANDSHAKE_IVL
        case .maxMessageSize: ZMQ_MAXMSGSIZE
        case .tcpKeepalive: ZMQ_TCP_KEEPALIVE
        case .routerMandatory: ZMQ_ROUTER_MANDATORY
        case .sendBuffer: ZMQ_SNDBUF
        case .receiveBuffer: ZMQ_RCVBUF
        case .curveServer: ZMQ_CURVE_SERVER
        case .curvePublicKey: ZMQ_CURVE_PUBLICKEY
        case .curveSecretKey: ZMQ_CURVE_SECRETKEY
        case .curveServerKey: ZMQ_CURVE_SERVERKEY
        case .zapDomain: ZMQ_ZAP_DOMAIN
        case .subscribe: ZMQ_SUBSCRIBE
        }
    }
}

/// What became of a frame handed to a socket.
///
/// Never a delivery receipt.
package enum SendOutcome: Sendable {
    /// Taken by libzmq; the message is empty now.
    case sent
    /// The pipe is full; the message is still there.
    case full
    /// No such peer; the message is still there.
    case unreachable
}

/// A libzmq socket with one owner, used by one thread at a time.
package struct Socket: ~Copyable {
    /// Valid while the socket lives.
    let handle: UnsafeMutableRawPointer
    private let context: Context

    /// Opens a socket.
    /// - Throws: `ZeroMQError` when the context has no socket left.
    package init(_ context: Context, _ kind: SocketKind) throws(ZeroMQError) {
        guard let handle = zmq_socket(context.handle, kind.raw) else { throw ZeroMQError("zmq_socket") }
        self.handle = handle
        self.context = context
    }

    deinit {
        zmq_close(handle)
    }

    /// Sets an option that is an `int` in libzmq.
    package func set(_ option: SocketOption, _ value: Int32) throws(ZeroMQError) {
        var value = value
        try check("zmq_setsockopt") { zmq_setsockopt(handle, option.raw, &value, MemoryLayout<Int32>.size) }
    }

    /// Sets an option that is an `int64_t` in libzmq: `maxMessageSize`.
    package func set(wide option: SocketOption, _ value: Int64) throws(ZeroMQError) {
        var value = value
        try check("zmq_setsockopt") { zmq_setsockopt(handle, option.raw, &value, MemoryLayout<Int64>.size) }
    }

    /// Sets an option that is text in libzmq: keys in Z85, `zapDomain`.
    package func set(_ option: SocketOption, _ value: String) throws(ZeroMQError) {
        // Keys are given with their terminating zero (41 bytes), domains without.
        let length = value.utf8.count + (value.utf8.count == 40 ? 1 : 0)
        try check("zmq_setsockopt") { zmq_setsockopt(handle, option.raw, value, length) }
    }

    /// Binds to an endpoint such as `ipc:///run/x/control.sock` or `tcp://127.0.0.1:7600`.
    package func bind(_ endpoint: String) throws(ZeroMQError) {
        try check("zmq_bind") { zmq_bind(handle, endpoint) }
    }

    /// Starts to connect; libzmq goes on trying by itself.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        try check("zmq_connect") { zmq_connect(handle, endpoint) }
    }

    /// Ends connections to an endpoint, with whatever is queued for it.
    package func disconnect(_ endpoint: String) throws(ZeroMQError) {
        try check("zmq_disconnect") { zmq_disconnect(handle, endpoint) }
    }

    /// The endpoint bound last, with the port that the system chose for `:*`.
    package func lastEndpoint() throws(ZeroMQError) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        var length = buffer.count
        try check("zmq_getsockopt") { zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &length) }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The descriptor by which libzmq announces news, for `Poller`.
    func descriptor() throws(ZeroMQError) -> Int32 {
        var descriptor: Int32 = -1
        var length = MemoryLayout<Int32>.size
        try check("zmq_getsockopt") { zmq_getsockopt(handle, ZMQ_FD, &descriptor, &length) }
        return descriptor
    }

    /// Takes the next frame, if there is one.
    /// - Returns: false when nothing is there now.
    @inline(__always)
    package func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        try receive(into: &message.raw)
    }

    /// Hands a frame to libzmq without waiting.
    /// - Parameter more: another frame of the same ZeroMQ message follows.
    @inline(__always)
    package func send(_ message: inout Message, more: Bool = false) throws(ZeroMQError) -> SendOutcome {
        try send(&message.raw, more: more)
    }

    @inline(__always)
    func receive(into raw: UnsafeMutablePointer<zmq_msg_t>) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(raw, handle, ZMQ_DONTWAIT) == -1 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw ZeroMQError("zmq_msg_recv")
            }
        }
        return true
    }

    @inline(__always)
    func send(_ raw: UnsafeMutablePointer<zmq_msg_t>, more: Bool) throws(ZeroMQError) -> SendOutcome {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        while zmq_msg_send(raw, handle, flags) == -1 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            case EHOSTUNREACH: return .unreachable
            default: throw ZeroMQError("zmq_msg_send")
            }
        }
        return .sent
    }
}
