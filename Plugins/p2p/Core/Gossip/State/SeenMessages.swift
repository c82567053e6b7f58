/// Which messages were seen, and what became of them: for some time, and at most so many; the oldest is forgotten
/// first.
struct SeenMessages: Sendable {
    /// What became of a message.
    enum Fate: UInt8, Sendable {
        case held, accepted, rejected, ignored
    }

    private struct Entry: Sendable {
        var fate: Fate
        let until: UInt64
    }

    private let limit: Int
    private let span: UInt64
    private var entries: [MessageID: Entry] = [:]
    /// In the order of their ends; what was forgotten before is passed over.
    private var order: [(id: MessageID, until: UInt64)] = []
    private var passed = 0

    init(limit: Int, span: UInt64) {
        self.limit = limit
        self.span = span
    }

    var count: Int { entries.count }

    func fate(_ id: MessageID) -> Fate? { entries[id]?.fate }

    mutating func see(_ id: MessageID, _ fate: Fate, now: UInt64) {
        let until = Milliseconds.sum(now, span)
        entries[id] = Entry(fate: fate, until: until)
        order.append((id, until))
        while entries.count > limit, passed < order.count { dropOldest() }
    }

    mutating func decide(_ id: MessageID, _ fate: Fate) { entries[id]?.fate = fate }

    mutating func expire(now: UInt64) {
        while passed < order.count, order[passed].until <= now { dropOldest() }
        if passed > order.count / 2 {
            order.removeFirst(passed)
            passed = 0
        }
    }

    private mutating func dropOldest() {
        let (id, until) = order[passed]
        passed += 1
        if entries[id]?.until == until { entries[id] = nil }
    }
}
