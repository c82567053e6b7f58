import NodeCrypto
import NodeDomain
import P2PCore
import Testing

@Suite("Gossip: messages")
struct GossipMessageTests {
    private let data = gossipMessage(1, bytes: 100)

    @Test("a message is judged once, and goes on when it is accepted, but not back")
    func accept() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(4)
        let arrived = player.send(data, from: peers[0])
        #expect(arrived == [.validate(player.id(data), player.topic, data, from: peers[0])])
        #expect(player.send(data, from: peers[1]).isEmpty)
        let actions = player(.verdict(player.id(data), .accept))
        // The second one sent it while it was judged.
        #expect(actions.pushed() == Array(peers[2...]))
        #expect(player(.verdict(player.id(data), .accept)).isEmpty)
        #expect(player.send(data, from: peers[2]) == [.withdraw(peers[2], player.id(data))])
        let counters = player.gossip.counters(of: player.topic)
        #expect(counters?.uniqueMessages == 1 && counters?.duplicates == 2 && counters?.sentMessages == 2)
        #expect(counters?.uniqueBytes == 100 && counters?.duplicateBytes == 200)
    }

    @Test("what is rejected goes nowhere and is blamed on all that sent it, also later")
    func reject() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(4)
        player.send(data, from: peers[0])
        player.send(data, from: peers[1])
        let actions = player(.verdict(player.id(data), .reject))
        #expect(actions == [.dropped(peers[0], player.topic, .rejected)])
        player.send(data, from: peers[2])
        #expect(peers.prefix(3).allSatisfy { player.score($0) == -100 } && player.score(peers[3]) == 0)
    }

    @Test("what is ignored goes nowhere and is nobody's fault, however often")
    func ignore() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        for number in 0..<1_000 {
            let data = gossipMessage(number, bytes: 20)
            #expect(player.send(data, from: peers[0], .ignore).drops == [.ignored])
            player.send(data, from: peers[1])
        }
        #expect(peers.allSatisfy { player.score($0) == 0 } && player.mesh == peers)
        #expect(player.gossip.counters(of: player.topic)?.dropped(.ignored) == 1_000)
    }

    @Test("what nobody judges in time is dropped, and is nobody's fault")
    func unjudged() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        player.send(data, from: peer)
        #expect(player.pass(seconds: 29).drops.isEmpty)
        #expect(player.pass(seconds: 1).drops == [.unjudged])
        #expect(player(.verdict(player.id(data), .reject)).isEmpty && player.score(peer) >= 0)
        #expect(player.gossip.load.held == 0)
    }

    @Test("a message that is too large for its topic is bad, one of a topic that is not ours is nothing")
    func bounds() {
        var player = GossipPlayer()
        player.join(largest: 50)
        let peer = player.connect()
        #expect(player.send(data, from: peer).drops == [.large])
        #expect(player.score(peer) == -100)
        let other = gossipTopic("other")
        let actions = player.hear(peer) { $0.messages = [.init(topic: other, data: [1])] }
        #expect(actions.drops == [.topic] && player.score(peer) == -100)
        #expect(player(.publish(player.topic, data)).drops == [.large])
    }

    @Test("our own goes out once")
    func own() {
        var player = GossipPlayer()
        player.join()
        let peers = player.connect(3)
        #expect(player(.publish(player.topic, data)).pushed() == peers)
        #expect(player(.publish(player.topic, data)).drops == [.repeated])
        #expect(player.send(data, from: peers[0]) == [.withdraw(peers[0], player.id(data))])
    }

    @Test("into topics that we are not of, some that want them get it, for a minute the same ones")
    func fanout() {
        var player = GossipPlayer()
        let peers = player.connect(10)
        let first = player(.publish(player.topic, data)).pushed()
        #expect(first.count == 6 && Set(first).isSubset(of: peers))
        player.pass(seconds: 59)
        #expect(player(.publish(player.topic, gossipMessage(2, bytes: 20))).pushed() == first)
        // They are the first ones of a mesh.
        player.join()
        #expect(player.mesh == first)
    }

    @Test("nothing of ours goes to peers of low score, where there is no mesh")
    func publishThreshold() {
        var player = GossipPlayer()
        let peers = player.connect(2)
        player(.applicationScore(peers[0], -1_001))
        #expect(player(.publish(player.topic, data)).pushed() == [peers[1]])
    }

    @Test("a signed message is bad where none is, and an unsigned one where all are")
    func signatures() throws {
        let seed = try #require(Bytes32(hexadecimal: String(repeating: "07", count: 32)))
        let key = try #require(Ed25519.publicKey(seed: seed))
        let identity = PeerIdentity(publicKey: key) { Ed25519.sign($0, seed: seed) }
        var author = GossipPlayer(signing: .all(identity, sequence: 1))
        author.join()
        let reader = author.connect()
        let sent = author(.publish(author.topic, data)).sent(to: reader).messages

        var strict = GossipPlayer()
        strict.join()
        let peer = strict.connect()
        #expect(strict.hear(peer) { $0.messages = sent }.drops == [.signature] && strict.score(peer) == -100)

        var signed = GossipPlayer(signing: .all(identity, sequence: 1))
        signed.join()
        let other = signed.connect()
        #expect(signed.hear(other) { $0.messages = sent }.validated == [signed.id(data)])
        #expect(signed.send([0, 1], from: other).drops == [.signature])
        var forged = try #require(sent.first)
        forged.data = [0, 7]
        #expect(signed.hear(other) { $0.messages = [forged] }.drops == [.signature])
        #expect(signed.score(other) == -400)
        // It goes on as its author signed it.
        let third = signed.connect()
        #expect(signed(.verdict(signed.id(data), .accept)).sent(to: third).messages == sent)
    }

    @Test("who sends more than it may is not listened to, and in the end blamed")
    func budget() {
        var player = GossipPlayer {
            $0.limits.budget.messages = 10
            $0.limits.budget.seconds = 2
        }
        player.join()
        let (flooder, honest) = (player.connect(), player.connect())
        for number in 0..<20 {
            #expect(player.send(gossipMessage(number, bytes: 9), from: flooder).drops.isEmpty)
        }
        #expect(player.send(gossipMessage(20, bytes: 9), from: flooder).drops == [.budget])
        // It is as if it had not come.
        #expect(player.send(gossipMessage(20, bytes: 9), from: honest).validated.count == 1)
        player.pass(seconds: 1)
        #expect(player.score(flooder) >= 0)
        var graylisted: [GossipAction] = []
        for round in 0..<10 where graylisted.graylisted.isEmpty {
            for number in 0..<120 {
                player.send(gossipMessage(1_000 * round + number, bytes: 9), from: flooder)
            }
            graylisted = player.pass(seconds: 1)
        }
        #expect(graylisted.graylisted.map(\.peer) == [flooder])
        #expect("\(graylisted.graylisted[0].why)".contains("more than it may send"))
    }

    @Test("time spent on judging is the peer's: when it is used up, its messages wait for another peer")
    func time() {
        var player = GossipPlayer()
        player.join()
        let (slow, other) = (player.connect(), player.connect())
        player.send(data, from: slow)
        player(.verdict(player.id(data), .accept, microseconds: 3_000_000))
        let next = gossipMessage(2, bytes: 20)
        #expect(player.send(next, from: slow).drops == [.budget])
        #expect(player.send(next, from: other).validated == [player.id(next)])
        player.pass(seconds: 5)
        #expect(player.send(gossipMessage(3, bytes: 20), from: slow).validated.count == 1)
        #expect(player.score(slow) >= 0)
    }

    @Test("so many messages and bytes wait for verdicts, and of one peer fewer")
    func held() {
        var player = GossipPlayer {
            $0.limits.held = 6
            $0.limits.heldOfPeer = 4
            $0.limits.heldBytesOfPeer = 1_000
        }
        player.join()
        let peers = player.connect(2)
        for number in 0..<4 {
            #expect(player.send(gossipMessage(number, bytes: 9), from: peers[0]).drops.isEmpty)
        }
        #expect(player.send(gossipMessage(4, bytes: 9), from: peers[0]).drops == [.full])
        #expect(player.send(gossipMessage(5, bytes: 1_001), from: peers[1]).drops == [.full])
        #expect(player.send(gossipMessage(4, bytes: 9), from: peers[1]).drops.isEmpty)
        #expect(player.send(gossipMessage(6, bytes: 9), from: peers[1]).drops.isEmpty)
        #expect(player.send(gossipMessage(7, bytes: 9), from: peers[1]).drops == [.full])
        player(.verdict(player.id(gossipMessage(0, bytes: 9)), .ignore))
        #expect(player.send(gossipMessage(7, bytes: 9), from: peers[0]).drops.isEmpty)
        #expect(peers.allSatisfy { player.score($0) == 0 })
    }

    @Test("ids that were seen are remembered for two minutes, and so many")
    func seen() {
        var player = GossipPlayer { $0.limits.seen = 10 }
        player.join()
        let peer = player.connect()
        for number in 0..<11 { player.send(gossipMessage(number, bytes: 9), from: peer, .ignore) }
        #expect(player.gossip.load.seen == 10)
        #expect(player.send(gossipMessage(10, bytes: 9), from: peer).validated.isEmpty)
        #expect(player.send(gossipMessage(0, bytes: 9), from: peer, .ignore).drops == [.ignored])
        player.pass(seconds: 120)
        #expect(player.gossip.load.seen == 0)
    }

    @Test("what did not leave is counted back, and may be announced later")
    func unsent() {
        var player = GossipPlayer()
        player.join()
        let peer = player.connect()
        let actions = player(.publish(player.topic, data))
        guard case .send(_, let rpc, _, _)? = actions.first else { return #expect(Bool(false)) }
        player(.unsent(peer, player.id(data), bytes: rpc.count))
        let counters = player.gossip.counters(of: player.topic)
        #expect(counters?.sentBytes == 0 && counters?.sentMessages == 0 && counters?.dropped(.unsent) == 1)
        // In the mesh it is not announced; outside of it, it is.
        player.hear(peer) { $0.prune = [.init(gossipTopic(), backoffSeconds: 60)] }
        #expect(player.pass(seconds: 1).sent(to: peer).have == [.init(player.topic, [player.id(data)])])
    }
}
