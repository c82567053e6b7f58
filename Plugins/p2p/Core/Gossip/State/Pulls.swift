/// Messages that were announced and asked for: each of one peer at a time, of another when that one does not answer.
struct Pulls: Sendable {
    private struct Pull: Sendable {
        /// Whom we asked last.
        var peer: PeerHandle
        /// Until when we wait for it.
        var until: UInt64
        /// Others that have it, in the order in which they said so.
        var others: [PeerHandle]
    }

    /// Others remembered for a message.
    private static let mostOthers = 8

    private let limit: Int
    private let patience: UInt64
    private let promise: UInt64
    private var entries: [MessageID: Pull] = [:]
    /// In the order of time, as all wait equally long.
    private var order: [(id: MessageID, until: UInt64)] = []
    private var passed = 0
    /// Who was asked first, and until when somebody must have sent it.
    private var promises: [(id: MessageID, peer: PeerHandle, until: UInt64)] = []
    private var kept = 0

    init(_ parameters: GossipParameters) {
        limit = parameters.limits.asked
        patience = parameters.patience
        promise = parameters.promise
    }

    var count: Int { entries.count }

    /// When somebody else may have to be asked next; what came meanwhile counts too.
    var next: UInt64? { passed < order.count ? order[passed].until : nil }

    /// A peer says that it has a message that we lack.
    /// - Parameter isAsked: whether the peer may be asked at all now.
    /// - Returns: whether to ask it.
    mutating func announced(_ id: MessageID, by peer: PeerHandle, isAsked: Bool, now: UInt64) -> Bool {
        if let pull = entries[id] {
            if pull.peer != peer, pull.others.count < Self.mostOthers, !pull.others.contains(peer) {
                entries[id]?.others.append(peer)
            }
            return false
        }
        guard isAsked, entries.count < limit else { return false }
        ask(id, peer, others: [], now: now)
        if promises.count - kept < limit { promises.append((id, peer, Milliseconds.sum(now, promise))) }
        return true
    }

    private mutating func ask(_ id: MessageID, _ peer: PeerHandle, others: [PeerHandle], now: UInt64) {
        let until = Milliseconds.sum(now, patience)
        entries[id] = Pull(peer: peer, until: until, others: others)
        order.append((id, until))
    }

    /// It came.
    /// - Returns: others that said they have it.
    mutating func arrived(_ id: MessageID) -> [PeerHandle] {
        guard let pull = entries.removeValue(forKey: id) else { return [] }
        return pull.others + [pull.peer]
    }

    /// Whom to ask now for what did not come.
    /// - Parameter canAsk: whether a peer is there and may be asked.
    mutating func retries(now: UInt64, canAsk: (PeerHandle) -> Bool) -> [(id: MessageID, peer: PeerHandle)] {
        var result: [(id: MessageID, peer: PeerHandle)] = []
        while passed < order.count, order[passed].until <= now {
            let (id, until) = order[passed]
            passed += 1
            guard let pull = entries[id], pull.until == until else { continue }
            entries[id] = nil
            guard let place = pull.others.firstIndex(where: canAsk) else { continue }
            ask(id, pull.others[place], others: Array(pull.others[(place + 1)...]), now: now)
            result.append((id, pull.others[place]))
        }
        if passed > order.count / 2 {
            order.removeFirst(passed)
            passed = 0
        }
        return result
    }

    /// Peers whose announcements nobody kept in time, each once.
    mutating func broken(now: UInt64, wasSeen: (MessageID) -> Bool) -> [PeerHandle] {
        var peers: Set<PeerHandle> = []
        while kept < promises.count, promises[kept].until <= now {
            let (id, peer, _) = promises[kept]
            kept += 1
            if !wasSeen(id) { peers.insert(peer) }
        }
        if kept > promises.count / 2 {
            promises.removeFirst(kept)
            kept = 0
        }
        return peers.sorted()
    }
}
