/// For how long peers must not be grafted into a mesh, or graft: at most so many.
struct Backoffs: Sendable {
    struct Backoff: Sendable {
        var until: UInt64
        /// When the peer was pruned.
        var since: UInt64
    }

    private let limit: Int
    /// Milliseconds for which we wait longer than we must, as the other's clock began later.
    private let slack: UInt64
    private var entries: [PeerID: Backoff] = [:]

    init(limit: Int, slack: UInt64) {
        (self.limit, self.slack) = (limit, slack)
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Whether we may graft a peer ourselves.
    func isOver(_ id: PeerID, now: UInt64) -> Bool {
        entries[id].map { Milliseconds.sum($0.until, slack) <= now } ?? true
    }

    /// What a peer that grafts us breaks; nil when it is over.
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

    /// Entries stay as long as we wait ourselves.
    mutating func expire(now: UInt64) {
        entries = entries.filter { Milliseconds.sum($0.value.until, slack) > now }
    }
}
