/// Bad scores of peers that are gone, so that nobody is rid of one by coming back.
///
/// At most so many; the oldest goes first.
struct RetainedScores: Sendable {
    private struct Entry: Sendable {
        let score: PeerScore
        let until: UInt64
    }

    private let limit: Int
    private var entries: [PeerID: Entry] = [:]
    /// In the order of their ends; those that were taken are passed over.
    private var order: [(id: PeerID, until: UInt64)] = []
    private var passed = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { entries.count }

    mutating func keep(_ score: PeerScore, of id: PeerID, until: UInt64) {
        entries[id] = Entry(score: score, until: until)
        order.append((id, until))
        while entries.count > limit, passed < order.count { dropOldest() }
        shorten()
    }

    mutating func take(_ id: PeerID) -> PeerScore? { entries.removeValue(forKey: id)?.score }

    mutating func expire(now: UInt64) {
        while passed < order.count, order[passed].until <= now { dropOldest() }
        shorten()
    }

    private mutating func dropOldest() {
        let (id, until) = order[passed]
        passed += 1
        if entries[id]?.until == until { entries[id] = nil }
    }

    /// Keeps the list at most some times as long as there are entries.
    private mutating func shorten() {
        guard order.count - passed > 2 * entries.count + 64 || passed > order.count / 2 + 64 else { return }
        order = order[passed...].filter { entries[$0.id]?.until == $0.until }
        passed = 0
    }
}
