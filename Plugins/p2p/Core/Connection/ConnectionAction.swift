/// What follows from an event of a connection, to be done in this order.
package enum ConnectionAction: Hashable, Sendable {
    /// Send these bytes.
    case send([UInt8])
    /// The other side has proved who it is, and streams may be opened. Once.
    case secured(PeerID)
    /// What the other side says of itself. At most once.
    case identified(Identify)
    /// A stream is there: ours has been taken, or the other side opened one for a protocol that we take.
    case opened(StreamHandle, protocol: String, inbound: Bool)
    /// A stream that we wanted is not to be had.
    case refused(StreamHandle, StreamFault)
    /// Bytes of a stream; `consumed` must be said of all of them.
    case data(StreamHandle, [UInt8])
    /// The other side sends no more on a stream.
    case finished(StreamHandle)
    /// A stream ended before its time; bytes of it that wait are of no use.
    case reset(StreamHandle, StreamFault)
    /// Both sides have finished a stream and all its bytes are consumed.
    case closed(StreamHandle)
    /// So many bytes may be written to a stream now: the number replaces the last one.
    case writable(StreamHandle, Int)
    /// An echo came back after so many milliseconds.
    case pong(UInt64)
    /// Close TCP when everything before is sent; the last action of all.
    case close(ConnectionFault)
}

/// Why a stream is not, or is no more.
package enum StreamFault: Hashable, Sendable {
    /// The handle is another stream's already.
    case taken
    /// The connection is not secured yet, or takes its leave.
    case notNow
    /// There are as many streams as there may be.
    case tooMany
    /// The other side has none of the protocols.
    case unsupported
    /// It was not negotiated, or nothing came or went, in time.
    case late
    /// The other side ended it.
    case byPeer
    /// More bytes wait here than may: unread ones, or ones that the other side does not take.
    case overrun
    /// What the other side sent to negotiate it is against the rules.
    case malformed
}
