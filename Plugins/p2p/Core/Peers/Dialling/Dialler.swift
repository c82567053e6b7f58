/// Whom this node dials, and why; those that the operator named are dialled elsewhere, whatever is said here.
///
/// Time and what became of dials come in, dials and farewells go out.
package struct Dialler: Sendable {
    /// What a connection is for.
    package enum Purpose: UInt8, Hashable, Sendable, CaseIterable {
        /// One of the last run.
        case anchor
        /// Everything.
        case relay
        /// Headers and blocks.
        case headerOnly
        /// Everything, as no new tip came for too long.
        case extra
        /// To see whether somebody is there.
        case feeler
        /// A member of the committee that this node is a member of.
        case committee

        /// Whether it is one of those of which no two may be in one part of the network.
        var isSpread: Bool { self != .feeler && self != .committee }
    }

    /// What to do.
    package enum Action: Hashable, Sendable {
        /// Dial a peer there.
        case dial(PeerID, Multiaddress, Purpose)
        /// Close the connection to a peer, which did nothing wrong.
        case release(PeerID, String)
    }

    struct Out: Sendable {
        let contact: PeerContact
        let address: Multiaddress
        let purpose: Purpose
        var since: UInt64
        var isConnected = false
        /// When it last had a block that was new and valid.
        var useful: UInt64 = 0
    }

    /// How many, and how.
    package let parameters: DiallerParameters
    let own: PeerID
    var generator: SeededGenerator
    var outs: [PeerID: Out] = [:]
    var pauses = DialPauses()
    var waitingAnchors: [PeerContact]?
    var nextFeeler: UInt64
    var nextExtra: UInt64 = 0
    var lastTip: UInt64
    /// Those that a member keeps connections to.
    var members: [PeerContact] = []

    /// A start.
    /// - Parameters:
    ///   - parameters: how many, and how.
    ///   - own: this node, which is not dialled.
    ///   - seed: of choices.
    ///   - now: milliseconds.
    package init(_ parameters: DiallerParameters, own: PeerID, seed: UInt64, now: UInt64) {
        self.parameters = parameters
        self.own = own
        generator = SeededGenerator(seed: seed)
        nextFeeler = Milliseconds.sum(now, parameters.feelerPause)
        lastTip = now
    }

    // MARK: - What happened

    /// A dial went well, the peer's key proven.
    package mutating func connected(_ peer: PeerID, _ book: inout PeerBook, now: UInt64) -> [Action] {
        guard var out = outs[peer] else { return [] }
        (out.isConnected, out.since) = (true, now)
        outs[peer] = out
        pauses.reached(out.address)
        book.reached(peer, now: now)
        guard out.purpose == .feeler else { return [] }
        outs[peer] = nil
        return [.release(peer, "it was dialled to see whether it is there")]
    }

    /// A dial went wrong, or somebody else answered.
    package mutating func failed(_ peer: PeerID, _ book: inout PeerBook, now: UInt64) {
        guard let out = outs.removeValue(forKey: peer) else { return }
        let isOnline = outs.contains { $0.value.isConnected }
        book.failed(peer, isOnline: isOnline, now: now)
        // Without a network nobody answers: then all are tried again soon.
        if isOnline { pauses.failed(out.address, now: now, jitter: generator.next() >> 1) }
    }

    /// A dial is of no use, as the peer called us meanwhile.
    package mutating func abandoned(_ peer: PeerID) { outs[peer] = nil }

    /// A connection that was dialled is over.
    package mutating func disconnected(_ peer: PeerID, now: UInt64) {
        guard let out = outs.removeValue(forKey: peer) else { return }
        // It is not dialled again at once: another may be the better choice.
        pauses.failed(out.address, now: now, jitter: generator.next() >> 1)
    }

    /// The node has a new tip; it came from a peer, or from elsewhere.
    package mutating func tip(from peer: PeerID?, now: UInt64) {
        lastTip = now
        if let peer { outs[peer]?.useful = now }
    }

    /// Members that this node keeps connections to, as it is one; empty: it is none.
    package mutating func keep(_ members: [PeerContact]) {
        self.members = Array(members.filter { $0.peer != own }.prefix(CommitteeBook.links))
    }

    /// What a connection that this node made is for; nil: there is none.
    package func purpose(of peer: PeerID) -> Purpose? {
        outs[peer].flatMap { $0.isConnected ? $0.purpose : nil }
    }

    /// Connections that are there, feelers apart.
    package var connections: [PeerID] { outs.filter { $0.value.isConnected }.keys.sorted() }

    func count(_ purposes: Set<Purpose>) -> Int {
        outs.values.reduce(0) { $0 + (purposes.contains($1.purpose) ? 1 : 0) }
    }
}
