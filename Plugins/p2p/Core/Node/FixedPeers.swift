/// Peers that an operator named: they are dialled whenever they are not there.
package struct FixedPeers: Sendable {
    /// One of them.
    private struct Entry: Sendable {
        var failures: UInt64 = 0
        var next: UInt64 = 0
        var isUnderWay = false
        /// When it was reached; nil: it is not there.
        var since: UInt64?
    }

    /// How many there may be.
    package static let most = 256
    /// Milliseconds after the first failure; after each more twice as many.
    package static let firstPause: UInt64 = 500
    /// Milliseconds at most.
    package static let longestPause: UInt64 = 30_000
    /// Milliseconds after which a connection counts as one: who lets us in and closes at once is not called at once.
    package static let lasting: UInt64 = 10_000

    private var entries: [Multiaddress: Entry] = [:]
    /// In the order in which they were named.
    package private(set) var addresses: [Multiaddress] = []

    /// None.
    package init() {}

    /// Names one.
    /// - Returns: whether there is room, and it names its key: without it anybody could answer.
    package mutating func add(_ address: Multiaddress) -> Bool {
        guard address.peer != nil else { return false }
        if entries[address] != nil { return true }
        guard addresses.count < Self.most else { return false }
        entries[address] = Entry()
        addresses.append(address)
        return true
    }

    /// Forgets one.
    package mutating func remove(_ peer: PeerID) {
        addresses.removeAll { $0.peer == peer }
        entries = entries.filter { $0.key.peer != peer }
    }

    /// Those to dial now.
    package mutating func due(_ connected: (PeerID) -> Bool, now: UInt64) -> [Multiaddress] {
        var due: [Multiaddress] = []
        for address in addresses {
            guard var entry = entries[address], let peer = address.peer, !connected(peer) else { continue }
            guard !entry.isUnderWay, entry.next <= now else { continue }
            entry.isUnderWay = true
            entries[address] = entry
            due.append(address)
        }
        return due
    }

    /// It was not reached, or its connection ended.
    package mutating func failed(_ address: Multiaddress, now: UInt64) {
        guard var entry = entries[address] else { return }
        if let since = entry.since, Milliseconds.since(since, now: now) >= Self.lasting { entry.failures = 0 }
        (entry.isUnderWay, entry.since) = (false, nil)
        let pause = min(Self.firstPause << min(entry.failures, 16), Self.longestPause)
        entry.failures += 1
        entry.next = Milliseconds.sum(now, pause)
        entries[address] = entry
    }

    /// It is there.
    package mutating func reached(_ peer: PeerID, now: UInt64) {
        for address in addresses where address.peer == peer {
            entries[address]?.isUnderWay = false
            entries[address]?.since = now
        }
    }
}
