package import NodeDomain

/// Somebody on the other side, by whatever names it there.
package struct Peer: Hashable, Sendable {
    /// Most bytes of a name.
    package static let largest = 64

    /// 1 to 64 bytes.
    package let name: [UInt8]

    /// A peer of this name; nil: it has no bytes, or too many.
    package init?(_ name: [UInt8]) {
        guard (1...Peer.largest).contains(name.count) else { return nil }
        self.name = name
    }
}

/// Which ids are said to peers, and which bodies are asked of whom: events in, actions out.
///
/// Bodies are never sent unasked. Each id is asked of one peer at a time; who does not answer in time is passed over for another
/// that has announced it.
package struct Exchange: Sendable {
    /// How much is kept in mind.
    package struct Limits: Hashable, Sendable {
        /// Ids under way with all peers together.
        package var asked = 65_536
        /// Ids under way with one peer.
        package var askedOfPeer = 1_024
        /// Other peers remembered for an id.
        package var others = 4
        /// Ids of which we know that they need not be asked for.
        package var seen = 131_072
        /// Ids that wait to be announced.
        package var unsaid = 65_536
        /// Milliseconds until another is asked.
        package var patience: UInt64 = 3_000

        /// The defaults.
        package init() {}
    }

    /// What happens; times are milliseconds of a clock that never goes back.
    package enum Event: Hashable, Sendable {
        /// A candidate waits here now.
        case admitted(CandidateKind, Bytes32)
        /// A body came, from whomever, and will be judged here.
        case arrived(Bytes32)
        /// A peer has these.
        case announced(Peer, Announcement)
        /// A peer is gone.
        case lost(Peer)
        /// Time passes.
        case tick
    }

    /// What follows.
    package enum Action: Hashable, Sendable {
        /// Say this to all peers.
        case announce(Announcement)
        /// Ask a peer for these bodies.
        case pull(Peer, CandidateKind, [Bytes32])
    }

    private struct Asked {
        let kind: CandidateKind
        let peer: Peer
        let deadline: UInt64
        var others: [Peer]
    }

    private let limits: Limits
    private var asked: [Bytes32: Asked] = [:]
    private var askedOf: [Peer: Int] = [:]
    /// In the order of their deadlines; those that were answered are passed over.
    private var deadlines: [(id: Bytes32, deadline: UInt64)] = []
    private var passed = 0
    private var seen = IdQueue()
    private var unsaid: [(kind: CandidateKind, id: Bytes32)] = []

    /// Nothing seen yet.
    package init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Ids under way.
    package var askedCount: Int { asked.count }
    /// Ids that are remembered as seen.
    package var seenCount: Int { seen.count }
    /// Ids under way with a peer.
    package func askedCount(of peer: Peer) -> Int { askedOf[peer] ?? 0 }

    /// What follows from an event.
    /// - Parameters:
    ///   - now: milliseconds.
    ///   - waits: whether a candidate waits here.
    package mutating func handle(
        _ event: Event, now: UInt64, waits: (Bytes32) -> Bool
    ) -> [Action] {
        switch event {
        case .admitted(let kind, let id):
            see(id)
            if unsaid.count < limits.unsaid { unsaid.append((kind, id)) }
            return []
        case .arrived(let id):
            see(id)
            return []
        case .announced(let peer, let announcement):
            let wanted = announcement.ids.filter { !seen.contains($0) && !waits($0) }
            return ask(peer, announcement.kind, wanted, now: now)
        case .lost(let peer):
            let own = asked.filter { $0.value.peer == peer }.map(\.key).sorted()
            return askOthers(own, now: now)
        case .tick: return say(waits) + askOthers(late(now), now: now)
        }
    }

    private mutating func see(_ id: Bytes32) {
        forget(id)
        seen.add(id)
        if seen.count > limits.seen { _ = seen.take() }
    }

    // MARK: - Saying

    private mutating func say(_ waits: (Bytes32) -> Bool) -> [Action] {
        defer { unsaid.removeAll(keepingCapacity: true) }
        return CandidateKind.allCases.flatMap { kind -> [Action] in
            let ids = unsaid.filter { $0.kind == kind && waits($0.id) }.map(\.id)
            return stride(from: 0, to: ids.count, by: MempoolLimit.announced).compactMap { start in
                Announcement(kind, Array(ids[start..<min(ids.count, start + MempoolLimit.announced)]))
                    .map { .announce($0) }
            }
        }
    }

    // MARK: - Asking

    private mutating func ask(
        _ peer: Peer, _ kind: CandidateKind, _ ids: [Bytes32], now: UInt64
    ) -> [Action] {
        var pulled: [Bytes32] = []
        for id in ids {
            if let known = asked[id] {
                if known.peer != peer, known.others.count < limits.others, !known.others.contains(peer) {
                    asked[id]?.others.append(peer)
                }
            } else if begin(id, kind, peer, others: [], now: now) {
                pulled.append(id)
            }
        }
        return pull(peer, kind, pulled)
    }

    private func pull(_ peer: Peer, _ kind: CandidateKind, _ ids: [Bytes32]) -> [Action] {
        stride(from: 0, to: ids.count, by: MempoolLimit.candidates).map { start in
            .pull(peer, kind, Array(ids[start..<min(ids.count, start + MempoolLimit.candidates)]))
        }
    }

    /// - Returns: false when the peer, or all together, have enough under way.
    private mutating func begin(
        _ id: Bytes32, _ kind: CandidateKind, _ peer: Peer, others: [Peer], now: UInt64
    ) -> Bool {
        guard asked.count < limits.asked, askedCount(of: peer) < limits.askedOfPeer else { return false }
        let (end, overflow) = now.addingReportingOverflow(limits.patience)
        let deadline = overflow ? .max : end
        asked[id] = Asked(kind: kind, peer: peer, deadline: deadline, others: others)
        askedOf[peer, default: 0] += 1
        deadlines.append((id, deadline))
        return true
    }

    @discardableResult
    private mutating func forget(_ id: Bytes32) -> Asked? {
        guard let known = asked.removeValue(forKey: id) else { return nil }
        let left = askedCount(of: known.peer) - 1
        askedOf[known.peer] = left > 0 ? left : nil
        return known
    }

    /// Those whose time is over.
    private mutating func late(_ now: UInt64) -> [Bytes32] {
        var ids: [Bytes32] = []
        while passed < deadlines.count, deadlines[passed].deadline <= now {
            let (id, deadline) = deadlines[passed]
            passed += 1
            if asked[id]?.deadline == deadline { ids.append(id) }
        }
        if 2 * passed > deadlines.count {
            deadlines.removeFirst(passed)
            passed = 0
        }
        return ids
    }

    /// Asks the next one that has announced each; an id that nobody else has is forgotten, and asked for when it is announced again.
    private mutating func askOthers(_ ids: [Bytes32], now: UInt64) -> [Action] {
        var order: [(peer: Peer, kind: CandidateKind)] = []
        var pulls: [Peer: [CandidateKind: [Bytes32]]] = [:]
        for id in ids {
            guard var known = forget(id) else { continue }
            while !known.others.isEmpty {
                let next = known.others.removeFirst()
                guard begin(id, known.kind, next, others: known.others, now: now) else { continue }
                if pulls[next]?[known.kind] == nil { order.append((next, known.kind)) }
                pulls[next, default: [:]][known.kind, default: []].append(id)
                break
            }
        }
        return order.flatMap { pull($0.peer, $0.kind, pulls[$0.peer]?[$0.kind] ?? []) }
    }
}
