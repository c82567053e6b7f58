/// A message that waits for its verdict.
struct HeldMessage: Sendable {
    let message: GossipRPC.Message
    /// Who brought it first.
    let first: PeerHandle
    /// Others that sent it meanwhile.
    var others: [PeerHandle] = []
    /// Those that said they have it.
    var announcers: [PeerHandle] = []
    let until: UInt64
    /// What is held in memory.
    var bytes: Int { message.data.count }
}

/// Messages that wait for their verdicts: at most so many and so many bytes, of all peers and of each.
struct HeldMessages: Sendable {
    private struct Share: Sendable {
        var count = 0
        var bytes = 0
    }

    private let limits: GossipLimits
    private var entries: [MessageID: HeldMessage] = [:]
    private var shares: [PeerHandle: Share] = [:]
    private var bytes = 0
    /// In the order of their ends.
    private var order: [(id: MessageID, until: UInt64)] = []
    private var passed = 0

    init(_ limits: GossipLimits) {
        self.limits = limits
    }

    var count: Int { entries.count }

    subscript(_ id: MessageID) -> HeldMessage? { entries[id] }

    /// - Returns: false when there is no room for it.
    mutating func add(_ id: MessageID, _ held: HeldMessage) -> Bool {
        let share = shares[held.first] ?? Share()
        guard entries.count < limits.held, bytes + held.bytes <= limits.heldBytes,
            share.count < limits.heldOfPeer, share.bytes + held.bytes <= limits.heldBytesOfPeer
        else { return false }
        entries[id] = held
        bytes += held.bytes
        shares[held.first] = Share(count: share.count + 1, bytes: share.bytes + held.bytes)
        order.append((id, held.until))
        return true
    }

    mutating func sent(_ id: MessageID, by peer: PeerHandle) {
        guard let held = entries[id], held.first != peer, !held.others.contains(peer) else { return }
        entries[id]?.others.append(peer)
    }

    mutating func announced(_ id: MessageID, by peer: PeerHandle) {
        guard let held = entries[id], !held.announcers.contains(peer) else { return }
        entries[id]?.announcers.append(peer)
    }

    mutating func remove(_ id: MessageID) -> HeldMessage? {
        guard let held = entries.removeValue(forKey: id) else { return nil }
        bytes -= held.bytes
        if var share = shares[held.first] {
            share.count -= 1
            share.bytes -= held.bytes
            shares[held.first] = share.count > 0 ? share : nil
        }
        return held
    }

    /// Those for which no verdict came in time.
    mutating func late(now: UInt64) -> [MessageID] {
        var ids: [MessageID] = []
        while passed < order.count, order[passed].until <= now {
            let (id, until) = order[passed]
            passed += 1
            if entries[id]?.until == until { ids.append(id) }
        }
        if passed > order.count / 2 {
            order.removeFirst(passed)
            passed = 0
        }
        return ids
    }
}
