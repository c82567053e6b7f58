import NodeDomain
import P2PCore
import Testing

@Suite("Streams of a connection")
struct StreamTests {
    private let first = StreamHandle(opening: 1)

    /// A pair with a stream that the dialer opened.
    private func opened(_ limits: ConnectionLimits = ConnectionLimits()) throws -> (Pair, StreamHandle) {
        var pair = Pair(limits: limits)
        pair.start()
        pair.act(0, .open(first, protocols: ["/none/1", echo]))
        pair.run()
        #expect(pair.said[0].contains(.opened(first, protocol: echo, inbound: false)))
        return (pair, try #require(pair.inbound(1).first))
    }

    @Test("bytes go both ways, each side finishes, and nothing is left", arguments: 0..<12)
    func transfer(_ seed: UInt64) throws {
        var (pair, inbound) = try opened()
        pair.pieces = seed == 0 ? .single : .random(SeededGenerator(seed: seed))
        let (there, back) = (bytes(seed == 0 ? 900 : 70_000, seed: 1), bytes(5_000, seed: 2))
        pair.act(0, .write(first, there))
        pair.act(0, .finish(first))
        pair.run()
        #expect(pair.data(1, inbound) == there)
        #expect(pair.said[1].last == .finished(inbound))
        // The other direction is still open.
        pair.act(1, .write(inbound, back))
        pair.run()
        #expect(pair.data(0, first) == back)
        #expect(pair.sides[0].streamCount == 1)
        pair.act(1, .finish(inbound))
        pair.run()
        #expect(pair.said[0].suffix(2) == [.finished(first), .closed(first)])
        #expect(pair.said[1].last == .closed(inbound))
        #expect(pair.sides.map(\.streamCount) == [0, 0])
    }

    @Test("1 MB to a reader that takes 1,000 bytes at a time, and never more than a window waits")
    func slowReader() throws {
        var (pair, inbound) = try opened()
        pair.consumes[1] = false
        let content = bytes(1_000_000, seed: 3)
        var (written, taken, turns) = (0, 0, 0)
        while taken < content.count {
            turns += 1
            guard turns < 5_000 else { break }
            // Writes no more than it may.
            let count = min(content.count - written, pair.room(0, first))
            if count > 0 {
                pair.act(0, .write(first, Array(content[written..<written + count])))
                written += count
            }
            #expect(pair.sides[0].waitingBytes == 0)
            pair.run()
            let unread = pair.data(1, inbound).count - taken
            #expect(unread <= Yamux.window)
            pair.act(1, .consumed(inbound, min(1_000, unread)))
            taken += min(1_000, unread)
            pair.run()
        }
        #expect(pair.data(1, inbound) == content)
        #expect(pair.sides.map(\.streamCount) == [1, 1])
    }

    @Test("what is written without asking waits up to the limit; beyond, the stream ends")
    func unsent() throws {
        var (pair, inbound) = try opened()
        pair.consumes[1] = false
        pair.act(0, .write(first, bytes(pair.room(0, first) + (1 << 20), seed: 1)))
        #expect(pair.sides[0].waitingBytes == 1 << 20)
        pair.run()
        pair.act(0, .write(first, [1]))
        #expect(pair.said[0].last == .reset(first, .overrun))
        pair.run()
        #expect(pair.said[1].last == .reset(inbound, .byPeer))
        #expect(pair.sides.map(\.streamCount) == [0, 0])
        #expect(pair.sides[0].waitingBytes == 0)
    }

    @Test("unread bytes of all streams have one limit")
    func unread() throws {
        var pair = Pair()
        pair.start()
        pair.consumes[1] = false
        let handles = (1...5 as ClosedRange<UInt32>).map { StreamHandle(opening: $0) }
        for handle in handles {
            pair.act(0, .open(handle, protocols: [echo]))
            pair.run()
            pair.act(0, .write(handle, bytes(250_000, seed: 4)))
            pair.run()
        }
        let inbound = pair.inbound(1)
        #expect(pair.said[1].last == .reset(inbound[4], .overrun))
        #expect(pair.said[0].last == .reset(handles[4], .byPeer))
        // The others have what they had, and go on.
        for handle in inbound[..<4] { #expect(pair.data(1, handle).count == 250_000) }
        pair.act(1, .consumed(inbound[0], 250_000))
        pair.run()
        pair.act(0, .write(handles[0], [7]))
        pair.run()
        #expect(pair.said[1].last == .data(inbound[0], [7]))
    }

    @Test("a message of 500 kB arrives although it is read as a whole only, if each piece is consumed")
    func largeMessage() throws {
        var (pair, inbound) = try opened()
        let message = bytes(500_000, seed: 9)
        pair.act(0, .write(first, message))
        pair.run()
        #expect(pair.data(1, inbound) == message)
    }

    @Test("a protocol that nobody takes is refused, and so are handles that are taken")
    func refusals() throws {
        var (pair, _) = try opened()
        let second = StreamHandle(opening: 2)
        pair.act(0, .open(second, protocols: ["/none/1", "/none/2"]))
        pair.run()
        #expect(pair.said[0].last == .refused(second, .unsupported))
        pair.act(0, .open(first, protocols: [echo]))
        #expect(pair.said[0].last == .refused(first, .taken))
        pair.act(0, .open(second, protocols: []))
        #expect(pair.said[0].last == .refused(second, .notNow))
        #expect(pair.sides.map(\.streamCount) == [1, 1])
        // Before the agreement nothing can be written.
        pair.act(0, .open(second, protocols: [echo]))
        pair.act(0, .write(second, [1]))
        #expect(pair.said[0].last == .refused(second, .notNow))
        pair.run()
        #expect(pair.sides.map(\.streamCount) == [1, 1])
    }

    @Test("at most 32 streams of the other side, and 64 of ours")
    func many() {
        var pair = Pair()
        pair.start()
        for number in 1...65 as ClosedRange<UInt32> {
            pair.act(0, .open(StreamHandle(opening: number), protocols: [echo]))
        }
        #expect(pair.said[0].last == .refused(StreamHandle(opening: 65), .tooMany))
        pair.run()
        #expect(pair.inbound(1).count == 32)
        #expect(pair.sides.map(\.streamCount) == [32, 32])
        let refused = pair.said[0].filter { if case .refused(_, .byPeer) = $0 { true } else { false } }
        #expect(refused.count == 32)
        // Where one ends another has room.
        pair.act(0, .reset(StreamHandle(opening: 1)))
        pair.act(0, .open(StreamHandle(opening: 99), protocols: [echo]))
        pair.run()
        #expect(pair.inbound(1).count == 33)
    }

    @Test("a reset says so on the other side, once; what was on the way is dropped")
    func resets() throws {
        var (pair, inbound) = try opened()
        pair.act(0, .write(first, bytes(1_000, seed: 5)))
        pair.act(1, .write(inbound, bytes(1_000, seed: 6)))
        pair.act(0, .reset(first))
        let count = pair.said[0].count
        pair.run()
        #expect(pair.said[0].count == count)
        #expect(pair.said[1].last == .reset(inbound, .byPeer))
        #expect(pair.sides.map(\.streamCount) == [0, 0])
        pair.act(1, .write(inbound, [1]))
        pair.act(1, .consumed(inbound, 1_000))
        pair.act(1, .finish(inbound))
        pair.act(1, .reset(inbound))
        pair.run()
        #expect(pair.isClosed == [false, false])
    }

    @Test("a stream that is not negotiated, or stands idle, ends in time; lasting ones stay")
    func deadlines() throws {
        var limits = ConnectionLimits()
        (limits.lasting, limits.keepalive) = (["/lasting/1"], 1_000_000)
        var pair = Pair(limits: limits)
        pair.sides[1] = Connection(
            role: .listener, identity: identity(2), prologue: prologue, protocols: [echo, "/lasting/1"],
            limits: limits, ephemeral: keys(12))
        pair.start()
        let (lasting, idle, late) = (first, StreamHandle(opening: 2), StreamHandle(opening: 3))
        pair.act(0, .open(lasting, protocols: ["/lasting/1"]))
        pair.act(0, .open(idle, protocols: [echo]))
        pair.run()
        pair.act(0, .open(late, protocols: [echo]))
        #expect(pair.sides[0].nextDeadline == 11_000)
        pair.now = 10_999
        pair.act(0, .tick)
        #expect(pair.sides[0].streamCount == 3)
        pair.now = 11_000
        pair.act(0, .tick)
        #expect(pair.said[0].last == .refused(late, .late))
        #expect(pair.sides[0].nextDeadline == 61_000)
        pair.act(0, .write(idle, [1]))
        #expect(pair.sides[0].nextDeadline == 71_000)
        pair.now = 71_000
        pair.act(0, .tick)
        #expect(pair.said[0].last == .reset(idle, .late))
        #expect(pair.sides[0].streamCount == 1)
        pair.run()
        #expect(pair.sides[1].streamCount == 1)
    }

    @Test("1,000 random openings and ends leave no stream behind", arguments: [1, 2, 3])
    func churn(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var pair = Pair()
        pair.start()
        pair.pieces = .random(SeededGenerator(seed: seed + 100))
        var open: [[StreamHandle]] = [[], []]
        for number in 0..<1_000 as Range<UInt32> {
            let side = random.below(2)
            let handle = StreamHandle(opening: number)
            pair.act(side, .open(handle, protocols: random.below(8) == 0 ? ["/none/1"] : [echo]))
            open[side].append(handle)
            pair.churn(&random, &open)
        }
        for side in 0...1 { for handle in open[side] { pair.act(side, .finish(handle)) } }
        pair.run()
        for side in 0...1 { for handle in pair.inbound(side) { pair.act(side, .finish(handle)) } }
        pair.run()
        #expect(pair.sides.map(\.streamCount) == [0, 0])
        #expect(pair.sides.map(\.waitingBytes) == [0, 0])
        let ended = pair.said.map { $0.compactMap(\.end) }
        for side in 0...1 {
            #expect(pair.sides[side].unreadBytes == 0)
            // All streams of both sides may be opened anew, under the same handles.
            for number in 0..<32 as Range<UInt32> {
                pair.act(side, .open(StreamHandle(opening: number), protocols: [echo]))
            }
            pair.run()
            #expect(pair.sides[side].streamCount == 32 * (side + 1))
            #expect(!pair.isClosed[side])
            // A handle's life has one end.
            let ends = ended[side].reduce(into: [:]) { $0[$1, default: 0] += 1 }
            #expect(ends.values.allSatisfy { $0 == 1 })
        }
    }
}

extension Pair {
    /// A few random deeds on random streams of both sides.
    mutating func churn(_ random: inout SeededGenerator, _ open: inout [[StreamHandle]]) {
        for _ in 0..<random.below(6) {
            let side = random.below(2)
            let handles = open[side] + inbound(side).suffix(8)
            guard !handles.isEmpty else { continue }
            let handle = handles[random.below(handles.count)]
            switch random.below(6) {
            case 0: act(side, .finish(handle))
            case 1:
                act(side, .reset(handle))
                open[side].removeAll { $0 == handle }
            case 2: act(side, .write(handle, P2PCoreTests.bytes(1 + random.below(3_000), seed: 1)))
            case 3: _ = deliver(side)
            default: run()
            }
        }
        if open.joined().count > 20 {
            run()
            for side in 0...1 {
                for handle in open[side] + inbound(side) { act(side, .finish(handle)) }
                open[side] = []
            }
            run()
        }
    }
}

extension ConnectionAction {
    /// The handle whose life it ends.
    var end: StreamHandle? {
        switch self {
        case .refused(let handle, _), .reset(let handle, _), .closed(let handle): handle
        default: nil
        }
    }
}
