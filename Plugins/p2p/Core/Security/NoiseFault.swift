/// Why a handshake of Noise failed.
package enum NoiseFault: Error, Hashable, Sendable {
    /// A message is shorter or longer than it can be.
    case length(Int)
    /// A key of the other side is a point of low order.
    case weakKey
    /// A part does not open: other keys, another network's prologue, or changed bytes.
    case forged
    /// What the other side says of its identity is against the rules.
    case payload(WireFault)
    /// The identity is no Ed25519 key that is taken.
    case identity(PeerIDFault)
    /// The identity did not sign the handshake's key.
    case signature
    /// Somebody else answered than was called.
    case otherPeer(PeerID)
    /// We called ourselves.
    case ourselves
    /// Our own key does not sign, or a counter is at its end.
    case ours

    /// Whose doing it is.
    package var blame: ConnectionFault.Blame {
        switch self {
        case .ours, .ourselves: .ours
        // An address that has changed hands, or a node of another network, is nobody's fault.
        case .otherPeer, .forged: .nobody
        default: .peer
        }
    }
}
