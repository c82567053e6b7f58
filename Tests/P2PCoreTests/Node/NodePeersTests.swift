import NodeCrypto
import NodeDomain
import NodeEncoding
import P2PCore
import Testing

/// Whom a node connects to, what it learns of others, and what it tells of itself.
@Suite("P2P node: peers")
struct NodePeersTests {
    @Test("who knows one other finds the rest, and finds them again after a new start without it")
    func discovery() throws {
        var network = NodeNetwork(16, isSpread: true)
        network.run(1_500)
        for node in 1..<16 { network.post(node, .order(.add(NodeNetwork.farAddress(0)))) }
        network.run(40_000)
        for node in 1..<16 {
            let count = network.nodes[node].peers(now: network.now).count
            #expect(count >= 12, "\(node): \(count)")
        }
        let file = network.nodes[5].kept.file(now: network.now)
        let settings = NodeNetwork.settings(5, isSpread: true)
        let memory = try PeerMemory(file: file, settings.book, seed: 1, now: network.now)
        #expect(memory.book.triedCount >= 8 && memory.book.fault == nil)
        network.restart(5, P2PNode(settings, memory: memory, seed: 99, now: network.now))
        network.run(20_000)
        let reports = network.nodes[5].peers(now: network.now)
        #expect(reports.count { $0.isOutbound } >= 8)
        #expect(reports.allSatisfy { $0.purpose != "named" })
        #expect(network.nodes[5].story(of: reports[0].peer, now: network.now).count >= 2)
    }

