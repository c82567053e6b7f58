/// Messages of topics, spread among peers: gossipsub v1.2 as events in and actions out.
///
/// A message goes to the peers of its topic's mesh, whole or by its id (`TopicRules.Spread`), and is announced to
/// some others at each heartbeat; who lacks it asks for it. Nothing goes on before somebody has judged it. Peers are
/// judged by what they send.
///
/// Memory is bounded by `GossipLimits`: 16 MiB of messages for others and 16 MiB that wait for verdicts, with 32
/// bytes a message for each peer that has it; 131,072 ids that were seen (about 13 MiB); 16,384 ids that were asked
/// for or wait to be announced (2 MiB each); 4,096 scores of peers that are gone (2 MiB); for each peer at most 3,000
/// ids that it does not want and 128 topics of 128 bytes (about 200 KiB). How many peers there are is for the caller
/// to bound.
package struct Gossip: Sendable {
    let parameters: GossipParameters
    var signing: GossipSigning
    var random: SeededGenerator
    /// Of the call that is under way.
    var now: UInt64 = 0
    var out = Outbox()

    var peers: [PeerHandle: GossipPeer] = [:]
    /// All peers in rising order.
    var order: [PeerHandle] = []
    /// How many peers come from a network.
    var groups: [UInt64: Int] = [:]
    var retained: RetainedScores

    var topics: [TopicName: JoinedTopic] = [:]
    /// All topics that we are of, in rising order.
    var names: [TopicName] = []
    /// Who must wait in topics that we left not long ago.
    var former: [TopicName: Backoffs] = [:]
    var fanout: [TopicName: FanoutTopic] = [:]

    var seen: SeenMessages
    var held: HeldMessages
    var cache: MessageCache
    var pulls: Pulls
    var beats: UInt64 = 0
    /// What may be taken in and sent of all that peers exchange, direct messages too; nil: any number.
    package var traffic: TrafficBudget?

    /// What has gone through all topics.
    package internal(set) var counters = GossipCounters()

    /// Without peers and topics.
    /// - Parameters:
    ///   - signing: whether messages name their authors.
    ///   - seed: of the choices among peers; it should be nobody else's to know.
    package init(
        _ parameters: GossipParameters = GossipParameters(), signing: GossipSigning = .none, seed: UInt64
    ) {
        self.parameters = parameters
        self.signing = signing
        random = SeededGenerator(seed: seed)
        retained = RetainedScores(limit: parameters.limits.retained)
        seen = SeenMessages(limit: parameters.limits.seen, span: parameters.seen)
        held = HeldMessages(parameters.limits)
        cache = MessageCache(parameters.limits, history: parameters.history)
        pulls = Pulls(parameters)
    }

    // MARK: - Events

    /// What follows from an event, in order.
    /// - Parameter now: milliseconds of a clock that never goes back.
    package mutating func handle(_ event: GossipEvent, now: UInt64) -> [GossipAction] {
        self.now = max(now, self.now)
        switch event {
        case .connected(let peer, let traits): connected(peer, traits)
        case .disconnected(let peer): disconnected(peer)
        case .received(let peer, let bytes): received(peer, bytes)
        case .join(let topic, let rules): join(topic, rules)
        case .leave(let topic): leave(topic)
        case .publish(let topic, let data): publish(topic, data)
        case .verdict(let id, let verdict, let microseconds): decide(id, verdict, microseconds)
        case .unsent(let peer, let id, let bytes): unsent(peer, id, bytes)
        case .flooded(let peer, let seconds): breach(peer, .flood, max(0, min(seconds, 10)))
        case .applicationScore(let peer, let points):
            peers[peer]?.score.application = points.isFinite ? points : 0
            judge(peer)
        case .tick: tick()
        case .heartbeat: heartbeat()
        }
        let (actions, controlBytes) = out.flush()
        counters.sentBytes += controlBytes
        return actions
    }

    // MARK: - What is asked

    /// When `tick` should come; nil: nothing waits for it.
    package var nextTick: UInt64? {
        (names.map { topics[$0]?.nextAnnouncement } + [pulls.next]).compactMap { $0 }.min()
    }

    /// Where a peer's score comes from; nil: it is not connected.
    package func why(_ peer: PeerHandle) -> ScoreReport? {
        peers[peer].map { report($0) }
    }

    /// What has gone through a topic; nil: we are not of it.
    package func counters(of topic: TopicName) -> TopicCounters? { topics[topic]?.counters }

    /// Topics that we are of, in rising order.
    package var joined: [TopicName] { names }

    /// The peers of a topic's mesh, in rising order.
    package func mesh(of topic: TopicName) -> [PeerHandle] { topics[topic]?.mesh ?? [] }

    /// Peers that want a topic's messages, in rising order.
    package func subscribers(of topic: TopicName) -> [PeerHandle] {
        order.filter { peers[$0]?.topics.contains(topic) == true }
    }

    /// Who brought a message that waits for its verdict, and its topic; nil: none waits.
    package func held(_ id: MessageID) -> (topic: TopicName, from: PeerHandle)? {
        held[id].map { ($0.message.topic, $0.first) }
    }

    /// How many messages wait for verdicts, are kept for others, are asked for, and are known to be seen.
    package var load: (held: Int, cached: Int, asked: Int, seen: Int) {
        (held.count, cache.count, pulls.count, seen.count)
    }

    // MARK: - Judging peers

    func report(_ peer: GossipPeer) -> ScoreReport {
        peer.score.report(
            parameters.scores, neighbours: peer.traits.group.map { groups[$0] ?? 0 } ?? 0, now: now
        ) { topics[$0]?.rules }
    }

    /// Looks at a peer's score, and says so when it is low enough to be done with it.
    mutating func judge(_ handle: PeerHandle) {
        guard let peer = peers[handle] else { return }
        let report = report(peer)
        let isGraylisted = report.score < parameters.scores.graylist
        peers[handle]?.points = report.score
        peers[handle]?.isGraylisted = isGraylisted
        guard isGraylisted, !peer.isGraylisted else { return }
        counters.graylisted += 1
        for topic in names { removeFromMesh(handle, topic) }
        out.add(.graylisted(handle, report))
    }

    mutating func breach(_ peer: PeerHandle, _ kind: GossipBreach, _ count: Int = 1) {
        peers[peer]?.score.breach(kind, Double(count), parameters.scores)
        judge(peer)
    }

    mutating func drop(_ peer: PeerHandle?, _ topic: TopicName, _ reason: GossipDrop) {
        topics[topic]?.counters.drop(reason)
        out.add(.dropped(peer, topic, reason))
    }
}
