import NodeCrypto
import NodeDomain
import P2PCore
import Testing

private struct GoldenFile: Decodable {
    struct Signed: Decodable {
        let topic, data, seqno, signed_bytes, signature, rpc: String
    }
    struct Person: Decodable { let ed25519_seed, peer_id_bytes: String }
    let alice, bob: Person
    let pubsub_signed_message: Signed
    let pubsub_rpc: [String: String]
}

private struct ParameterFile: Decodable {
    struct Spacemesh: Decodable {
        struct Thresholds: Decodable { let gossip, publish, graylist, accept_px, opportunistic_graft: Double }
        struct Penalty: Decodable { let threshold, weight: Double }
        struct Topic: Decodable {
            let weight, time_in_mesh_weight, first_deliveries_weight, first_deliveries_cap,
                invalid_weight: Double
        }
        let D, D_lo, D_hi, D_score, D_out, history_length: Int
        let iwant_followup_s: UInt64
        let thresholds: Thresholds
        let behaviour_penalty: Penalty
        let topic: Topic
    }
    struct Go: Decodable {
        let gossip_retransmission, prune_peers, max_ihave_length, max_ihave_messages: Int
        let max_idontwant_length, max_idontwant_messages, idontwant_threshold_bytes: Int
        let idontwant_ttl_heartbeats, history_gossip, opportunistic_graft_peers: Int
        let fanout_ttl_s, prune_backoff_s, unsubscribe_backoff_s, opportunistic_graft_ticks: UInt64
    }
    let spacemesh: Spacemesh
    let go: Go
}

@Suite("Gossip: golden bytes and parameters")
struct GossipGoldenTests {
    private let file: GoldenFile
    private let blocks = gossipTopic("blocks/1")

    init() throws { file = try VectorFile.read("libp2p-wire-golden.json", as: GoldenFile.self) }

    private func rpc(_ write: (inout GossipRPC) -> Void) -> GossipRPC {
        var rpc = GossipRPC()
        write(&rpc)
        return rpc
    }

    @Test("RPCs of another program are read and written byte for byte")
    func golden() throws {
        let first = try #require(MessageID([UInt8](repeating: 1, count: 20)))
        let second = try #require(MessageID([UInt8](repeating: 2, count: 20)))
        let other = GossipRPC.ExchangedPeer(id: try hex(file.bob.peer_id_bytes))
        let meant = [
            "subscribe": rpc { $0.subscriptions = [.init(blocks, isWanted: true)] },
            "unsubscribe": rpc { $0.subscriptions = [.init(blocks, isWanted: false)] },
            "graft": rpc { $0.graft = [blocks] },
            "prune_backoff60_px1": rpc { $0.prune = [.init(blocks, peers: [other], backoffSeconds: 60)] },
            "idontwant": rpc { $0.dontWant = [first, second] },
            "ihave_ascii_ids": rpc { $0.have = [.init(blocks, [first, second])] },
        ]
        #expect(Set(meant.keys) == Set(file.pubsub_rpc.keys))
        for (name, text) in file.pubsub_rpc {
            let bytes = try hex(text)
            #expect(try GossipRPC(bytes: bytes) == meant[name], "\(name)")
            #expect(meant[name]?.bytes == bytes, "\(name)")
        }
    }

    @Test("a signed message of another program is read, checked, signed and written byte for byte")
    func signed() throws {
        let golden = file.pubsub_signed_message
        let seed = try #require(Bytes32(hexadecimal: file.alice.ed25519_seed))
        let key = try #require(Ed25519.publicKey(seed: seed))
        let identity = PeerIdentity(publicKey: key) { Ed25519.sign($0, seed: seed) }
        var player = GossipPlayer(signing: .all(identity, sequence: 0x2a))
        let peer = player.connect(subscribed: false)
        player.subscribe(peer, blocks)
        player(.join(blocks, TopicRules(.block, largest: 100, spread: .push)))
        let (data, rpc) = (try hex(golden.data), try hex(golden.rpc))
        let sent = player(.publish(blocks, data))
        #expect(sent == [.send(peer, rpc, .block, message: MessageID(topic: blocks, data: data))])

        let message = try #require(try GossipRPC(bytes: try hex(golden.rpc)).messages.first)
        #expect(message.signedBytes == (try hex(golden.signed_bytes)))
        #expect(message.author?.signature == (try hex(golden.signature)))
    }

    @Test("the figures are Spacemesh's, and go-libp2p's where Spacemesh has none")
    func parameters() throws {
        let file = try VectorFile.read("gossipsub-params.json", as: ParameterFile.self)
        let (theirs, go) = (file.spacemesh, file.go)
        let ours = GossipParameters()
        let degree = ours.degree
        #expect((degree.wanted, degree.low, degree.high) == (theirs.D, theirs.D_lo, theirs.D_hi))
        #expect((degree.best, degree.outbound) == (theirs.D_score, theirs.D_out))
        #expect(ours.history == theirs.history_length && ours.promise == theirs.iwant_followup_s * 1_000)
        let scores = ours.scores
        #expect(scores.gossip == theirs.thresholds.gossip && scores.publish == theirs.thresholds.publish)
        #expect(
            scores.graylist == theirs.thresholds.graylist && scores.exchange == theirs.thresholds.accept_px)
        #expect(scores.opportunity == theirs.thresholds.opportunistic_graft)
        #expect(scores.breaches == theirs.behaviour_penalty.threshold)
        #expect(scores.breachWeight == theirs.behaviour_penalty.weight)
        #expect(scores.timeWeight == theirs.topic.time_in_mesh_weight)
        #expect(scores.deliveryWeight == theirs.topic.first_deliveries_weight)
        #expect(scores.deliveryCap == theirs.topic.first_deliveries_cap)
        #expect(scores.invalidWeight == theirs.topic.invalid_weight)
        #expect(TopicRules(.vote, largest: 1, spread: .push).weight == theirs.topic.weight)

        #expect(ours.limits.retransmissions == go.gossip_retransmission)
        #expect(
            GossipWireLimit.exchangedPeers == go.prune_peers && GossipWireLimit.ids == go.max_ihave_length)
        #expect(ours.limits.announcements == go.max_ihave_messages)
        #expect(GossipWireLimit.idsOfDontWant == go.max_idontwant_length)
        #expect(ours.limits.unwanted == go.max_idontwant_messages)
        #expect(ours.unwantedFrom == go.idontwant_threshold_bytes)
        #expect(ours.limits.unwantedHeartbeats == go.idontwant_ttl_heartbeats)
        #expect(
            ours.gossipHistory == go.history_gossip && ours.opportunityPeers == go.opportunistic_graft_peers)
        #expect(ours.fanout == go.fanout_ttl_s * 1_000 && ours.pruneBackoff == go.prune_backoff_s * 1_000)
        #expect(ours.leaveBackoff == go.unsubscribe_backoff_s * 1_000)
        #expect(ours.opportunity == go.opportunistic_graft_ticks)
    }
}
