/// How much of everything a connection may have, and how long it may take.
package struct ConnectionLimits: Hashable, Sendable {
    /// Milliseconds from `started` to `secured`.
    package var handshake: UInt64 = 5 * Milliseconds.second
    /// Milliseconds until a stream's protocol is agreed on.
    package var negotiation: UInt64 = 10 * Milliseconds.second
    /// Milliseconds until the other side has said what it is.
    package var identify: UInt64 = 5 * Milliseconds.second
    /// Milliseconds that a stream may stand without a byte either way.
    package var idleStream: UInt64 = 60 * Milliseconds.second
    /// Protocols whose streams may stand idle as long as the connection lives.
    package var lasting: Set<String> = []
    /// Milliseconds without a byte until the other side is asked whether it is there.
    package var keepalive: UInt64 = 30 * Milliseconds.second
    /// Milliseconds that it may take to answer.
    package var patience: UInt64 = 15 * Milliseconds.second
    /// Milliseconds that streams have to finish after the other side took its leave.
    package var farewell: UInt64 = 5 * Milliseconds.second
    /// Streams of the other side at a time.
    package var inboundStreams = 32
    /// Streams of ours at a time.
    package var outboundStreams = 64
    /// Bytes of all streams that have been handed over and not been consumed.
    package var unread = 1 << 20
    /// Bytes of all streams that the other side does not take yet.
    package var unsent = 1 << 20

    /// The defaults.
    package init() {}
}
