import MempoolCore
import NodeDomain
import TestSupport
import Testing

private func peer(_ number: UInt8) throws -> Peer { try #require(Peer([number])) }

@Suite("Exchange")
struct ExchangeTests {
    private let nothing: (Bytes32) -> Bool = { _ in false }

    private func announcement(_ ids: Range<UInt64>) throws -> Announcement {
        try #require(Announcement(.transaction, ids.map { key($0) }))
    }

    @Test("names of peers at their edges")
    func names() {
        #expect(Peer([]) == nil && Peer([UInt8](repeating: 1, count: 65)) == nil)
        #expect(Peer([UInt8](repeating: 1, count: 64)) != nil)
    }

    @Test("what came in is announced once, kind by kind, in calls of 512")
    func announced() {
        var exchange = Exchange()
        for number in 0..<513 as Range<UInt64> {
            _ = exchange.handle(.admitted(.transaction, key(number)), now: 0, waits: nothing)
        }
        _ = exchange.handle(.admitted(.activation, key(999)), now: 0, waits: nothing)
        let actions = exchange.handle(.tick, now: 0) { $0 != key(5) }
        let counts = actions.map { action in
            if case .announce(let announcement) = action { announcement.ids.count } else { 0 }
        }
        // One of them waits no longer.
        #expect(counts == [512, 1])
        #expect(exchange.handle(.tick, now: 0, waits: nothing).isEmpty)
    }

    @Test("each id is asked of one peer, and of another when that one does not answer")
    func patience() throws {
        var exchange = Exchange()
        let ids = [key(0), key(1)]
        let first = exchange.handle(.announced(try peer(1), try announcement(0..<2)), now: 0, waits: nothing)
        #expect(first == [.pull(try peer(1), .transaction, ids)])
        for number in [2, 3, 1] as [UInt8] {
            #expect(
                exchange.handle(.announced(try peer(number), try announcement(0..<2)), now: 1, waits: nothing)
                    .isEmpty)
        }
        _ = exchange.handle(.arrived(key(0)), now: 2, waits: nothing)
        #expect(exchange.handle(.tick, now: 2_999, waits: nothing).isEmpty)
        #expect(
            exchange.handle(.tick, now: 3_000, waits: nothing) == [.pull(try peer(2), .transaction, [key(1)])]
        )
        #expect(
            exchange.handle(.lost(try peer(2)), now: 3_001, waits: nothing) == [
                .pull(try peer(3), .transaction, [key(1)])
            ])
        #expect(exchange.handle(.tick, now: 6_001, waits: nothing).isEmpty)
        let third = try peer(3)
        #expect(exchange.askedCount == 0 && exchange.askedCount(of: third) == 0)
        // What was seen is not asked for again, what never came is.
        let again = exchange.handle(
            .announced(try peer(4), try announcement(0..<2)), now: 7_000, waits: nothing)
        #expect(again == [.pull(try peer(4), .transaction, [key(1)])])
    }

    @Test("one peer, and all together, have so much under way and no more; what is seen is bounded")
    func bounds() throws {
        var limits = Exchange.Limits()
        limits.askedOfPeer = 3
        limits.asked = 5
        limits.seen = 2
        var exchange = Exchange(limits)
        let first = exchange.handle(.announced(try peer(1), try announcement(0..<4)), now: 0, waits: nothing)
        #expect(first == [.pull(try peer(1), .transaction, [0, 1, 2].map { key($0) })])
        let second = exchange.handle(.announced(try peer(2), try announcement(4..<8)), now: 0, waits: nothing)
        #expect(second == [.pull(try peer(2), .transaction, [4, 5].map { key($0) })])
        for number in 0..<6 as Range<UInt64> {
            _ = exchange.handle(.arrived(key(number)), now: 0, waits: nothing)
        }
        #expect(exchange.askedCount == 0 && exchange.seenCount == 2)
    }

    @Test("calls for bodies hold 256 ids")
    func calls() throws {
        var exchange = Exchange()
        let actions = exchange.handle(
            .announced(try peer(1), try announcement(0..<300)), now: 0, waits: nothing)
        let counts = actions.map { action in
            if case .pull(_, _, let ids) = action { ids.count } else { 0 }
        }
        #expect(counts == [256, 44])
    }
}

