package import NodeDomain

/// What happens to a connection.
package enum ConnectionEvent: Hashable, Sendable {
    /// TCP is connected. The first event, once; the deadline of the handshake counts from here.
    case started
    /// Bytes came, in any pieces.
    case received([UInt8])
    /// The other side sends no more, or TCP broke.
    case ended
    /// Time passes. Send it at `nextDeadline`, or every second.
    case tick
    /// Open a stream for the first of these protocols that the other side takes; before `secured` it is refused.
    case open(StreamHandle, protocols: [String])
    /// Send bytes on a stream, no more than `writable` last said less what was written since.
    case write(StreamHandle, [UInt8])
    /// No more bytes follow on a stream from here.
    case finish(StreamHandle)
    /// End a stream at once, both ways. Nothing more is said of it.
    case reset(StreamHandle)
    /// So many bytes of `data` need no memory any more: the other side may send as many again.
    ///
    /// Say it when bytes are moved into a message that is being put together, not when the message is whole: a
    /// message of more than 224 KiB would never become so.
    case consumed(StreamHandle, Int)
    /// Measure how long an echo takes, with 32 bytes that nobody can guess; one at a time.
    case ping(Bytes32)
    /// End the connection; streams end with it.
    case close(ConnectionFarewell)
}

/// What the other side is told of the reason when a connection ends.
package enum ConnectionFarewell: UInt32, Hashable, Sendable, CaseIterable {
    /// There is no need of it any more.
    case normal = 0
    /// The other side broke a rule.
    case protocolError = 1
    /// Something failed here.
    case internalError = 2
}
