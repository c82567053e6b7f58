/// A topic that we are of.
struct JoinedTopic: Sendable {
    let rules: TopicRules
    let degree: MeshDegree
    /// In rising order.
    private(set) var mesh: [PeerHandle] = []
    var backoffs: Backoffs
    var counters = TopicCounters()
    /// What is to be announced, in the order of time.
    private var unsaid: [(id: MessageID, peers: [PeerHandle], at: UInt64)] = []
    private var said = 0

    init(_ rules: TopicRules, degree: MeshDegree, backoffs: Backoffs) {
        self.rules = rules
        self.degree = degree
        self.backoffs = backoffs
    }

    mutating func add(_ peer: PeerHandle) {
        guard !mesh.contains(peer) else { return }
        mesh.insert(peer, at: mesh.firstIndex { $0 > peer } ?? mesh.count)
    }

    /// - Returns: whether it was there.
    mutating func remove(_ peer: PeerHandle) -> Bool {
        guard let place = mesh.firstIndex(of: peer) else { return false }
        mesh.remove(at: place)
        return true
    }

    // MARK: - Announcements

    /// When the next is to be announced.
    var nextAnnouncement: UInt64? { said < unsaid.count ? unsaid[said].at : nil }

    /// - Returns: false when there are too many.
    mutating func announceLater(_ id: MessageID, to peers: [PeerHandle], at time: UInt64, limit: Int) -> Bool
    {
        guard unsaid.count - said < limit else { return false }
        unsaid.append((id, peers, time))
        return true
    }

    /// Those of which the time has come.
    mutating func takeAnnouncements(now: UInt64) -> ArraySlice<
        (id: MessageID, peers: [PeerHandle], at: UInt64)
    > {
        let due = unsaid[said...].prefix { $0.at <= now }
        said += due.count
        if said > unsaid.count / 2 {
            unsaid.removeFirst(said)
            said = 0
        }
        return due
    }
}

/// A topic that we publish into without being of it.
struct FanoutTopic: Sendable {
    /// In rising order.
    var peers: [PeerHandle]
    /// Of the last message.
    var published: UInt64
}
