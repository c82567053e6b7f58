/// What a side says of itself: protocol `/ipfs/id/1.0.0`.
package struct Identify: Hashable, Sendable {
    /// Its name on streams.
    package static let name = "/ipfs/id/1.0.0"
    /// Bytes that it may have.
    package static let largest = 8_192
    /// Protocols that are read.
    package static let mostProtocols = 128
    /// Addresses that are read.
    package static let mostAddresses = 32
    /// Bytes of a protocol's name, and of the two versions.
    package static let longestText = 256

    /// The key, as the other side says; it must be the one of the handshake.
    package var peer: PeerID?
    /// Which network, as text: `spacenode/1.0.0`.
    package var protocolVersion: String
    /// Which program, as text.
    package var agentVersion: String
    /// Where it says that it can be reached.
    package var listenAddresses: [Multiaddress]
    /// From where it sees us.
    package var observedAddress: Multiaddress?
    /// Protocols that it takes.
    package var protocols: [String]
    /// Its addresses with its signature, in an envelope.
    package var signedPeerRecord: [UInt8]?

    /// Of these.
    package init(
        peer: PeerID? = nil, protocolVersion: String = "", agentVersion: String = "",
        listenAddresses: [Multiaddress] = [], observedAddress: Multiaddress? = nil, protocols: [String] = [],
        signedPeerRecord: [UInt8]? = nil
    ) {
        self.peer = peer
        self.protocolVersion = protocolVersion
        self.agentVersion = agentVersion
        self.listenAddresses = listenAddresses
        self.observedAddress = observedAddress
        self.protocols = protocols
        self.signedPeerRecord = signedPeerRecord
    }
}