    @Test("bans outlive the node, and end when they should")
    func bans() throws {
        var network = NodeNetwork(2)
        network.post(0, .order(.ban(NodeNetwork.peer(1), milliseconds: 600_000, reason: "a tést")))
        network.run(1_000)
        let file = network.nodes[0].kept.file(now: network.now)
        let settings = NodeNetwork.settings(0)
        let memory = try PeerMemory(file: file, settings.book, seed: 1, now: network.now, away: 60_000)
        network.restart(0, P2PNode(settings, memory: memory, seed: 1, now: network.now))
        let ban = try #require(network.nodes[0].bans(now: network.now).first)
        #expect(ban.ban.reason == "a tést" && (530_000...541_000).contains(ban.ban.until - network.now))
        network.post(1, .order(.add(NodeNetwork.address(0))))
        network.run(60_000)
        #expect(network.links(0, 1) == 0)
        network.run(600_000)
        #expect(network.links(0, 1) == 1)
        let late = try PeerMemory(file: file, settings.book, seed: 1, now: 0, away: 600_000)
        #expect(late.bans.bans.isEmpty)
        var broken = file
        broken[file.count / 2] ^= 1
        #expect(throws: PeerBookFileFault.self) {
            _ = try PeerMemory(file: broken, settings.book, seed: 1, now: 0)
        }
    }

    @Test("in a private network nobody is dialled, asked or told of but those that are named")
    func privateNetwork() {
        var network = NodeNetwork(4, isSpread: true, isPrivate: true)
        network.run(1_500)
        network.nameAll()
        network.run(30_000)
        for node in 0..<4 {
            #expect(network.nodes[node].peers(now: network.now).allSatisfy { $0.purpose == "named" })
            #expect(network.nodes[node].overview.tried + network.nodes[node].overview.new == 0)
        }
    }

    @Test(
        "a node learns from others where it is, and whether it can be called there", arguments: [true, false])
    func port(isOpen: Bool) throws {
        var network = NodeNetwork(5, isSpread: true) {
            guard $0.own == NodeNetwork.peer(0) else { return }
            ($0.announced, $0.port) = ([], 7_610)
        }
        network.run(1_500)
        if !isOpen { network.unreachable = [0] }
        for other in 1..<5 { network.post(0, .order(.add(NodeNetwork.farAddress(other)))) }
        network.run(30_000)
        let overview = network.nodes[0].overview
        if isOpen {
            let address = Multiaddress(NodeNetwork.farAddress(0).host, port: 7_610)
            #expect({ if case .open = overview.port { true } else { false } }(), "\(overview.port)")
            #expect(overview.advertised == [address] && network.advertised[0] == [address])
        } else {
            #expect({ if case .closed = overview.port { true } else { false } }(), "\(overview.port)")
            #expect(overview.advertised.isEmpty && network.advertised[0] == nil)
        }
        // Whoever dialled back has no second connection from it.
        for other in 1..<5 { #expect(network.links(0, other) == 1) }
    }

    @Test("members of a committee find each other by what they sign, others do not join them")
    func committee() throws {
        let genesis = [UInt8](repeating: 3, count: 20)
        let seeds = (0..<4 as Range<UInt8>).map { Bytes32([UInt8](repeating: 50 + $0, count: 32)) ?? .zero }
        let keys = seeds.map { Ed25519.publicKey(seed: $0) ?? .zero }
        // Too few places for anybody to be connected by chance.
        var network = NodeNetwork(12, isSpread: true) { $0.mostPeers = 0 }
        network.run(1_500)
        // A ring, so that what is published reaches all.
        for node in 0..<12 {
            network.post(node, .order(.add(NodeNetwork.farAddress((node + 1) % 12))))
            network.post(node, .order(.add(NodeNetwork.farAddress((node + 11) % 12))))
        }
        network.run(5_000)
        for node in 0..<12 { network.post(node, .seats(term: 9, Set(keys), isOwn: node % 3 == 0)) }
        for (number, node) in [0, 3, 6, 9].enumerated() {
            let address = Multiaddress(NodeNetwork.farAddress(node).host, port: 7_610)
            var record = ValidatorRecord(
                term: 9, operator: keys[number], peer: NodeNetwork.peer(node).bytes,
                addresses: [address.bytes], sequence: 1)
            record.signature = Ed25519.sign(record.signedBytes(genesis: genesis), seed: seeds[number]) ?? []
            network.post(node, .publish(.validators, record.scale))
        }
        network.run(20_000)
        for node in [0, 3, 6, 9] {
            for other in [0, 3, 6, 9] where other != node { #expect(network.links(node, other) == 1) }
        }
        #expect(network.judged.allSatisfy { $0.isEmpty })
        // Without a seat nobody keeps the connections.
        for node in 0..<12 { network.post(node, .seats(term: 9, Set(keys), isOwn: false)) }
        network.run(5_000)
        #expect(network.links(0, 3) == 0)
    }

    @Test("what waits for all peers together is bounded, and the least important goes first")
    func bound() {
        let most = 1 << 20
        var network = NodeNetwork(9) { $0.mostWaiting = most }
        network.nameAll()
        network.run(3_000)
        for handle in network.nodes[0].peers(now: network.now).map(\.handle) {
            network.post(0, .congested(handle, true))
        }
        let bytes = [UInt8](repeating: 1, count: 10_000)
        for number in 0..<40 {
            network.post(0, .broadcast(.announcement(bytes + [UInt8(number)])))
            network.post(0, .broadcast(.consensus([UInt8(number)])))
            #expect(network.nodes[0].overview.waiting <= most)
        }
        let reports = network.nodes[0].peers(now: network.now)
        #expect(reports.reduce(0) { $0 + $1.waiting } == network.nodes[0].overview.waiting)
        #expect(reports.allSatisfy { $0.dropped > 0 })
        for handle in reports.map(\.handle) { network.post(0, .congested(handle, false)) }
        network.run(10_000)
        for node in 1..<9 {
            let votes = network.received[node].compactMap { message -> UInt8? in
                if case .consensus(let bytes) = message { bytes[0] } else { nil }
            }
            #expect(votes == Array(0..<40))
        }
        #expect(network.nodes[0].overview.waiting == 0)
    }

    @Test("on the line to the Internet no second sends more than the cap, and votes pass what is large")
    func cap() {
        var network = NodeNetwork(4, isSpread: true)
        network.run(1_500)
        for other in 1..<4 { network.post(0, .order(.add(NodeNetwork.farAddress(other)))) }
        network.run(3_000)
        let bytes = [UInt8](repeating: 1, count: 60_000)
        for number in 0..<10 { network.post(0, .broadcast(.announcement(bytes + [UInt8(number)]))) }
        let before = network.nodes[0].gossip.traffic?.counters.sent.reduce(0, +) ?? 0
        network.post(0, .broadcast(.consensus([7])))
        network.run(1_000)
        #expect((1..<4).allSatisfy { network.received[$0].contains(.consensus([7])) })
        let after = network.nodes[0].gossip.traffic?.counters.sent.reduce(0, +) ?? 0
        #expect(after - before <= 125_000)
        network.run(25_000)
        #expect((1..<4).allSatisfy { network.received[$0].count >= 11 })
    }
}
