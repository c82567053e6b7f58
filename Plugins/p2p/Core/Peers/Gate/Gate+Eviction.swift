/// Who goes when somebody else should come.
extension Gate {
    /// The guest to be evicted; nil: all are worth their places.
    ///
    /// First some are safe whom an attacker cannot easily be better than: of parts of the network that a secret hash
    /// picks, of the lowest ping, of the latest valid blocks, and half of the rest by the time that they are there.
    /// Of those left, the youngest goes that is of the part of the network with the most connections.
    func evictable() -> PeerHandle? {
        var left = guests.values.sorted { $0.handle < $1.handle }
        let most = limits.protected
        protect(&left, most) { (rank($0), $0.handle) < (rank($1), $1.handle) }
        protect(&left, most) { ($0.ping ?? .max, $0.handle) < ($1.ping ?? .max, $1.handle) }
        protect(&left, most) { ($1.block, $0.handle) < ($0.block, $1.handle) }
        protect(&left, left.count / 2) { ($0.since, $0.handle) < ($1.since, $1.handle) }
        guard !left.isEmpty else { return nil }
        var counts: [NetworkGroup?: Int] = [:]
        for guest in left { counts[guest.large, default: 0] += 1 }
        let worst = left.max {
            (counts[$0.large] ?? 0, $0.since, $0.handle) < (counts[$1.large] ?? 0, $1.since, $1.handle)
        }
        return worst?.handle
    }

    private func rank(_ guest: Guest) -> UInt64 { hash(guest.large?.key ?? 0, 5) }

    private func protect(_ left: inout [Guest], _ count: Int, by isBetter: (Guest, Guest) -> Bool) {
        left.sort(by: isBetter)
        left.removeFirst(min(count, left.count))
    }
}
