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
