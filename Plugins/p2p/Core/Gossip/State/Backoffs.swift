/// For how long peers must not be grafted into a mesh, or graft: at most so many.
struct Backoffs: Sendable {
    struct Backoff: Sendable {
        var until: UInt64
        /// When the peer was pruned.
        var since: UInt64
    }

    private let limit: Int
    private var entries: [PeerID: Backoff] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Nil when it is over.
    func backoff(_ id: PeerID, now: UInt64) -> Backoff? {
        guard let backoff = entries[id], backoff.until > now else { return nil }
        return backoff
    }

    /// The later end counts.
    ///
    /// When there are too many, those that are over go; when none is, the new one is not kept.
    mutating func add(_ id: PeerID, until: UInt64, now: UInt64) {
        if entries[id] == nil, entries.count >= limit { expire(now: now) }
        guard entries[id] != nil || entries.count < limit else { return }
        entries[id] = Backoff(until: max(until, entries[id]?.until ?? 0), since: now)
    }

    /// Entries stay some seconds longer than they hold, for those who wait longer than they must.
    mutating func expire(now: UInt64) {
        entries = entries.filter { Milliseconds.sum($0.value.until, 10 * Milliseconds.second) > now }
    }
}
