import P2PCore
import Testing

/// The node's decisions over connections that always work.
@Suite("P2P node")
struct NodeTests {
    @Test("named peers are connected once, whoever dialled whom")
    func once() {
        var network = NodeNetwork(5)
        network.nameAll()
        network.run(3_000)
        for node in 0..<5 {
            #expect(network.nodes[node].peers(now: network.now).count == 4)
            for other in 0..<5 where other != node { #expect(network.links(node, other) == 1) }
        }
    }

    @Test("what one publishes, everybody judges once")
    func publish() {
        var network = NodeNetwork(7)
        network.nameAll()
        network.run(3_000)
        for node in 0..<7 { network.post(node, .member(true)) }
        network.run(3_000)
        let part = [UInt8](repeating: 7, count: 60_000)
        network.post(0, .publish(.votes, [1, 2, 3]))
        network.post(3, .publish(.part, part))
        network.run(3_000)
        for node in 1..<7 {
            #expect(network.judged[node].count { $0.0 == .votes && $0.1 == [1, 2, 3] } == 1)
        }
        for node in 0..<7 where node != 3 {
            #expect(network.judged[node].count { $0.0 == .part && $0.1 == part } == 1)
        }
        #expect(network.judged[0].allSatisfy { $0.0 == .part })
    }

    @Test("votes go to members only")
    func members() {
        var network = NodeNetwork(4)
        network.nameAll()
        network.run(2_000)
        for node in 0..<3 { network.post(node, .member(true)) }
        network.run(2_000)
        network.post(0, .publish(.votes, [9]))
        network.run(2_000)
        #expect(network.judged[1].count == 1 && network.judged[2].count == 1)
        #expect(network.judged[3].isEmpty)
    }

    @Test("what is rejected goes no further")
    func rejected() {
        // 0 - 1 - 2
        var network = NodeNetwork(3)
        network.post(0, .order(.add(NodeNetwork.address(1))))
        network.post(1, .order(.add(NodeNetwork.address(2))))
        network.run(3_000)
        network.verdict = { node, bytes in node == 1 && bytes == [6] ? .reject : .accept }
        network.post(0, .publish(.commit, [5]))
        network.post(0, .publish(.commit, [6]))
        network.run(3_000)
        #expect(network.judged[1].map(\.1).sorted { $0[0] < $1[0] } == [[5], [6]])
        #expect(network.judged[2].map(\.1) == [[5]])
    }

    @Test("direct messages of any size reach one, one of all, or all")
    func direct() throws {
        var network = NodeNetwork(4)
        network.nameAll()
        network.run(2_000)
        let block = DecidedBytes(height: 9, block: [UInt8](repeating: 1, count: 1_100_000), certificate: [2])
        let handle = try #require(network.nodes[0].handle(of: NodeNetwork.peer(2)))
        network.post(0, .direct(handle, .decided(block)))
        network.run(500)
        #expect(network.received[2] == [.decided(block)])
        network.post(1, .broadcast(.announcement([4])))
        network.post(1, .direct(nil, .consensus([8])))
        network.run(500)
        #expect(
            network.received.indices.filter { network.received[$0].contains(.announcement([4])) } == [
                0, 2, 3,
            ])
        #expect(network.received.count { $0.contains(.consensus([8])) } == 1)
        for (node, messages) in network.received.enumerated() where node != 2 { #expect(messages.count <= 2) }
    }

    @Test(
        "bytes that nobody sends end the connection, and the story says why", arguments: [1, 2] as [UInt32])
    func nonsense(stream: UInt32) throws {
        var network = NodeNetwork(2)
        network.post(0, .order(.add(NodeNetwork.address(1))))
        network.run(1_000)
        network.inject(
            1, from: 0, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], stream: stream)
        network.run(300)
        #expect(network.nodes[1].peers(now: network.now).isEmpty)
        #expect(network.nodes[1].bans(now: network.now).map(\.peer) == [NodeNetwork.peer(0)])
        let story = network.nodes[1].story(of: NodeNetwork.peer(0), now: network.now)
        #expect(story.contains { $0.text.hasPrefix("banned: what it sent as") })
        // It was not named there, so it stays out; the other one goes on trying.
        network.run(60_000)
        #expect(network.links(0, 1) == 0)
        network.post(1, .order(.unban(NodeNetwork.peer(0))))
        network.run(40_000)
        #expect(network.links(0, 1) == 1)
    }

    @Test("a private network takes named peers only; a banned one is not taken")
    func gates() {
        var network = NodeNetwork(3, isPrivate: true)
        network.post(0, .order(.add(NodeNetwork.address(1))))
        network.run(1_000)
        #expect(network.links(0, 1) == 0)
        network.post(1, .order(.add(NodeNetwork.address(0))))
        network.run(40_000)
        #expect(network.links(0, 1) == 1)
        network.post(0, .order(.ban(NodeNetwork.peer(1), milliseconds: 5_000, reason: "a test")))
        network.run(1_000)
        #expect(network.links(0, 1) == 0)
        network.run(60_000)
        #expect(network.links(0, 1) == 1)
    }

    @Test("peers that are not there are called ever more seldom")
    func pauses() {
        var fixed = FixedPeers()
        let address = NodeNetwork.address(1)
        let taken = [fixed.add(address), fixed.add(Multiaddress(.ip4(1), port: 1))]
        #expect(taken == [true, false])
        var (now, calls) = (UInt64(0), [UInt64]())
        while now < 200_000 {
            if !fixed.due({ _ in false }, now: now).isEmpty {
                calls.append(now)
                fixed.failed(address, now: now)
            }
            now += 100
        }
        let pauses = zip(calls.dropFirst(), calls).map { $0 - $1 }
        #expect(pauses.prefix(7) == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
        #expect(pauses.allSatisfy { $0 <= FixedPeers.longestPause })
        // Who closes at once is treated as one that is not there.
        for (span, isEarly) in [(100, false), (10_000, true)] as [(UInt64, Bool)] {
            fixed.reached(NodeNetwork.peer(1), now: now)
            now += span
            fixed.failed(address, now: now)
            let isDue = !fixed.due({ _ in false }, now: now + 500).isEmpty
            #expect(isDue == isEarly)
        }
    }
}
