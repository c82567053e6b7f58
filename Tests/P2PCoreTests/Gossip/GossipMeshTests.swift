import P2PCore
import Testing

@Suite("Gossip: meshes")
struct GossipMeshTests {
    @Test("with few peers all of them are the mesh, and messages reach them", arguments: [1, 2, 3])
    func few(count: Int) {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(count)
        #expect(player.mesh == peers)
        #expect(player(.publish(player.topic, [0, 1])).pushed() == peers)
        player.pass(seconds: 3)
        #expect(player.mesh == peers)
    }

    @Test("joining says so to all, and grafts as many as are wanted of those that want the topic")
    func joining() {
        var player = GossipPlayer()
        let peers = player.connect(10)
        let stranger = player.connect(subscribed: false)
        let actions = player(.join(player.topic, TopicRules(.vote, largest: 9, spread: .push)))
        for peer in peers + [stranger] {
            #expect(actions.sent(to: peer).subscriptions == [.init(player.topic, isWanted: true)])
        }
        #expect(player.mesh.count == 6 && !player.mesh.contains(stranger))
        #expect(player.mesh.allSatisfy { actions.sent(to: $0).graft == [player.topic] })
        #expect(player.gossip.subscribers(of: player.topic) == peers)
    }

    @Test("a new peer hears of all topics, and comes in at once while there are too few")
    func filling() {
        var player = GossipPlayer()
        player.join()
        let first = player.connect(subscribed: false)
        #expect(player.mesh.isEmpty)
        #expect(player.subscribe(first, player.topic).sent(to: first).graft == [player.topic])
        let more = player.connect(6)
        // Four are enough for now.
        #expect(player.mesh == [first] + more.prefix(3))
        // When one goes, it is filled up to six.
        player(.disconnected(first))
        player.pass(seconds: 1)
        #expect(player.mesh == more)
    }

    @Test("too many are pruned to the wanted number, the best and those that we dialled stay")
    func trimming() {
        var player = GossipPlayer()
        player.join()
        let dialled = player.connect(3)
        let inbound = (0..<5).map { _ in player.connect(outbound: false, subscribed: false) }
        for peer in inbound {
            player.hear(peer) { $0.graft = [gossipTopic()] }
        }
        let late = player.connect(3)
        for peer in late { player.hear(peer) { $0.graft = [gossipTopic()] } }
        #expect(player.mesh.count == 11)
        // Good deliveries keep these four.
        for (number, peer) in inbound.prefix(4).enumerated() {
            for message in 0..<5 {
                player.send(gossipMessage(number * 10 + message, bytes: 20), from: peer, .accept)
            }
        }
        let actions = player.pass(seconds: 1)
        #expect(player.mesh.count == 7 || player.mesh.count == 6)
        #expect(inbound.prefix(4).allSatisfy { player.mesh.contains($0) })
        #expect(player.mesh.filter { (dialled + late).contains($0) }.count >= 3)
        let gone = (dialled + inbound + late).filter { !player.mesh.contains($0) }
        #expect(gone.allSatisfy { actions.sent(to: $0).prune.first?.backoffSeconds == 60 })
    }

    @Test("with none that we dialled in the mesh, some are grafted though there are enough")
    func outbound() {
        var player = GossipPlayer()
        player.join()
        let inbound = (0..<6).map { _ in player.connect(outbound: false, subscribed: false) }
        for peer in inbound { player.hear(peer) { $0.graft = [gossipTopic()] } }
        let dialled = player.connect(4)
        #expect(player.mesh == inbound)
        player.pass(seconds: 1)
        #expect(player.mesh.filter { dialled.contains($0) }.count == 3)
    }

