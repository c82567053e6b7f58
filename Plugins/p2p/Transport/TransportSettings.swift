package import P2PCore

/// What a transport is and how much of everything it may have.
package struct TransportSettings: Sendable {
    /// Bytes that both sides of every connection must have alike: the network's genesis.
    package var prologue: [UInt8]
    /// What is taken on streams of others, besides identify and ping.
    package var protocols: [String]
    /// What is said of us; the address that the other side is seen from is added to it.
    package var about: Identify
    /// Limits of each connection.
    package var limits = ConnectionLimits()
    /// Connections that the kernel keeps until we take them.
    package var backlog: Int32 = 128
    /// Connections of others that have not proved who they are, of all and of one address.
    ///
    /// An address of IPv6 is its first 64 bits here: one subscriber has all of the rest.
    package var pending = PendingLimit()
    /// Connections that have proved it, and all that we call.
    package var connections = 256
    /// Calls under way at a time.
    package var dials = 32
    /// Milliseconds until TCP must be connected, the look-up of a name included.
    package var connect: UInt64 = 5 * Milliseconds.second
    /// Bytes on their way to the kernel at which a connection is called congested, and at which no longer.
    package var congestion = 65_536..<262_144
    /// Bytes on their way to the kernel at which a connection ends: somebody who does not read costs no more.
    package var unsent = 4 << 20
    /// Milliseconds that a connection which has ended gets to deliver its last bytes.
    package var farewell: UInt64 = 1 * Milliseconds.second
    /// Whether a connection from an address is taken at all; asked on the event loop, so it must be quick.
    package var admits: @Sendable (Multiaddress) -> Bool = { _ in true }

    /// The defaults, for a network and a program.
    package init(prologue: [UInt8], protocols: [String], about: Identify) {
        self.prologue = prologue
        self.protocols = protocols
        self.about = about
    }
}

/// How many strangers may be at the door.
package struct PendingLimit: Hashable, Sendable {
    /// Of all addresses.
    package var all = 64
    /// Of one.
    package var ofOne = 5
    /// Milliseconds that one may stay when others wait; a handshake over two continents takes less.
    package var patience: UInt64 = 1 * Milliseconds.second

    /// The defaults.
    package init() {}
}
