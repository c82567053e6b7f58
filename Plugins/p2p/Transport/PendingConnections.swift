package import P2PCore

/// Connections of others that have not proved who they are yet; never more than there may be.
///
/// Whoever comes when the door is crowded takes the place of the one that has been there longest, once that one has
/// had time for an honest handshake. So silent connections keep nobody out for longer than this time, and hold no
/// more memory than the places have.
package struct PendingConnections: Hashable, Sendable {
    /// Where connections come from.
    package enum Origin: Hashable, Sendable {
        /// An address of IPv4.
        case ip4(UInt32)
        /// The first half of an address of IPv6.
        case ip6(UInt64)
    }

    /// What happens to one that comes.
    package enum Answer: Hashable, Sendable {
        /// There is a place.
        case taken
        /// There is one, because this other one goes.
        case insteadOf(PeerHandle)
        /// Its address has as many as one may have.
        case tooManyOfOne
        /// There is no place.
        case tooMany
    }

    private struct Entry: Hashable, Sendable {
        let peer: PeerHandle
        let origin: Origin
        let since: UInt64
    }

    private let limit: PendingLimit
    /// In the order in which they came.
    private var entries: [Entry] = []

    /// None yet.
    package init(_ limit: PendingLimit) {
        self.limit = limit
    }

    /// How many there are.
    package var count: Int { entries.count }

    /// Somebody comes.
    /// - Parameter now: milliseconds; never before the last one.
    package mutating func arrive(_ peer: PeerHandle, from origin: Origin, now: UInt64) -> Answer {
        guard entries.count(where: { $0.origin == origin }) < limit.ofOne else { return .tooManyOfOne }
        var answer = Answer.taken
        if entries.count >= limit.all {
            guard let oldest = entries.first,
                Milliseconds.since(oldest.since, now: now) >= limit.patience
            else { return .tooMany }
            entries.removeFirst()
            answer = .insteadOf(oldest.peer)
        }
        entries.append(Entry(peer: peer, origin: origin, since: now))
        return answer
    }

    /// Somebody is known now, or gone.
    package mutating func leave(_ peer: PeerHandle) {
        entries.removeAll { $0.peer == peer }
    }
}