    @Test("a full mesh refuses those that dialled us, and names others that signed where they are")
    func full() {
        var player = GossipPlayer()
        player.join()
        let members = (0..<8).map { _ in player.connect(outbound: false, record: [7, 7], subscribed: false) }
        for peer in members { player.hear(peer) { $0.graft = [gossipTopic()] } }
        let next = player.connect(outbound: false, subscribed: false)
        let answer = player.hear(next) { $0.graft = [gossipTopic()] }.sent(to: next).prune
        #expect(answer.count == 1 && answer.first?.backoffSeconds == 60 && player.mesh == members)
        #expect(
            answer.first?.peers.count == 8 && answer.first?.peers.allSatisfy { $0.record == [7, 7] } == true)
        let dialled = player.connect(subscribed: false)
        player.hear(dialled) { $0.graft = [gossipTopic()] }
        #expect(player.mesh == members + [dialled])
        // A program of the first version knows no backoff.
        let old = player.connect(outbound: false, version: .v10, subscribed: false)
        #expect(player.hear(old) { $0.graft = [gossipTopic()] }.sent(to: old).prune == [.init(gossipTopic())])
    }

    @Test("who is told to wait must wait: one graft too early may have been under way, later ones count")
    func early() {
        var player = GossipPlayer()
        player.join()
        let members = (0..<8).map { _ in player.connect(outbound: false, subscribed: false) }
        for peer in members { player.hear(peer) { $0.graft = [gossipTopic()] } }
        let next = player.connect(outbound: false, subscribed: false)
        player.hear(next) { $0.graft = [gossipTopic()] }
        player.now += 1_999
        #expect(player.hear(next) { $0.graft = [gossipTopic()] }.sent(to: next).prune.count == 1)
        #expect(player.score(next) == 0)
        player.now += 1
        // Ten times too early, of which six are forgiven: 4 squared times 10.
        for _ in 0..<10 {
            player.now += 2_000
            player.hear(next) { $0.graft = [gossipTopic()] }
        }
        #expect(player.score(next) == -160)
        #expect(
            player.gossip.why(next).map { "\($0)" }
                == "score -160: broke the protocol: grafts too early 10 (-160)")
        #expect(!player.mesh.contains(next))
    }

    @Test("who prunes us is not grafted before its time is over, and a second longer")
    func waiting() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        player.hear(peer) { $0.prune = [.init(gossipTopic(), backoffSeconds: 5)] }
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 5)
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 1)
        #expect(player.mesh == [peer])
        // However long it says, it is an hour at most; without a word it is a minute.
        player.hear(peer) { $0.prune = [.init(gossipTopic(), backoffSeconds: .max)] }
        player.pass(seconds: 3_600)
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 1)
        #expect(player.mesh == [peer])
        player.hear(peer) { $0.prune = [.init(gossipTopic())] }
        player.pass(seconds: 60)
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 1)
        #expect(player.mesh == [peer])
    }

    @Test("leaving prunes for ten seconds; who joins again keeps its word")
    func leaving() {
        var player = GossipPlayer()
        let peer = player.connect()
        player.join()
        let actions = player(.leave(player.topic))
        #expect(actions.sent(to: peer).prune == [.init(player.topic, backoffSeconds: 10)])
        #expect(actions.sent(to: peer).subscriptions == [.init(player.topic, isWanted: false)])
        #expect(player.gossip.joined.isEmpty)
        player.pass(seconds: 5)
        player.join()
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 5)
        #expect(player.mesh.isEmpty)
        player.pass(seconds: 1)
        #expect(player.mesh == [peer])
    }

    @Test("who wants the topic no longer, or is in disgrace, leaves the mesh")
    func unwanted() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        player.hear(peers[0]) { $0.subscriptions = [.init(gossipTopic(), isWanted: false)] }
        #expect(player.mesh == Array(peers[1...]))
        player(.applicationScore(peers[1], -1))
        let actions = player.pass(seconds: 1)
        #expect(player.mesh == [peers[2]])
        #expect(actions.sent(to: peers[1]).prune.first?.peers == [])
        // It may not come back while it is in disgrace.
        player.pass(seconds: 70)
        #expect(player.mesh == [peers[2]])
        #expect(player.hear(peers[1]) { $0.graft = [gossipTopic()] }.sent(to: peers[1]).prune.count == 1)
    }

    @Test("when half of the mesh is no good, two better ones come in each minute")
    func opportunity() {
        var player = GossipPlayer()
        let peers = player.connect(12)
        player.join()
        let members = player.mesh
        for peer in peers where !members.contains(peer) { player(.applicationScore(peer, 10)) }
        player.pass(seconds: 59)
        #expect(player.mesh == members)
        player.pass(seconds: 1)
        #expect(player.mesh.count == members.count + 2)
    }

    @Test("addresses that a peer names are taken from the best alone")
    func exchange() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        let prune = GossipRPC.Prune(
            player.topic, peers: [.init(id: [1], record: [5, 5]), .init(id: [2])], backoffSeconds: 1)
        #expect(player.hear(peer) { $0.prune = [prune] } == [])
        player(.applicationScore(peer, 1_000))
        #expect(player.hear(peer) { $0.prune = [prune] } == [.candidates([[5, 5]], from: peer)])
    }

    @Test("a peer that is gone is forgotten everywhere")
    func gone() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(4)
        player(.disconnected(peers[0]))
        #expect(player.mesh == Array(peers[1...]) && player.gossip.why(peers[0]) == nil)
        #expect(player.send([0, 1], from: peers[0]).isEmpty)
        #expect(player(.publish(player.topic, [0, 2])).pushed() == Array(peers[1...]))
    }

    @Test("topics of a peer are 128 at the most")
    func topics() {
        var player = GossipPlayer()
        let peer = player.connect(subscribed: false)
        for start in stride(from: 0, to: 200, by: 50) {
            player.hear(peer) { rpc in
                rpc.subscriptions = (start..<start + 50).map { .init(gossipTopic("t\($0)"), isWanted: true) }
            }
        }
        #expect(player.gossip.subscribers(of: gossipTopic("t127")) == [peer])
        #expect(player.gossip.subscribers(of: gossipTopic("t128")) == [])
    }
}
