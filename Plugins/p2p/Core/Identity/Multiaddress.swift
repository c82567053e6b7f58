/// Where a peer is reached: a host, a port of TCP, and who is meant to be there.
///
/// `/ip4/192.0.2.1/tcp/7513/p2p/12D3KooW…`; hosts are `ip4`, `ip6`, `dns4` and `dns6`. Other addresses of libp2p
/// are not taken.
package struct Multiaddress: Hashable, Sendable {
    /// What the port is a port of.
    package enum Host: Hashable, Sendable {
        /// Four bytes, the first in the highest place.
        case ip4(UInt32)
        /// Sixteen bytes in two numbers, the first in the highest place.
        case ip6(UInt64, UInt64)
        /// A name with an address of version 4, in lower case.
        case dns4(String)
        /// A name with an address of version 6, in lower case.
        case dns6(String)
    }

    /// Bytes of the longest one.
    package static let largest = 320

    /// The host.
    package var host: Host
    /// The port of TCP; 0 is any.
    package var port: UInt16
    /// Who is meant.
    package var peer: PeerID?

    /// Of these; a name must be one that `init(text:)` takes.
    package init(_ host: Host, port: UInt16, peer: PeerID? = nil) {
        self.host = host
        self.port = port
        self.peer = peer
    }
}
