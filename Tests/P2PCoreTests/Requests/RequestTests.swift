import P2PCore
import Testing

@Suite("Requests between peers")
struct RequestTests {
    private static func things(_ count: Int, of bytes: Int) -> [[UInt8]] {
        (0..<count).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: bytes) }
    }

    private static func blocks(_ count: UInt32 = 64) -> Question { .blocks(from: 5, count: count) }

    @Test("names have the network in them")
    func names() {
        let requests = Requests(network: "0badcafe", budget: RequestBudget(rate: 1))
        #expect(requests.protocols == ["sync", "peers", "reach"].map { "/spacenode/0badcafe/\($0)/1" })
        #expect(requests.takes("/spacenode/0badcafe/peers/1"))
        #expect(
            !requests.takes("/spacenode/0badcaff/peers/1") && !requests.takes("/spacenode/0badcafe/direct/1"))
    }

    @Test("a question is answered, in order, and both sides forget it")
    func answered() {
        var world = RequestWorld()
        world.provider = { Self.things($0.count, of: 700) }
        world.ask(1, Self.blocks())
        #expect(world.client.asking == 1)
        world.run(500)
        #expect(world.items == Self.things(64, of: 700))
        #expect(world.ended == 1 && world.failures.isEmpty && world.blamed.isEmpty)
        #expect(world.served.map(\.question) == [Self.blocks()])
        #expect(world.client.asking == 0 && world.server.serving == 0 && world.server.waiting == 0)
    }

    @Test("two mebibytes come in writes of at most 64 KiB, as fast as the budget allows and no faster")
    func budget() {
        var world = RequestWorld(rate: 200_000)
        world.provider = { _ in Self.things(20, of: 100_000) }
        world.ask(1, Self.blocks(20))
        world.run(9000)
        #expect(world.ended == 0 && world.items.count < 20)
        let sent = world.writes.reduce(0) { $0 + $1.bytes }
        #expect(sent <= 200_000 * 9 + 65_536 && sent >= 200_000 * 8)
        world.run(3000)
        #expect(world.ended == 1 && world.items.count == 20)
        #expect(world.writes.allSatisfy { $0.bytes <= RequestLimit.write })
        for write in world.writes {
            let second = world.writes.filter { $0.at >= write.at && $0.at < write.at + 1000 }
            #expect(second.reduce(0) { $0 + $1.bytes } <= 200_000 + 65_536)
        }
    }

    @Test("an answer has no more than two mebibytes, but for one large thing")
    func large() {
        var world = RequestWorld(rate: 1 << 24)
        world.provider = { _ in Self.things(64, of: 100_000) }
        world.ask(1, Self.blocks())
        world.run(3000)
        #expect(world.items.count == 20 && world.ended == 1)
        var one = RequestWorld(rate: 1 << 24)
        one.provider = { _ in Self.things(3, of: RequestKind.blocks.itemBytes) }
        one.ask(1, Self.blocks())
        one.run(3000)
        #expect(one.items.count == 1 && one.ended == 1 && one.failures.isEmpty)
    }

    @Test("a slow line gets less, and nothing that would come too late")
    func slow() {
        var world = RequestWorld(rate: 31_250)
        world.provider = { _ in Self.things(64, of: 50_000) }
        world.ask(1, Self.blocks())
        world.run(50_000)
        #expect(world.ended == 1 && world.failures.isEmpty)
        #expect(world.items.count == 28)
        var dial = RequestWorld(rate: 2000)
        dial.provider = { _ in Self.things(1, of: 1_000_000) }
        dial.ask(1, Self.blocks())
        dial.run(1000)
        #expect(dial.failures == [.busy])
    }

    @Test("two requests of a kind at a time: more are refused on either side")
    func many() {
        var world = RequestWorld()
        for number in 1...3 { world.ask(UInt64(number), Self.blocks()) }
        #expect(world.failures == [.tooMany])
        world.ask(9, .peers(count: 10))
        world.run(500)
        #expect(world.served.count == 3 && world.client.asking == 3)
        // A peer that does not keep to it is told.
        for number in 100...102 {
            let stream = StreamHandle(inbound: UInt32(number))
            world.inject(
                .opened(stream, protocol: RequestKind.blocks.name("0badcafe"), inbound: true),
                isForClient: false)
            world.inject(.writable(stream, 1000), isForClient: false)
            world.inject(.data(stream, Self.blocks().delimited), isForClient: false)
        }
        #expect(world.served.count == 3 && world.blamed.isEmpty)
    }

    @Test("a peer's addresses are asked for once in ten minutes")
    func rare() {
        var world = RequestWorld()
        world.provider = { _ in Self.things(3, of: 200) }
        world.ask(1, .peers(count: 250))
        world.run(1000)
        world.ask(2, .peers(count: 250))
        world.run(1000)
        #expect(world.ended == 1 && world.failures == [.busy])
        world.run(10 * Milliseconds.minute)
        world.ask(3, .peers(count: 250))
        world.run(1000)
        #expect(world.ended == 2)
    }

    @Test("whoever waits in vain gives up after ten seconds, whoever is fed drop by drop as well")
    func late() {
        var silent = RequestWorld()
        silent.ask(1, Self.blocks())
        silent.run(9900)
        #expect(silent.failures.isEmpty)
        silent.run(500)
        #expect(silent.failures == [.busy] || silent.failures == [.late])

        var client = Requests(network: "0badcafe", budget: RequestBudget(rate: 1))
        let id = RequestID(.blocks, 1)
        _ = client.handle(.ask(id, RequestWorld.peer, Self.blocks()), now: 0)
        let stream = StreamHandle(opening: 16)
        let head: [UInt8] = AnswerFrame.item([UInt8](repeating: 1, count: 100_000)).delimited
        var end: UInt64?
        for (place, byte) in head.prefix(200).enumerated() where end == nil {
            let now = UInt64(place) * 500
            let actions =
                client.handle(.connection(RequestWorld.peer, .data(stream, [byte])), now: now)
                + client.handle(.tick, now: now)
            if actions.contains(where: { if case .failed(_, .late) = $0 { true } else { false } }) {
                end = now
            }
        }
        #expect(end == 10_000)
    }

    @Test("progress puts the end off, up to a minute")
    func progress() {
        var client = Requests(network: "0badcafe", budget: RequestBudget(rate: 1))
        let id = RequestID(.blocks, 1)
        _ = client.handle(.ask(id, RequestWorld.peer, Self.blocks()), now: 0)
        let stream = StreamHandle(opening: 16)
        let bytes = AnswerFrame.item([UInt8](repeating: 1, count: 1_000_000)).delimited
        var told = 0
        for second in 0..<61 {
            let now = UInt64(second) * 1000
            let piece = Array(bytes[second * 5000..<second * 5000 + 5000])
            let actions =
                client.handle(.connection(RequestWorld.peer, .data(stream, piece)), now: now)
                + client.handle(.tick, now: now)
            for action in actions {
                if case .progressed(_, let bytes) = action { told += bytes }
                if case .failed(_, let failure) = action { #expect(failure == .late && second == 60) }
            }
        }
        #expect(client.asking == 0)
        #expect(told >= 5000 * 59)
    }

    @Test("a peer that does not read what it asked for is dropped, and holds little memory")
    func unread() {
        var world = RequestWorld(rate: 1 << 24)
        world.isReading = false
        world.provider = { _ in Self.things(20, of: 100_000) }
        world.ask(1, Self.blocks(20))
        world.run(5000)
        #expect(world.server.serving == 1 && world.server.waiting < 2 << 20)
        world.run(6000)
        #expect(world.server.serving == 0 && world.server.waiting == 0)
    }

    @Test("who goes, or wants no more, costs nothing more")
    func gone() {
        var world = RequestWorld()
        world.ask(1, Self.blocks())
        world.run(100)
        world.give(.cancel(RequestID(.blocks, 1)), isForClient: true)
        world.run(100)
        #expect(world.unwanted == world.served.map(\.id) && world.server.serving == 0)
        world.ask(2, Self.blocks())
        world.run(100)
        world.give(.left(RequestWorld.peer), isForClient: true)
        world.give(.left(RequestWorld.peer), isForClient: false)
        #expect(world.failures == [.gone] && world.unwanted.count == 2)
        #expect(world.client.asking == 0 && world.server.serving == 0)
    }

    @Test("an answer that breaks the rules is blamed on the peer", arguments: [0, 1, 2, 3, 4, 5, 6])
    func malformed(_ kind: Int) {
        var client = Requests(network: "0badcafe", budget: RequestBudget(rate: 1))
        let id = RequestID(.blocks, 1)
        _ = client.handle(.ask(id, RequestWorld.peer, .blocks(from: 1, count: 2)), now: 0)
        let item = AnswerFrame.item([1, 2, 3]).delimited
        let large = AnswerFrame.item([UInt8](repeating: 1, count: 1_200_000)).delimited
        let answers: [[UInt8]] = [
            item + item + item, large + large, AnswerFrame.end(.done).delimited + item,
            [4, 0x10, 0, 0x10, 0],
            [2, 0x10, 9], Varint.bytes(2_000_000), [3, 0x1a, 1, 1],
        ]
        let actions = client.handle(
            .connection(RequestWorld.peer, .data(StreamHandle(opening: 16), answers[kind])), now: 1)
        #expect(actions.contains { if case .blame = $0 { true } else { false } })
        #expect(actions.contains { if case .failed(id, .malformed) = $0 { true } else { false } })
        #expect(client.asking == 0)
    }

    @Test("a question that is none is blamed on the peer")
    func questions() {
        let questions: [[UInt8]] = [
            Question.blocks(from: 0, count: 1).delimited, Question.blocks(from: 1, count: 0).delimited,
            Question.blocks(from: 1, count: 65).delimited, Question.blocks(from: .max, count: 1).delimited,
            Question.peers(count: 1).delimited, [0], [200, 1], Varint.bytes(65),
            Question.blocks(from: 1, count: 1).delimited + [0],
        ]
        for question in questions {
            var server = Requests(network: "0badcafe", budget: RequestBudget(rate: 1000))
            let stream = StreamHandle(inbound: 3)
            let name = RequestKind.blocks.name("0badcafe")
            _ = server.handle(
                .connection(RequestWorld.peer, .opened(stream, protocol: name, inbound: true)), now: 0)
            let actions = server.handle(.connection(RequestWorld.peer, .data(stream, question)), now: 0)
            #expect(actions.contains { if case .blame = $0 { true } else { false } }, "\(question)")
            #expect(server.serving == 0)
        }
    }

    @Test("a stream that ends early is a broken answer; a peer that knows no such thing says so")
    func broken() {
        var client = Requests(network: "0badcafe", budget: RequestBudget(rate: 1))
        let endings: [(ConnectionAction, RequestFailure)] = [
            (.finished(StreamHandle(opening: 16)), .broken),
            (.reset(StreamHandle(opening: 17), .byPeer), .broken),
            (.refused(StreamHandle(opening: 18), .unsupported), .unsupported),
            (.refused(StreamHandle(opening: 19), .tooMany), .broken),
        ]
        for (place, ending) in endings.enumerated() {
            let id = RequestID(.blocks, UInt64(place))
            _ = client.handle(.ask(id, RequestWorld.peer, Self.blocks()), now: 0)
            let actions = client.handle(.connection(RequestWorld.peer, ending.0), now: 1)
            #expect(actions.contains { if case .failed(id, ending.1) = $0 { true } else { false } })
        }
        #expect(client.asking == 0)
    }

    @Test("what is written is read alike")
    func wire() throws {
        let block = DecidedBytes(height: 5, block: [1, 2], certificate: [3])
        #expect(try DecidedBytes(bytes: block.bytes) == block)
        for question in [Self.blocks(), .blocks(from: 1, count: 1)] {
            #expect(try Question(.blocks, bytes: Array(question.delimited.dropFirst())) == question)
        }
        #expect(
            try Question(.peers, bytes: Array(Question.peers(count: 3).delimited.dropFirst()))
                == .peers(count: 3))
        for end in AnswerFrame.End.allCases {
            let frame = AnswerFrame.end(end)
            #expect(try AnswerFrame(.peers, bytes: Array(frame.delimited.dropFirst())) == frame)
        }
        #expect(throws: WireFault.self) { try DecidedBytes(bytes: [8, 5]) }
        #expect(throws: WireFault.self) { try DecidedBytes(bytes: block.bytes + [8, 5]) }
    }
}
