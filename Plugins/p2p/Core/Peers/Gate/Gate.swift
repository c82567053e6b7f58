/// Places of those who call: who has proven its key stays, or makes another go, or goes.
///
/// Those who have not proven one are the transport's; bans, and peers with places of their own, are the node's.
package struct Gate: Sendable {
    /// What becomes of a connection.
    package enum Verdict: Hashable, Sendable {
        /// It stays.
        case accept
        /// It stays, and another one goes.
        case evict(PeerHandle)
        /// It goes.
        case refuse(GateRefusal)
    }

    struct Guest: Sendable {
        let handle: PeerHandle
        /// Nil: of no part of the network that anybody could have many of.
        let small, large: NetworkGroup?
        let since: UInt64
        /// Milliseconds of the best echo; nil: none yet.
        var ping: UInt64?
        /// When it last had a block that was new and valid.
        var block: UInt64 = 0
    }

    /// How many.
    package let limits: GateLimits
    let hash: KeyedHash
    private(set) var guests: [PeerHandle: Guest] = [:]

    /// Nobody is there.
    /// - Parameters:
    ///   - limits: how many.
    ///   - key: random and secret: which parts of the network are safe from eviction.
    package init(_ limits: GateLimits, key: KeyedHash) {
        (self.limits, hash) = (limits, key)
    }

    /// Connections of others that are there.
    package var inbound: Int { guests.count }

    /// Somebody who called has proven its key.
    ///
    /// Hosts that the Internet does not reach are counted all together: in a house or a lab all are of one group.
    /// - Parameters:
    ///   - handle: its connection.
    ///   - host: where it calls from.
    ///   - now: milliseconds.
    package mutating func enter(_ handle: PeerHandle, from host: Multiaddress.Host, now: UInt64) -> Verdict {
        let isCounted = limits.isGrouped && host.isGlobal
        let guest = Guest(
            handle: handle, small: isCounted ? NetworkGroup(host, .small) : nil,
            large: isCounted ? NetworkGroup(host, .large) : nil, since: now)
        let verdict = judge(guest)
        if case .evict(let other) = verdict { guests[other] = nil }
        if case .refuse = verdict { return verdict }
        guests[handle] = guest
        return verdict
    }

    private func judge(_ guest: Guest) -> Verdict {
        if let small = guest.small, let large = guest.large {
            guard guests.values.count(where: { $0.small == small }) < limits.perSmallGroup else {
                return .refuse(.group(limits.perSmallGroup))
            }
            guard guests.values.count(where: { $0.large == large }) < limits.perLargeGroup else {
                return .refuse(.group(limits.perLargeGroup))
            }
        }
        if guests.count < limits.inbound { return .accept }
        return evictable().map { .evict($0) } ?? .refuse(.full(limits.inbound))
    }

    /// A connection is over, whatever it was.
    package mutating func closed(_ handle: PeerHandle) { guests[handle] = nil }

    /// An echo took so many milliseconds.
    package mutating func ping(_ handle: PeerHandle, milliseconds: UInt64) {
        guard let old = guests[handle] else { return }
        guests[handle]?.ping = min(old.ping ?? .max, milliseconds)
    }

    /// It had a block that was new and valid.
    package mutating func block(_ handle: PeerHandle, now: UInt64) { guests[handle]?.block = now }
}
