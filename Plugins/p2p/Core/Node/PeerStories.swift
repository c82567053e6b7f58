/// What became of peers, for people who ask why one is not there: a few lines of each, of the last peers only.
package struct PeerStories: Sendable {
    /// A line.
    package struct Line: Hashable, Sendable {
        /// When, in milliseconds of the clock that is handed in.
        package let time: UInt64
        /// What, as a sentence.
        package let text: String
    }

    /// Lines that are kept of a peer.
    package static let lines = 16
    /// Peers of which lines are kept.
    package static let peers = 1_024

    private var stories: [PeerID: [Line]] = [:]
    /// The one that was first told of first.
    private var order: [PeerID] = []

    /// None yet.
    package init() {}

    /// Adds a line; one that is said again only gets the newer time.
    package mutating func tell(_ peer: PeerID, _ text: String, now: UInt64) {
        if stories[peer] == nil {
            if order.count >= Self.peers { stories[order.removeFirst()] = nil }
            order.append(peer)
        }
        var lines = stories[peer] ?? []
        if lines.last?.text == text { lines.removeLast() }
        lines.append(Line(time: now, text: text))
        stories[peer] = lines.suffix(Self.lines)
    }

    /// What is known of a peer, the oldest first; nil: nothing was ever heard of it.
    package func story(of peer: PeerID) -> [Line]? { stories[peer] }
}

/// Peers that this node has nothing to do with, until a time.
package struct BanList: Sendable {
    /// A ban.
    package struct Ban: Hashable, Sendable {
        /// Until when.
        package let until: UInt64
        /// Why, as a sentence.
        package let reason: String
    }

    /// Milliseconds of a ban that the node itself makes.
    package static let usual: UInt64 = 12 * Milliseconds.hour
    /// How many there may be; beyond, the one that ends first is dropped.
    package static let most = 4_096

    /// All that were made and have not been dropped.
    package private(set) var bans: [PeerID: Ban] = [:]

    /// None.
    package init() {}

    /// Bans a peer.
    package mutating func add(_ peer: PeerID, until: UInt64, reason: String) {
        bans[peer] = Ban(until: until, reason: reason)
        guard bans.count > Self.most else { return }
        let first = bans.min { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
        if let first { bans[first.key] = nil }
    }

    /// Ends a ban.
    package mutating func remove(_ peer: PeerID) { bans[peer] = nil }

    /// The ban that holds; nil: none.
    package mutating func ban(of peer: PeerID, now: UInt64) -> Ban? {
        guard let ban = bans[peer] else { return nil }
        if ban.until > now { return ban }
        bans[peer] = nil
        return nil
    }
}
