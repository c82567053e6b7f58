/// Numbers of `spacenode.bus.v1.Kind`.
enum WireKind {
    static let request: UInt32 = 1
    static let reply: UInt32 = 2
    static let error: UInt32 = 3
    static let event: UInt32 = 4
    static let streamOpen: UInt32 = 5
    static let streamItem: UInt32 = 6
    static let streamEnd: UInt32 = 7
    static let control: UInt32 = 8
}

/// Numbers of `spacenode.bus.v1.ControlType`.
enum ControlType: UInt32 {
    case hello = 1
    case welcome, reject, attach, attached, ping, pong, credit, cancel, drain, state
    case subscribe, subscribed, unsubscribe, gap, resync, notice, streamCredit, goodbye

    /// The header's `type`.
    var type: UInt32 { 1 << 16 | rawValue }
}

/// Largest frames, in bytes.
enum FrameLimit {
    static let bulk = 4 << 20
}

/// What a plugin says of itself.
package enum PluginState: Sendable, Equatable {
    case starting
    case ready
    /// A dependency is missing: why.
    case degraded(String)

    var wire: UInt32 {
        switch self {
        case .starting: 1
        case .ready: 2
        case .degraded: 3
        }
    }

    var reason: String {
        if case .degraded(let reason) = self { return reason }
        return ""
    }
}
