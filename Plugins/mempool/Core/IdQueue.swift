internal import NodeDomain

/// Ids, each once, the oldest first; what was removed is passed over.
struct IdQueue: Sendable {
    private var ids: [Bytes32] = []
    private var taken = 0
    private var members: Set<Bytes32> = []

    var count: Int { members.count }

    /// The oldest first.
    var waiting: [Bytes32] { ids[taken...].filter { members.contains($0) } }

    func contains(_ id: Bytes32) -> Bool { members.contains(id) }

    /// - Returns: false when it waits already.
    @discardableResult
    mutating func add(_ id: Bytes32) -> Bool {
        guard members.insert(id).inserted else { return false }
        ids.append(id)
        shorten()
        return true
    }

    mutating func remove(_ id: Bytes32) {
        members.remove(id)
    }

    mutating func take() -> Bytes32? {
        while taken < ids.count {
            let id = ids[taken]
            taken += 1
            if members.remove(id) != nil { return id }
        }
        shorten()
        return nil
    }

    /// Keeps the list at most some times as long as its members.
    private mutating func shorten() {
        guard ids.count > 2 * members.count + 1_024 else { return }
        // One that was removed and added again stands here twice.
        var seen: Set<Bytes32> = []
        ids = ids[taken...].filter { members.contains($0) && seen.insert($0).inserted }
        taken = 0
    }
}
