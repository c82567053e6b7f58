/// What counts for and against a peer.
///
/// Sums are taken in the order of first mention, so that equal runs have equal scores.
struct PeerScore: Hashable, Sendable {
    struct OfTopic: Hashable, Sendable {
        let topic: TopicName
        /// When it came into the mesh; nil: it is not there.
        var meshSince: UInt64?
        var deliveries = 0.0
        var invalid = 0.0
    }

    /// At most as many as there are topics of ours.
    private(set) var topics: [OfTopic] = []
    private var breaches = [Double](repeating: 0, count: GossipBreach.allCases.count)
    var application = 0.0

    // MARK: - What happens

    mutating func entered(_ topic: TopicName, now: UInt64) { topics[place(topic)].meshSince = now }

    mutating func left(_ topic: TopicName) { topics[place(topic)].meshSince = nil }

    mutating func delivered(_ topic: TopicName, _ parameters: ScoreParameters) {
        let place = place(topic)
        topics[place].deliveries = min(parameters.deliveryCap, topics[place].deliveries + 1)
    }

    mutating func invalid(_ topic: TopicName, _ parameters: ScoreParameters) {
        let place = place(topic)
        topics[place].invalid = min(parameters.mostCounted, topics[place].invalid + 1)
    }

    mutating func breach(_ kind: GossipBreach, _ count: Double, _ parameters: ScoreParameters) {
        breaches[kind.rawValue] = min(parameters.mostCounted, breaches[kind.rawValue] + count)
    }

    /// Forgets a topic that we left.
    mutating func forget(_ topic: TopicName) { topics.removeAll { $0.topic == topic } }

    /// A second passes.
    mutating func decay(_ parameters: ScoreParameters) {
        func decayed(_ value: Double, _ factor: Double) -> Double {
            let value = value * factor
            return value < parameters.nothing ? 0 : value
        }
        for place in topics.indices {
            topics[place].deliveries = decayed(topics[place].deliveries, parameters.deliveryDecay)
            topics[place].invalid = decayed(topics[place].invalid, parameters.invalidDecay)
        }
        for place in breaches.indices { breaches[place] = decayed(breaches[place], parameters.breachDecay) }
    }

    /// What is left when its connection ends: nothing in its favour.
    var withoutMerits: PeerScore {
        var rest = self
        for place in topics.indices {
            rest.topics[place].meshSince = nil
            rest.topics[place].deliveries = 0
        }
        rest.application = min(0, application)
        return rest
    }

    /// Whether anything counts against it.
    var hasFaults: Bool {
        application < 0 || topics.contains { $0.invalid > 0 } || breaches.contains { $0 > 0 }
    }

    private mutating func place(_ topic: TopicName) -> Int {
        if let place = topics.firstIndex(where: { $0.topic == topic }) { return place }
        topics.append(OfTopic(topic: topic))
        return topics.count - 1
    }

    // MARK: - What it comes to

    /// - Parameters:
    ///   - neighbours: peers of its network, itself included.
    ///   - rules: of a topic; nil: it does not count.
    func report(
        _ parameters: ScoreParameters, neighbours: Int, now: UInt64, rules: (TopicName) -> TopicRules?
    ) -> ScoreReport {
        var parts: [ScoreReport.Part] = []
        func add(_ cause: @autoclosure () -> ScoreReport.Cause, _ points: Double) {
            if points != 0 { parts.append(ScoreReport.Part(cause: cause(), points: points)) }
        }
        for entry in topics {
            guard let rules = rules(entry.topic), rules.isScored else { continue }
            let seconds = entry.meshSince.map { Milliseconds.since($0, now: now) / Milliseconds.second } ?? 0
            let time = min(parameters.timeCap, Double(seconds))
            add(.time(entry.topic, seconds: seconds), rules.weight * parameters.timeWeight * time)
            add(
                .deliveries(entry.topic, entry.deliveries),
                rules.weight * parameters.deliveryWeight * entry.deliveries)
            add(
                .invalid(entry.topic, entry.invalid),
                rules.weight * parameters.invalidWeight * entry.invalid * entry.invalid)
        }
        add(.application, parameters.applicationWeight * application)
        let crowd = Double(max(0, neighbours - parameters.neighbours))
        add(.neighbours(neighbours), parameters.neighbourWeight * crowd * crowd)
        let beyond = max(0, breaches.reduce(0, +) - parameters.breaches)
        add(.breaches(kinds), parameters.breachWeight * beyond * beyond)
        return ScoreReport(parts)
    }

    private var kinds: [GossipBreach: Double] {
        var kinds: [GossipBreach: Double] = [:]
        for kind in GossipBreach.allCases where breaches[kind.rawValue] > 0 {
            kinds[kind] = breaches[kind.rawValue]
        }
        return kinds
    }
}
