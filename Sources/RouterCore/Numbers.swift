/// Numbers of `spacenode.bus.v1.Status`.
package enum BusStatus: UInt32, Sendable {
    case ok = 1
    case busy, noRoute, notReady, expired, peerLost, routerLost, forbidden, tooLarge, version, schema
    case cancelled, unknownType, unknownSession, badFrame, duplicate, credit, lost, superseded, unauthorized
    case keyHeld, limit, draining, failed, late
}

/// Sums over all sessions since the router began.
struct RouterTotals {
    var routedMessages: UInt64 = 0
    var routedBytes: UInt64 = 0
    var refused: UInt64 = 0
    var expired: UInt64 = 0
    var gaps: UInt64 = 0
    var late: UInt64 = 0
    var highWaterTrips: UInt64 = 0
}

/// Answers to connections without a session: one a second each, over the last 64 of them.
struct StrangerBudget {
    private var recent: [(peer: UInt32, at: UInt64)] = []
    private var next = 0

    /// Whether this connection may be answered now.
    mutating func mayAnswer(_ peer: UInt32, now: UInt64) -> Bool {
        if let known = recent.firstIndex(where: { $0.peer == peer }) {
            guard now >= recent[known].at + 1000 else { return false }
            recent[known].at = now
            return true
        }
        if recent.count < 64 {
            recent.append((peer, now))
        } else {
            recent[next] = (peer, now)
            next = (next + 1) % 64
        }
        return true
    }
}

/// A number as people write types: `0x00400001`.
func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}