/// Some mempools that tell each other what they have, over links that are slow and lose messages.
private struct Network {
    enum Message {
        case announce([UInt8])
        case pull([Bytes32])
        case bodies([Candidate])
    }

    var pools: [Mempool]
    var exchanges: [Exchange]
    var dice: SplitMix
    var now: UInt64 = 0
    /// One in so many messages is lost; 0: none.
    let loss: Int
    var wire: [(at: UInt64, from: Int, to: Int, message: Message)] = []
    var bodies = 0
    var pulls = 0

    init(_ count: Int, loss: Int, seed: UInt64) {
        pools = (0..<count).map { _ in Mempool() }
        exchanges = (0..<count).map { _ in Exchange() }
        dice = SplitMix(seed: seed)
        self.loss = loss
    }

    mutating func send(_ from: Int, _ to: Int, _ message: Message) {
        if loss > 0, dice.below(loss) == 0 { return }
        wire.append((now + 20 + UInt64(dice.below(80)), from, to, message))
    }

    mutating func handle(_ node: Int, _ event: Exchange.Event) {
        let pool = pools[node]
        for action in exchanges[node].handle(event, now: now, waits: { pool.contains($0) }) {
            switch action {
            case .announce(let announcement):
                for other in pools.indices where other != node {
                    send(node, other, .announce(announcement.bytes))
                }
            case .pull(let peer, _, let ids):
                pulls += ids.count
                send(node, Int(peer.name[0]), .pull(ids))
            }
        }
    }

    mutating func submit(_ node: Int, _ candidate: Candidate) {
        handle(node, .arrived(candidate.id))
        let number = candidate.raw.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        for action in pools[node].handle(.judged(candidate, good(number, nonce: 0, fee: 1 + number))) {
            if case .admitted = action { handle(node, .admitted(.transaction, candidate.id)) }
        }
    }

    mutating func step() throws {
        now += 10
        let due = wire.filter { $0.at <= now }
        wire.removeAll { $0.at <= now }
        for (_, from, to, message) in due {
            switch message {
            case .announce(let bytes):
                handle(to, .announced(try #require(Peer([UInt8(from)])), try Announcement(bytes: bytes)))
            case .pull(let ids): send(to, from, .bodies(ids.compactMap { pools[to].candidate($0) }))
            case .bodies(let candidates):
                bodies += candidates.count
                for candidate in candidates { submit(to, candidate) }
            }
        }
        if now.isMultiple(of: 100) { for node in pools.indices { handle(node, .tick) } }
    }
}

@Suite("Mempools together")
struct NetworkTests {
    @Test("two exchange what they have, each body once")
    func two() throws {
        var network = Network(2, loss: 0, seed: 1)
        for number in 0..<600 as Range<UInt64> { network.submit(Int(number % 2), sent(number)) }
        for _ in 0..<100 { try network.step() }
        #expect(network.pools[0].order == network.pools[1].order && network.pools[0].order.count == 600)
        #expect(network.bodies == 600 && network.pulls == 600)
    }

    @Test("five, with messages lost: whoever is not answered asks another", arguments: 1...4)
    func five(_ seed: UInt64) throws {
        var network = Network(5, loss: 12, seed: seed)
        for number in 0..<200 as Range<UInt64> {
            network.submit(network.dice.below(5), sent(number))
            try network.step()
        }
        for _ in 0..<2_000 { try network.step() }
        let all = Set(network.pools.flatMap(\.order))
        #expect(all.count == 200)
        // An id is missed by somebody only when what was lost left nobody else to ask.
        for pool in network.pools { #expect(pool.order.count >= 194) }
        // Nothing is sent unasked, and little is asked twice.
        #expect(network.bodies <= network.pulls && network.pulls < 200 * 4 * 3 / 2)
        for exchange in network.exchanges { #expect(exchange.askedCount == 0) }
    }
}
