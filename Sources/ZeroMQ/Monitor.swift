internal import CZeroMQ

/// What happens to the connections of a socket.
package enum ConnectionEvent: Sendable, Equatable {
    /// Ready for frames, the mechanism's handshake included.
    case established
    /// The connection is gone.
    case disconnected
    /// The peer's ZAP handler refused our key; the number is its status, 400 for an unknown key.
    case refused(status: Int32)
    /// The peer speaks another mechanism, or none: NULL against CURVE.
    case protocolMismatch(code: Int32)
    /// The handshake broke off without a reason: with CURVE, a wrong server key.
    case handshakeFailed
    /// Anything else that libzmq reports.
    case other(Int32)
}

/// Reads the connection events of one socket.
///
/// Belongs to the thread of that socket.
package struct Monitor: ~Copyable {
    /// For a `Poller`.
    package let socket: Socket

    /// Starts to watch `watched`.
    /// - Parameter name: unique in the context.
    /// - Throws: `ZeroMQError` when the name is taken.
    package init(_ watched: borrowing Socket, context: Context, name: String) throws(ZeroMQError) {
        let endpoint = "inproc://monitor-\(name)"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        try check("zmq_socket_monitor") { zmq_socket_monitor(watched.handle, endpoint, events) }
        let pair = try Socket(context, .pair)
        do { try pair.connect(endpoint) } catch { throw error }
        socket = pair
    }

    /// The next event, or nil when there is none now.
    package func next() throws(ZeroMQError) -> ConnectionEvent? {
        var frame = Message()
        guard try socket.receive(into: &frame) else { return nil }
        let (event, value) = frame.withUnsafeBytes { bytes -> (UInt16, Int32) in
            guard bytes.count >= 6 else { return (0, 0) }
            return (
                bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        if frame.hasMore {
            var endpoint = Message()
            _ = try socket.receive(into: &endpoint)
        }
        switch Int32(event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .established
        case ZMQ_EVENT_DISCONNECTED: return .disconnected
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused(status: value)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .protocolMismatch(code: value)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .handshakeFailed
        default: return .other(Int32(event))
        }
    }
}
