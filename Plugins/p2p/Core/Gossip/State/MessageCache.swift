/// An accepted message, kept for those who want it.
struct CachedMessage: Sendable {
    let topic: TopicName
    /// An RPC with this message alone: what goes out to everyone.
    let rpc: [UInt8]
    /// Of its data.
    let size: Int
    /// Peers that have it, or that were told of it: nothing more goes to them unless they ask.
    var known: Set<PeerHandle>
    /// Peers to which it went out whole.
    var pushed: Set<PeerHandle> = []
    /// How often it went to those who asked.
    var served: [PeerHandle: Int] = [:]
}

/// The messages of the last heartbeats: at most so many and so many bytes; the oldest goes first.
struct MessageCache: Sendable {
    private let limits: GossipLimits
    private var entries: [MessageID: CachedMessage] = [:]
    private var bytes = 0
    /// Ids of each heartbeat, the newest last.
    private var windows: [[MessageID]]

    init(_ limits: GossipLimits, history: Int) {
        self.limits = limits
        windows = Array(repeating: [], count: max(1, history))
    }

    var count: Int { entries.count }

    subscript(_ id: MessageID) -> CachedMessage? { entries[id] }

    mutating func add(_ id: MessageID, _ message: CachedMessage) {
        guard message.rpc.count <= limits.cachedBytes, entries[id] == nil else { return }
        while entries.count >= limits.cached || bytes + message.rpc.count > limits.cachedBytes {
            guard dropOldest() else { break }
        }
        entries[id] = message
        bytes += message.rpc.count
        windows[windows.count - 1].append(id)
    }

    /// - Returns: whether it had gone to the peer whole, before the peer had it.
    mutating func has(_ id: MessageID, _ peer: PeerHandle) -> Bool {
        entries[id]?.known.insert(peer)
        return entries[id]?.pushed.remove(peer) != nil
    }

    mutating func told(_ id: MessageID, _ peer: PeerHandle) { entries[id]?.known.insert(peer) }

    mutating func pushed(_ id: MessageID, to peer: PeerHandle) {
        entries[id]?.known.insert(peer)
        entries[id]?.pushed.insert(peer)
    }

    /// It did not leave our queue; the peer may be told again.
    mutating func unsent(_ id: MessageID, to peer: PeerHandle) {
        guard entries[id]?.pushed.remove(peer) != nil else { return }
        entries[id]?.known.remove(peer)
    }

    /// - Returns: the RPC for a peer that asks; nil: it is not there, or went out as often as it may.
    mutating func serve(_ id: MessageID, to peer: PeerHandle) -> CachedMessage? {
        guard let entry = entries[id], entry.served[peer, default: 0] < limits.retransmissions else {
            return nil
        }
        entries[id]?.served[peer, default: 0] += 1
        pushed(id, to: peer)
        return entry
    }

    /// Ids of the last heartbeats' messages of each topic; the oldest first.
    func recent(heartbeats: Int) -> [TopicName: [MessageID]] {
        var ids: [TopicName: [MessageID]] = [:]
        for id in windows.suffix(max(0, heartbeats)).joined() {
            if let entry = entries[id] { ids[entry.topic, default: []].append(id) }
        }
        return ids
    }

    /// A heartbeat is over.
    mutating func shift() {
        for id in windows.removeFirst() { remove(id) }
        windows.append([])
    }

    private mutating func remove(_ id: MessageID) {
        if let entry = entries.removeValue(forKey: id) { bytes -= entry.rpc.count }
    }

    private mutating func dropOldest() -> Bool {
        guard let place = windows.firstIndex(where: { !$0.isEmpty }) else { return false }
        // Half of a window at once, so that a full cache does not move its ids for each message.
        let count = max(1, windows[place].count / 2)
        for id in windows[place].prefix(count) { remove(id) }
        windows[place].removeFirst(count)
        return true
    }
}
