/// How many strangers may call.
package struct GateLimits: Hashable, Sendable {
    /// Connections that are there at once and were made by others; named peers do not count.
    package var inbound = 28
    /// Connections of one /24 (IPv6 /48).
    package var perSmallGroup = 2
    /// Connections of one /16 (IPv6 /32).
    package var perLargeGroup = 8
    /// Whether parts of the network are counted at all.
    package var isGrouped = true
    /// Connections that are safe for one virtue each: part of the network, ping, blocks.
    package var protected = 4

    /// The defaults.
    package init() {}
}

/// Why somebody is not let in.
package enum GateRefusal: Hashable, Sendable {
    /// There are enough of its /24, or its /16.
    case group(Int)
    /// All places are taken by better ones.
    case full(Int)
}

extension GateRefusal: CustomStringConvertible {
    /// The end of a sentence that begins "refused, as".
    package var description: String {
        switch self {
        case .group(let limit): "there are \(limit) connections of its part of the network already"
        case .full(let limit): "all \(limit) places are taken by peers that are worth more"
        }
    }
}
