/// Why a connection ends.
package enum ConnectionFault: Error, Hashable, Sendable {
    /// Whose doing it is.
    package enum Blame: Hashable, Sendable {
        /// The other side broke a rule.
        case peer
        /// The network's, or the other side's for good reasons.
        case nobody
        /// It was wanted here.
        case ours
    }

    /// The other side, or the network, ended it.
    case ended
    /// It was wanted here.
    case wanted(ConnectionFarewell)
    /// The handshake was not over in time.
    case lateHandshake
    /// The other side does not answer any more.
    case silent
    /// The other side took its leave, with this code of yamux.
    case goneAway(UInt32)
    /// The other side has none of our protocols for a step of the handshake.
    case noCommonProtocol(String)
    /// A message of a negotiation is against the rules.
    case negotiation(MultistreamFault)
    /// The handshake of Noise failed.
    case handshake(NoiseFault)
    /// Bytes that the keys do not open.
    case forged
    /// A frame of yamux is against the rules.
    case muxing(YamuxFault)
    /// What the other side says of itself is against the rules.
    case identify(WireFault)

    /// Whose doing it is; only `peer` is held against anybody.
    package var blame: Blame {
        switch self {
        case .ended, .silent, .goneAway, .lateHandshake, .noCommonProtocol: .nobody
        case .wanted: .ours
        case .handshake(let fault): fault.blame
        case .negotiation, .forged, .muxing, .identify: .peer
        }
    }
}
