import P2PCore
import Testing

@Suite("Gossip: scores")
struct GossipScoreTests {
    @Test("time in the mesh and first deliveries are merits, up to a bound")
    func merits() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        player.pass(seconds: 100)
        #expect(abs(player.score(peer) - 0.1 * 0.000_27 * 100) < 1e-9)
        for number in 0..<200 { player.send(gossipMessage(number, bytes: 9), from: peer, .accept) }
        #expect(abs(player.score(peer) - 50) < 0.01)
        // Only the first one to bring a message has the merit.
        let other = player.connect()
        player.send(gossipMessage(0, bytes: 9), from: other)
        #expect(player.score(other) == 0)
        // To a hundredth within an hour.
        player.pass(seconds: 3_600)
        #expect((0.5..<0.65).contains(player.score(peer)))
    }

    @Test("bad messages count squared, and the sixth ends it, in words")
    func invalid() throws {
        var player = GossipPlayer()
        player.join()
        let (peer, other) = (player.connect(), player.connect())
        var actions: [GossipAction] = []
        for number in 1...6 {
            #expect(actions.graylisted.isEmpty)
            actions = player.send(gossipMessage(number, bytes: 9), from: peer, .reject)
            #expect(player.score(peer) == -100 * Double(number * number))
        }
        let why = try #require(actions.graylisted.first)
        #expect(why.peer == peer && "\(why.why)" == "score -3600: sent 6 bad messages of votes (-3600)")
        #expect(player.mesh == [other])
        // Nothing more is heard of it, and it is said once.
        #expect(player.send(gossipMessage(9, bytes: 9), from: peer).isEmpty)
        #expect(player.gossip.counters.unheard == 1 && player.pass(seconds: 2).graylisted.isEmpty)
        // After some hours it is as good as forgotten.
        player.pass(seconds: 3_600)
        #expect((-1..<0).contains(player.score(peer)))
        player.pass(seconds: 1_500)
        #expect(player.score(peer) >= 0 && player.mesh.contains(peer))
    }

    @Test("a bad score outlives its connection for six hours, a good one does not")
    func retained() {
        var player = GossipPlayer()
        player.join()
        let (bad, good) = (player.connect(id: 77), player.connect(id: 78))
        for number in 1...6 { player.send(gossipMessage(number, bytes: 9), from: bad, .reject) }
        player.send(gossipMessage(7, bytes: 9), from: good, .accept)
        for peer in [bad, good] { player(.disconnected(peer)) }
        let again = PeerHandle(value: 900)
        let traits = PeerTraits(GossipPlayer.id(77), isOurs: false, isOutbound: true)
        #expect(player(.connected(again, traits)).graylisted.map(\.peer) == [again])
        player(.disconnected(again))
        player.now += 6 * 3_600_000
        player.pass(seconds: 1)
        let (first, second) = (player.connect(id: 77), player.connect(id: 78))
        #expect(player.score(first) == 0)
        #expect(player.score(second) == 0)
    }

    @Test("what else the node thinks of a peer is added; what is no number is nothing")
    func application() {
        var player = GossipPlayer()
        let peer = player.connect()
        player(.applicationScore(peer, 12.5))
        #expect(player.score(peer) == 12.5)
        player(.applicationScore(peer, .nan))
        #expect(player.score(peer) == 0)
        #expect(player(.applicationScore(peer, -2_501)).graylisted.map(\.peer) == [peer])
    }

    @Test("more than three peers of a network count against all of them, squared")
    func neighbours() {
        var player = GossipPlayer()
        let peers = (0..<5).map { _ in player.connect(group: 9) }
        let alone = player.connect(group: 8)
        player.pass(seconds: 1)
        #expect(peers.allSatisfy { player.score($0) == -400 } && player.score(alone) == 0)
        #expect(
            player.gossip.why(peers[0]).map { "\($0)" } == "score -400: 5 peers come from its network (-400)")
        for peer in peers.prefix(2) { player(.disconnected(peer)) }
        player.pass(seconds: 1)
        #expect(player.score(peers[4]) == 0)
    }

    @Test("bytes that are no RPC are soon enough, single ones are forgiven")
    func malformed() {
        var player = GossipPlayer()
        let peer = player.connect()
        player(.received(peer, [0xff]))
        #expect(player.score(peer) == 0)
        player(.received(peer, [0xff]))
        #expect(player.score(peer) == -160)
        for _ in 0..<2 { player(.received(peer, [0xff])) }
        #expect(player.score(peer) == -1_960)
        #expect(player(.received(peer, [0xff])).graylisted.map(\.peer) == [peer])
        #expect(player.gossip.counters.malformed == 5)
    }

    @Test("breaches fade within minutes")
    func fading() {
        var player = GossipPlayer()
        let peer = player.connect()
        for _ in 0..<3 { player(.received(peer, [0xff])) }
        #expect(player.score(peer) == -810)
        player.pass(seconds: 120)
        #expect(player.score(peer) == 0)
    }

    @Test("where a topic is not scored, bad messages cost nothing")
    func unscored() {
        var player = GossipPlayer()
        var rules = TopicRules(.vote, largest: 100, spread: .push)
        rules.isScored = false
        player(.join(player.topic, rules))
        let peer = player.connect()
        player.send([0, 1], from: peer, .reject)
        #expect(player.score(peer) == 0)
    }
}
