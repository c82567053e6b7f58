import P2PCore
import Testing

/// Requests between nodes: beside gossip and direct messages, on streams of their own.
@Suite("P2P node: requests")
struct NodeRequestTests {
    private static let question = Question.blocks(from: 3, count: 20)

    private func network() -> NodeNetwork {
        var network = NodeNetwork(3)
        network.nameAll()
        network.run(2_000)
        network.answer = { node, question in
            node == 2 ? nil : (0..<question.count).map { [UInt8](repeating: UInt8($0), count: 3_000) }
        }
        return network
    }

    private func ask(_ network: inout NodeNetwork, _ number: UInt64, from node: Int, _ peer: Int?) {
        let handle = peer.flatMap { network.nodes[node].handle(of: NodeNetwork.peer($0)) }
        network.post(
            node,
            .request(.ask(RequestID(.blocks, number), handle ?? PeerHandle(value: 0), Self.question)))
    }

    @Test("blocks are asked for and come, whoever dialled whom")
    func blocks() {
        var network = network()
        ask(&network, 1, from: 0, 1)
        ask(&network, 1, from: 1, 0)
        network.run(3_000)
        for node in 0...1 {
            let items = network.requested[node].flatMap { action -> [[UInt8]] in
                if case .items(_, let items) = action { items } else { [] }
            }
            #expect(items.map(\.count) == [Int](repeating: 3_000, count: 20))
            #expect(network.requested[node].contains { if case .ended = $0 { true } else { false } })
        }
        // Gossip and direct messages go on.
        network.post(0, .broadcast(.announcement([1])))
        #expect(network.received[1].contains(.announcement([1])))
        #expect(network.nodes[0].peers(now: network.now).count == 2)
    }

    @Test("who is busy says so, who is not there is known at once, somebody can be chosen")
    func failures() {
        var network = network()
        ask(&network, 1, from: 0, 2)
        network.post(0, .request(.ask(RequestID(.blocks, 2), PeerHandle(value: 999), Self.question)))
        network.run(1_000)
        let failures = network.requested[0].compactMap { action -> RequestFailure? in
            if case .failed(_, let failure) = action { failure } else { nil }
        }
        #expect(Set(failures) == [.busy, .gone])
        ask(&network, 3, from: 2, nil)
        network.run(3_000)
        #expect(network.requested[2].contains { if case .ended = $0 { true } else { false } })
    }

    @Test("with a connection its requests end")
    func disconnected() {
        var network = network()
        let handle = network.nodes[1].handle(of: NodeNetwork.peer(0))
        ask(&network, 1, from: 0, 1)
        network.post(0, .order(.ban(NodeNetwork.peer(1), milliseconds: 1_000, reason: "a test")))
        network.run(500)
        #expect(handle != nil)
        let isKnown = network.requested[0].contains { action in
            if case .failed(_, .gone) = action { true } else { false }
        }
        let isDone = network.requested[0].contains { if case .ended = $0 { true } else { false } }
        #expect(isKnown || isDone)
    }

    @Test("an answer against the rules is blamed on its peer")
    func blamed() {
        var network = network()
        network.answer = { _, _ in nil }
        ask(&network, 1, from: 0, 1)
        guard let handle = network.nodes[0].handle(of: NodeNetwork.peer(1)) else {
            Issue.record("they are not connected")
            return
        }
        network.post(0, .request(.ask(RequestID(.blocks, 2), handle, Self.question)))
        network.post(0, .connection(handle, .data(StreamHandle(opening: 17), [3, 0x1a, 1, 1])))
        #expect(
            network.nodes[0].handle(of: NodeNetwork.peer(1)) == nil
                || network.requested[0].contains {
                    if case .failed(_, .busy) = $0 { true } else { false }
                })
    }
}
