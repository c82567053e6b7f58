import P2PCore
import Testing

/// What a run cost, and how quickly all had what was published.
struct SpreadFigures {
    /// Bytes that came for each byte that was new, framing and control included.
    let ratio: Double
    /// Messages that some honest node lacks.
    let missing: Int
    /// Milliseconds until the node in the middle, and until 95 of 100, had a message.
    let median: UInt64
    let late: UInt64

    init(_ network: GossipNetwork) {
        let honest = 0..<network.profile.nodes
        let received = honest.reduce(0) { $0 + network.received[$1] }
        let unique = honest.reduce(0) { $0 + network.unique[$1] }
        ratio = unique == 0 ? 0 : Double(received) / Double(unique)
        var times: [UInt64] = []
        var missing = 0
        for (id, origin) in network.published {
            for node in honest where node != origin.by {
                guard let time = network.accepted[node][id] else {
                    missing += 1
                    continue
                }
                times.append((time - origin.time) / 1_000)
            }
        }
        times.sort()
        self.missing = missing
        median = times.isEmpty ? 0 : times[times.count / 2]
        late = times.isEmpty ? 0 : times[times.count * 95 / 100]
    }
}

/// Bytes of a message; the first one is its verdict: 0 good, 1 bad, 2 of no use.
func gossipMessage(_ number: Int, bytes: Int, verdict: UInt8 = 0) -> [UInt8] {
    var data = [UInt8](repeating: 7, count: max(9, bytes))
    data[0] = verdict
    for place in 0..<8 { data[1 + place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
    return data
}

func gossipTopic(_ name: String = "votes") -> TopicName {
    guard let topic = TopicName(name) else { preconditionFailure("a topic of a test is no topic") }
    return topic
}

/// Messages of one kind, and when they are published.
struct Workload: CustomTestStringConvertible {
    let name: String
    let bytes: Int
    let count: Int
    /// Milliseconds between two; nil: all nodes publish one within a tenth of a second, and again 2.5 s later, as
    /// votes come.
    let every: UInt64?
    let order: MessageClass
    let spread: TopicRules.Spread

    var testDescription: String { name }

    static func votes(rounds: Int, nodes: Int) -> Workload {
        Workload(
            name: "votes", bytes: 350, count: rounds * nodes, every: nil, order: .vote,
            spread: TopicRules.small)
    }

    /// A block of 1 MB in parts.
    static var block: Workload {
        Workload(
            name: "block of 16 parts", bytes: 65_536, count: 16, every: 0, order: .block,
            spread: TopicRules.large)
    }

    static func large(_ bytes: Int, count: Int, every: UInt64) -> Workload {
        Workload(
            name: "\(bytes) B", bytes: bytes, count: count, every: every, order: .block,
            spread: TopicRules.large)
    }

    /// Runs it in a network whose meshes have formed.
    func run(_ profile: NetworkProfile) -> GossipNetwork {
        let network = GossipNetwork(profile)
        network.joinAll(gossipTopic(), TopicRules(order, largest: 1 << 20, spread: spread))
        network.run(until: 5_000)
        network.resetFigures()
        var last: UInt64 = 5_000
        for number in 0..<count {
            let round = UInt64(number / profile.nodes)
            last = 5_000 + (every.map { UInt64(number) * $0 } ?? (round * 2_500 + UInt64(number * 37 % 100)))
            // Parts of one block are of one node.
            let origin = every == 0 ? 3 : number * 7 % profile.nodes
            network.at(last) { [bytes] in
                $0.publish(gossipTopic(), gossipMessage(number, bytes: bytes), from: origin)
            }
        }
        network.run(until: last + 8_000)
        return network
    }
}

extension GossipNetwork {
    /// The least score that an honest node has with another.
    var leastScore: Double {
        (0..<profile.nodes).flatMap { node in
            links[node].filter { $0 < profile.nodes }.compactMap { nodes[node].why(handle($0))?.score }
        }.min() ?? 0
    }

    /// Honest nodes that were graylisted by honest ones.
    var punished: Int { graylisted.filter { $0.whom < profile.nodes }.count }
}
