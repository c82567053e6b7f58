import P2PCore
import TestSupport
import Testing

@Suite("Gossip: bytes of strangers")
struct GossipRPCTests {
    private let votes = gossipTopic()

    private func id(_ number: Int) -> MessageID {
        MessageID(topic: votes, data: gossipMessage(number, bytes: 9))
    }

    private func rpc(_ write: (inout GossipRPC) -> Void) -> GossipRPC {
        var rpc = GossipRPC()
        write(&rpc)
        return rpc
    }

    /// An RPC with everything in it.
    private var full: GossipRPC {
        var author = GossipRPC.Author()
        (author.from, author.sequence, author.signature, author.key) = ([1, 2], [3], [4, 5], [6])
        return rpc {
            $0.subscriptions = [.init(votes, isWanted: true), .init(gossipTopic("a"), isWanted: false)]
            $0.messages = [
                .init(topic: votes, data: [9, 8, 7]), .init(topic: votes, data: [], author: author),
            ]
            $0.have = [.init(votes, [id(1), id(2)])]
            $0.want = [id(3), id(4)]
            $0.graft = [votes]
            $0.prune = [
                .init(votes), .init(votes, peers: [.init(id: [1], record: [2, 3])], backoffSeconds: 7),
            ]
            $0.dontWant = (5..<18).map(id)
        }
    }

    @Test("what is written is read")
    func round() throws { #expect(try GossipRPC(bytes: full.bytes) == full) }

    @Test("an RPC that ends early is an error or another RPC, at every byte")
    func truncated() {
        let bytes = full.bytes
        for end in bytes.indices { _ = try? GossipRPC(bytes: Array(bytes[..<end])) }
        #expect(throws: WireFault.self) { _ = try GossipRPC(bytes: Array(bytes.dropLast())) }
    }

    @Test("changed bytes never trap")
    func changed() {
        var random = SplitMix(seed: 4)
        let bytes = full.bytes
        for _ in 0..<4_000 {
            var changed = bytes
            for _ in 0...random.below(4) {
                changed[random.below(changed.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let rpc = try? GossipRPC(bytes: changed) else { continue }
            // What is taken has a form of ours that is read alike.
            var meant = rpc
            meant.excess = 0
            #expect((try? GossipRPC(bytes: rpc.bytes)) == meant)
        }
    }

    @Test("what is over a limit is passed over and counted")
    func limits() throws {
        let topics = (0..<65).map { GossipRPC.Subscription(gossipTopic("t\($0)"), isWanted: true) }
        var read = try GossipRPC(bytes: rpc { $0.subscriptions = topics }.bytes)
        #expect(read.subscriptions.count == 64 && read.excess == 1)

        read = try GossipRPC(bytes: rpc { $0.have = [.init(votes, (0..<5_001).map(id))] }.bytes)
        #expect(read.have.first?.ids.count == 5_000 && read.excess == 1)

        read = try GossipRPC(bytes: rpc { $0.want = (0..<5_001).map(id) }.bytes)
        #expect(read.want.count == 5_000 && read.excess == 1)

        read = try GossipRPC(bytes: rpc { $0.graft = Array(repeating: votes, count: 65) }.bytes)
        #expect(read.graft.count == 64 && read.excess == 1)

        let many = (0..<17).map { GossipRPC.ExchangedPeer(id: [UInt8($0)]) }
        read = try GossipRPC(bytes: rpc { $0.prune = [.init(votes, peers: many)] }.bytes)
        #expect(read.prune.first?.peers.count == 16 && read.excess == 1)

        let messages = (0..<1_025).map { GossipRPC.Message(topic: votes, data: [UInt8($0 & 255)]) }
        read = try GossipRPC(bytes: rpc { $0.messages = messages }.bytes)
        #expect(read.messages.count == 1_024 && read.excess == 1)

        #expect(throws: WireFault.tooLarge(1_048_577, limit: 1_048_576)) {
            _ = try GossipRPC(bytes: [UInt8](repeating: 0, count: 1_048_577))
        }
    }

    @Test("eleven ids of one IDONTWANT are ten")
    func dontWant() throws {
        var inner = FieldWriter()
        for number in 0..<11 { inner.bytes(1, id(number).bytes) }
        var control = FieldWriter()
        control.bytes(5, inner.bytes)
        var all = FieldWriter()
        all.bytes(3, control.bytes)
        let read = try GossipRPC(bytes: all.bytes)
        #expect(read.dontWant.count == 10 && read.excess == 1)
    }

    @Test("ids of other lengths, topics that are none, and unknown fields are passed over")
    func foreign() throws {
        var inner = FieldWriter()
        inner.bytes(1, [UInt8](repeating: 1, count: 19))
        inner.bytes(1, [UInt8](repeating: 1, count: 48))
        inner.number(9, 1)
        var control = FieldWriter()
        control.bytes(2, inner.bytes)
        control.bytes(6, [1, 2, 3])
        var subscription = FieldWriter()
        subscription.bool(1, true)
        subscription.bytes(2, [0xff, 0xfe])
        var all = FieldWriter()
        all.bytes(3, control.bytes)
        all.bytes(1, subscription.bytes)
        all.bytes(77, [])
        let read = try GossipRPC(bytes: all.bytes)
        #expect(read.isEmpty && read.excess == 1)
    }

    @Test("names and ids at their edges")
    func edges() {
        #expect(TopicName("") == nil && TopicName(String(repeating: "a", count: 129)) == nil)
        #expect(TopicName(String(repeating: "a", count: 128)) != nil)
        #expect(MessageID([UInt8](repeating: 0, count: 19)) == nil)
        let bytes = (0..<20).map { UInt8($0) }
        #expect(MessageID(bytes)?.bytes == bytes)
        // SHA-256 of "votes" and 1, 2, 3.
        #expect("\(MessageID(topic: votes, data: [1, 2, 3]))" == "1a603cba122b65ab917a9da39599fb0bf0c54bd3")
    }
}
