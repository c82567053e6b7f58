package import P2PCore

/// What a transport has to say.
///
/// A peer's events come in order: `connected` first, `closed` last.
package enum TransportEvent: Hashable, Sendable {
    /// A connection is there, and the other side has proved who it is.
    ///
    /// The address is the one called, or the one that the call came from.
    case connected(PeerHandle, PeerID, Multiaddress, isOutbound: Bool)
    /// What its connection says: of the peer itself and of streams. Never `send`, `secured` or `close`.
    case connection(PeerHandle, ConnectionAction)
    /// Whether the peer takes bytes more slowly than they come; while it does, keep back what can wait.
    case congested(PeerHandle, Bool)
    /// The connection is over, and all its streams.
    case closed(PeerHandle, CloseReason, PeerTraffic)
    /// Nobody that was wanted is at an address that we called.
    case dialFailed(Multiaddress, DialFault)
    /// Somebody called us from an address and did not prove who it is.
    case strangerFailed(Multiaddress, CloseReason)
}

/// Why a connection is over.
package enum CloseReason: Hashable, Sendable {
    /// What the connection itself says.
    case fault(ConnectionFault)
    /// The other side did not read, and too many bytes were waiting for it.
    case unread
    /// Others waited at the door, and it had had its time.
    case displaced
    /// The transport was stopped.
    case stopped

    /// Whose doing it is; only `peer` is held against anybody.
    package var blame: ConnectionFault.Blame {
        switch self {
        case .fault(let fault): fault.blame
        case .unread, .displaced: .nobody
        case .stopped: .ours
        }
    }
}

/// Why nobody was reached.
package enum DialFault: Error, Hashable, Sendable {
    /// As many calls are under way, or connections open, as may be.
    case tooMany
    /// The name has no address of its version.
    case unknownName(String)
    /// TCP was not connected.
    case unreachable(String)
    /// TCP was connected, but the handshake failed.
    case refused(CloseReason)
}

/// Bytes of one connection as TCP carried them, from its beginning.
package struct PeerTraffic: Hashable, Sendable {
    /// Received.
    package var received: UInt64 = 0
    /// Sent.
    package var sent: UInt64 = 0
}

/// What a transport has done since it began, and what it has now.
package struct TransportCounts: Hashable, Sendable {
    /// Connections that others made and we took.
    package var accepted: UInt64 = 0
    /// Not taken: too many pending from their address.
    package var refusedOfOne: UInt64 = 0
    /// Not taken: too many pending, or connections, in all.
    package var refusedOfAll: UInt64 = 0
    /// Not taken: `admits` said no.
    package var refusedByGate: UInt64 = 0
    /// Pending ones that gave way.
    package var displaced: UInt64 = 0
    /// Calls of ours.
    package var dialled: UInt64 = 0
    /// Calls of ours that failed.
    package var dialsFailed: UInt64 = 0
    /// Bytes received and sent, of all connections together.
    package var traffic = PeerTraffic()
    /// Connections that are secured, now.
    package var connections = 0
    /// Connections of others that are not, now.
    package var pending = 0
    /// Calls under way, now.
    package var dialling = 0
    /// Connections that are over and whose last bytes are on their way, now.
    package var leaving = 0
}
