internal import NodeProtocol
internal import P2PCore
internal import P2PTransport

/// The network in numbers.
extension Network {
    private typealias Sample = Spacenode_System_V1_Sample

    /// For the node's figures.
    func samples() async -> [Spacenode_System_V1_Sample] {
        guard let transport, let counts = try? await transport.counts(),
            let (peers, overview, topics, traffic) = try? await hub?.ask({ node, now in
                (node.peers(now: now), node.overview, node.topicCounters, node.gossip.traffic?.counters)
            })
        else { return [] }
        let refused = counts.refusedOfOne + counts.refusedOfAll + counts.refusedByGate
        let samples = [
            Sample("p2p_peers", Double(peers.count)),
            Sample("p2p_peers_inbound", Double(overview.inbound)),
            Sample("p2p_book_peers", Double(overview.tried), "state=reached"),
            Sample("p2p_book_peers", Double(overview.new), "state=heard"),
            Sample("p2p_received_bytes", Double(counts.traffic.received)),
            Sample("p2p_sent_bytes", Double(counts.traffic.sent)),
            Sample("p2p_pending", Double(counts.pending)),
            Sample("p2p_refused", Double(refused)),
            Sample("p2p_dropped", Double(peers.reduce(UInt64(0)) { $0 + $1.dropped })),
            Sample("p2p_waiting_bytes", Double(overview.waiting)),
        ]
        return samples + topics.flatMap { Self.samples($0.topic, $0.counters) }
            + (traffic.map(Self.samples) ?? [])
    }

    /// What came in a topic, and how much of it was new.
    private static func samples(_ topic: NetworkTopic, _ counters: TopicCounters) -> [Sample] {
        let label = "topic=\(topic.rawValue)"
        let samples = [
            Sample("p2p_topic_received_bytes", Double(counters.receivedBytes), label),
            Sample("p2p_topic_unique_bytes", Double(counters.uniqueBytes), label),
            Sample("p2p_topic_sent_bytes", Double(counters.sentBytes), label),
        ]
        // Before the first message there is no ratio, which is not a ratio of 0.
        return samples
            + (counters.receivedPerUnique.map {
                [Sample("p2p_topic_received_per_unique", $0, label)]
            } ?? [])
    }

    /// What the line's budget let through, and what it did not.
    private static func samples(_ counters: TrafficBudget.Counters) -> [Sample] {
        MessageClass.allCases.flatMap { messageClass in
            let place = Int(messageClass.rawValue)
            let label = "class=\(messageClass)"
            return [
                Sample("p2p_class_sent_bytes", Double(counters.sent[place]), label),
                Sample("p2p_class_accepted_bytes", Double(counters.accepted[place]), label),
                Sample("p2p_class_dropped_bytes", Double(counters.crowded[place]), label, "why=line"),
                Sample("p2p_class_dropped_bytes", Double(counters.beyond[place]), label, "why=peer"),
            ]
        }
    }
}

extension Spacenode_System_V1_Sample {
    fileprivate init(_ name: String, _ value: Double, _ labels: String...) {
        self.init()
        self.name = name
        self.value = value
        self.labels = labels
    }
}
