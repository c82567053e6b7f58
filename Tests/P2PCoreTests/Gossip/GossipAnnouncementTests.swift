import P2PCore
import Testing

@Suite("Gossip: announcements")
struct GossipAnnouncementTests {
    private let data = gossipMessage(1, bytes: 2_000)

    private func have(_ ids: [MessageID]) -> (inout GossipRPC) -> Void {
        { $0.have = [.init(gossipTopic(), ids)] }
    }

    private func ids(_ range: Range<Int>) -> [MessageID] {
        range.map { MessageID(topic: gossipTopic(), data: gossipMessage($0, bytes: 9)) }
    }

    // MARK: - How messages spread

    @Test("a large one goes whole to two of our own nodes, by its id to the others, and whole to strangers")
    func large() {
        var player = GossipPlayer()
        player.join(TopicRules.large)
        let ours = player.connect(3, ours: true)
        let stranger = player.connect()
        let actions = player(.publish(player.topic, data))
        #expect(
            actions.pushed().filter { ours.contains($0) }.count == 2 && actions.pushed().contains(stranger))
        let told = actions.told(ours + [stranger])
        #expect(told.count == 1 && !actions.pushed().contains(told[0]))
        #expect(actions.sent(to: told[0]).have == [.init(player.topic, [player.id(data)])])
        // Below the limit all get it whole.
        #expect(player(.publish(player.topic, gossipMessage(2, bytes: 1_023))).pushed().count == 4)
    }

    @Test("small ones are announced a little later, some at a time, to those that still lack them")
    func small() {
        var player = GossipPlayer()
        player.join(TopicRules.small)
        let peers = player.connect(4, ours: true)
        let (first, second) = (gossipMessage(1, bytes: 350), gossipMessage(2, bytes: 350))
        var pushed = player(.publish(player.topic, first)).pushed()
        player.now += 20
        #expect(pushed.count == 2)
        pushed += player(.publish(player.topic, second)).pushed()
        #expect(player.gossip.nextTick == 10_100)
        // One of those that would be told has it by now.
        let lacking = peers.filter { !pushed.prefix(2).contains($0) }
        player.send(first, from: lacking[0])
        player.now = 10_100
        let actions = player(.tick)
        let told = peers.flatMap { peer in actions.sent(to: peer).have.flatMap(\.ids).map { (peer, $0) } }
        #expect(told.filter { $0.1 == player.id(first) }.map(\.0) == [lacking[1]])
        #expect(told.filter { $0.1 == player.id(second) }.count == 2)
        // In one RPC for each.
        #expect(peers.allSatisfy { actions.sent(to: $0).have.count <= 1 })
        #expect(player.gossip.nextTick == nil)
    }

    @Test("with everything pushed there are neither announcements nor IDONTWANT, and nobody is spared")
    func everything() {
        var player = GossipPlayer { $0.spreading = .everything }
        player.join(TopicRules.large)
        let peers = player.connect(4, ours: true)
        player.send(data, from: peers[0])
        player.send(data, from: peers[1])
        let actions = player(.verdict(player.id(data), .accept))
        #expect(actions.pushed() == Array(peers[1...]) && actions.told(peers).isEmpty)
        #expect(player.send(data, from: peers[2]).isEmpty)
    }

    // MARK: - IHAVE and IWANT

    @Test("what is announced and lacking is asked for, once")
    func asking() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(2)
        #expect(player.hear(peers[0], have(ids(0..<3))).sent(to: peers[0]).want == ids(0..<3))
        #expect(player.hear(peers[1], have(ids(0..<4))).sent(to: peers[1]).want == ids(3..<4))
        player.send(gossipMessage(0, bytes: 9), from: peers[0])
        #expect(player.hear(peers[1], have(ids(0..<1))).isEmpty)
        // Who announced it has it.
        #expect(player(.verdict(ids(0..<1)[0], .accept)).pushed().isEmpty)
    }

    @Test("ten announcements of a peer between heartbeats, more of our own nodes, and 5,000 ids")
    func announcementLimits() {
        var player = GossipPlayer()
        player.join()
        let (peer, ours) = (player.connect(), player.connect(ours: true))
        for number in 0..<10 { #expect(!player.hear(peer, have(ids(number..<number + 1))).isEmpty) }
        #expect(player.hear(peer, have(ids(10..<11))).isEmpty)
        for number in 20..<120 { #expect(!player.hear(ours, have(ids(number..<number + 1))).isEmpty) }
        player.pass(seconds: 1)
        #expect(player.hear(peer, have(ids(1_000..<5_900))).sent(to: peer).want.count == 4_900)
        #expect(player.hear(peer, have(ids(10_000..<10_500))).sent(to: peer).want.count == 100)
    }

    @Test("another is asked when the first does not answer; who kept nobody waiting is not blamed")
    func retry() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        let id = ids(0..<1)
        player.hear(peers[0], have(id))
        player.hear(peers[1], have(id))
        player(.disconnected(peers[1]))
        player.hear(peers[2], have(id))
        #expect(player.gossip.nextTick == 11_000)
        player.now = 10_999
        #expect(player(.tick).isEmpty)
        player.now = 11_000
        #expect(player(.tick).sent(to: peers[2]).want == id)
        player.send(gossipMessage(0, bytes: 9), from: peers[2])
        player.pass(seconds: 10)
        #expect(player.score(peers[0]) >= 0 && player.gossip.load.asked == 0)
    }

    @Test("announcements that nobody keeps are a breach, one for each second at the most")
    func promises() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        for round in 0..<10 {
            player.hear(peer, have(ids(100 * round..<100 * round + 50)))
            player.pass(seconds: 1)
        }
        player.pass(seconds: 6)
        // Ten, a little faded, of which six are forgiven.
        #expect((-160.0 ..< -110.0).contains(player.score(peer)))
        let why = player.gossip.why(peer)?.description ?? ""
        #expect(why.contains("announcements without a message"))
    }

    @Test("who asks is served three times, for ten heartbeats")
    func serving() {
        var player = GossipPlayer()
        player.join()
        player(.publish(player.topic, data))
        let peer = player.connect(outbound: false, subscribed: false)
        let want: (inout GossipRPC) -> Void = { [id = player.id(data)] in $0.want = [id] }
        for _ in 0..<3 { #expect(player.hear(peer, want).sent(to: peer).messages.map(\.data) == [data]) }
        #expect(player.hear(peer, want).isEmpty)
        let other = player.connect(outbound: false, subscribed: false)
        player.pass(seconds: 9)
        #expect(!player.hear(other, want).isEmpty)
        player.pass(seconds: 1)
        #expect(player.hear(other, want).isEmpty && player.gossip.load.cached == 0)
    }

    @Test("what a peer is served for asking has a limit until the next heartbeat")
    func servedBytes() {
        var player = GossipPlayer { $0.limits.servedBytes = 4_000 }
        player.join()
        for number in 0..<5 { player(.publish(player.topic, gossipMessage(number, bytes: 1_500))) }
        let peer = player.connect(outbound: false, subscribed: false)
        let wanted = (0..<5).map { player.id(gossipMessage($0, bytes: 1_500)) }
        #expect(player.hear(peer) { $0.want = wanted }.pushed().count == 3)
        player.pass(seconds: 1)
        #expect(player.hear(peer) { $0.want = Array(wanted[3...]) }.pushed().count == 2)
    }

    @Test("at a heartbeat some outside of the mesh hear of what they are not known to have, once")
    func lazy() {
        var player = GossipPlayer()
        let peers = player.connect(12)
        player.join()
        let outside = peers.filter { !player.mesh.contains($0) }
        player(.publish(player.topic, data))
        player.hear(outside[0], have([player.id(data)]))
        var told: [PeerHandle] = []
        for _ in 0..<3 {
            let now = player.pass(seconds: 1).told(peers)
            #expect(now.count <= 2)
            told += now
        }
        #expect(Set(told).count == told.count && !told.contains(outside[0]) && told.count >= 3)
        #expect(player.pass(seconds: 3).told(peers).isEmpty)
    }

    @Test("with peers of low score nothing is announced, asked or served")
    func threshold() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        player(.publish(player.topic, data))
        player(.applicationScore(peer, -501))
        #expect(player.hear(peer, have(ids(0..<1))).isEmpty)
        let id = player.id(data)
        #expect(player.hear(peer) { $0.want = [id] } == [])
        #expect(player.pass(seconds: 1).told([peer]).isEmpty)
    }

    // MARK: - IDONTWANT

    @Test("the mesh hears of 1 KiB and more as soon as it comes, but neither its sender nor old programs")
    func telling() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        let old = player.connect(version: .v11)
        let announcer = peers[2]
        player.hear(announcer, have([player.id(data)]))
        let actions = player.send(data, from: peers[0])
        #expect(actions.sent(to: peers[1]).dontWant == [player.id(data)])
        for peer in [peers[0], old, announcer] { #expect(actions.sent(to: peer).dontWant.isEmpty) }
        let small = player.send(gossipMessage(2, bytes: 1_023), from: peers[0])
        #expect(small.sent(to: peers[1]).isEmpty)
    }

    @Test("who does not want a message does not get it, for three heartbeats; what waits for it is withdrawn")
    func heeding() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        player.hear(peers[0]) { [id = player.id(data)] in $0.dontWant = [id] }
        #expect(player(.publish(player.topic, data)).pushed() == Array(peers[1...]))
        let id = player.id(data)
        #expect(player.hear(peers[1]) { $0.dontWant = [id] } == [.withdraw(peers[1], id)])
        let next = gossipMessage(2, bytes: 20)
        player.hear(peers[0]) { [id = player.id(next)] in $0.dontWant = [id] }
        player.pass(seconds: 3)
        #expect(player(.publish(player.topic, next)).pushed() == peers)
    }

    @Test("a thousand of them hold between heartbeats")
    func unwantedLimit() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        for start in [0, 500, 1_000] { player.hear(peer) { $0.dontWant = ids(start..<start + 500) } }
        #expect(player(.publish(player.topic, gossipMessage(999, bytes: 9))).pushed().isEmpty)
        #expect(player(.publish(player.topic, gossipMessage(1_000, bytes: 9))).pushed() == [peer])
    }
}
