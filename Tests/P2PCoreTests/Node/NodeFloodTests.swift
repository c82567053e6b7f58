import P2PCore
import Testing

/// Peers that send as much as they can to one that has honest peers too.
@Suite("P2P node: floods")
struct NodeFloodTests {
    /// How hostile peers flood.
    enum Kind: CaseIterable {
        /// Direct messages of consensus.
        case consensus
        /// Direct messages of the least important class.
        case decided
        /// Gossip of messages that nobody has seen, all of them good.
        case gossip
    }

    /// The victim is 0, honest peers are 1…6, the others flood.
    private func network(_ hostile: Int) -> NodeNetwork {
        var network = NodeNetwork(7 + hostile, isSpread: true)
        network.run(1_500)
        for node in 1..<7 { network.post(0, .order(.add(NodeNetwork.farAddress(node)))) }
        for node in 7..<7 + hostile { network.post(node, .order(.add(NodeNetwork.farAddress(0)))) }
        network.run(4_000)
        return network
    }

    private func flood(_ kind: Kind, _ number: inout UInt32, bytes: Int) -> (bytes: [UInt8], stream: UInt32) {
        number += 1
        let content = withUnsafeBytes(of: number) { Array($0) } + [UInt8](repeating: 9, count: bytes)
        switch kind {
        case .consensus: return (DirectMessage.consensus(content).delimited, 1)
        case .decided:
            let decided = DecidedBytes(height: UInt64(number), block: content, certificate: [])
            return (DirectMessage.decided(decided).delimited, 1)
        case .gossip:
            var rpc = GossipRPC()
            let topic = NetworkTopic.part.name("00112233")
            rpc.messages = topic.map { [.init(topic: $0, data: content)] } ?? []
            return (Varint.bytes(UInt64(rpc.bytes.count)) + rpc.bytes, 2)
        }
    }

    @Test(
        "who floods is out within ten seconds, no more than its bucket is taken, and nobody else is punished",
        arguments: [1, 20], Kind.allCases)
    func flood(hostile: Int, kind: Kind) {
        var network = network(hostile)
        let start = network.now
        // 100 MB/s of one, 5 MB/s of each of twenty.
        let pieces = hostile == 1 ? 160 : 8
        var (number, votes) = (UInt32(0), 0)
        var out: [Int: UInt64] = [:]
        while network.now < start + 10_000, out.count < hostile {
            for node in 7..<7 + hostile where out[node] == nil {
                guard network.nodes[0].handle(of: NodeNetwork.peer(node)) != nil else {
                    out[node] = network.now
                    continue
                }
                for _ in 0..<pieces {
                    let (bytes, stream) = flood(kind, &number, bytes: 62_500)
                    network.inject(0, from: node, bytes, stream: stream)
                }
            }
            for node in 1..<7 {
                guard let handle = network.nodes[node].handle(of: NodeNetwork.peer(0)) else { continue }
                votes += 1
                network.post(node, .direct(handle, .consensus([UInt8(node), 1, 2])))
            }
            network.run(100)
        }
        #expect(out.count == hostile)
        let seconds = (network.now - start) / 1_000 + 2
        let counters = network.nodes[0].gossip.traffic?.counters
        let accepted = counters?.accepted.reduce(0, +) ?? 0
        let limits = TrafficLimits()
        let own = 6 * (limits.down / limits.parts) * UInt64(hostile + 6)
        #expect(accepted <= limits.down * (1 + seconds) + own + 62_600)
        for node in 1..<7 { #expect(network.links(0, node) == 1) }
        let banned = Set(network.nodes[0].bans(now: network.now).map(\.peer))
        #expect(banned == Set((7..<7 + hostile).map { NodeNetwork.peer($0) }))
        let heard = network.received[0].count {
            if case .consensus(let bytes) = $0 { bytes.count == 3 } else { false }
        }
        #expect(heard == votes)
    }
}
