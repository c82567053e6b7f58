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
