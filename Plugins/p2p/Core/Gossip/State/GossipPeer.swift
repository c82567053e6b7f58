/// What is known of a peer that is connected.
struct GossipPeer: Sendable {
    /// What it did, and was served, since the last heartbeat.
    struct Tally: Sendable {
        var announcements = 0
        var asked = 0
        var unwanted = 0
        var servedBytes = 0
    }

    let traits: PeerTraits
    /// Topics whose messages it wants.
    var topics: Set<TopicName> = []
    var score = PeerScore()
    /// What `score` came to when it was last looked at.
    var points = 0.0
    var isGraylisted = false
    var budget: GossipBudget
    var tally = Tally()
    /// Ids that it does not want, of each of the last heartbeats.
    private var unwanted: [Set<MessageID>]

    init(_ traits: PeerTraits, _ limits: GossipLimits) {
        self.traits = traits
        budget = GossipBudget(limits.budget)
        unwanted = Array(repeating: [], count: max(1, limits.unwantedHeartbeats))
    }

    func rejectsMessage(_ id: MessageID) -> Bool { unwanted.contains { $0.contains(id) } }

    mutating func doesNotWant(_ id: MessageID) { unwanted[unwanted.count - 1].insert(id) }

    mutating func heartbeat() {
        tally = Tally()
        unwanted.removeFirst()
        unwanted.append([])
    }
}
