import LabCore
import Testing

@Suite("Lines of a lab")
struct EmulatorTests {
    @Test("a way has the mean of both lines' delay")
    func delay() {
        var emulator = Emulator([line(delay: 60), line(delay: 20)], seed: 1)
        let carried = Carried(&emulator, [Sent(at: ms(5), from: 0, to: 1), Sent(at: ms(6), from: 1, to: 0)])
        #expect(carried.arrivals == [0: ms(45), 1: ms(46)])
        #expect(emulator.inFlight == 0)
    }

    @Test("packets of one moment arrive in the order in which they were sent")
    func order() {
        var emulator = Emulator([line(delay: 10), line(delay: 10)], seed: 1)
        let packets = (0..<100).map { Sent(at: ms(Double($0 / 50)), from: 0, to: 1) }
        #expect(Carried(&emulator, packets).order == Array(0..<100))
    }

    @Test("jitter strays to both sides, within its bounds, and no packet overtakes another")
    func jitter() throws {
        var emulator = Emulator(Array(repeating: line(delay: 60, jitter: 20), count: 2), seed: 7)
        let packets = (0..<20_000).map { Sent(at: ms(Double($0)), from: 0, to: 1) }
        let carried = Carried(&emulator, packets)
        let delays = try packets.indices.map { try #require(carried.arrivals[$0]) - packets[$0].at }
        #expect(delays.allSatisfy { (ms(40)...ms(80)).contains($0) })
        #expect(try #require(delays.min()) < ms(45))
        #expect(try #require(delays.max()) > ms(75))
        let mean = delays.reduce(0, +) / UInt64(delays.count)
        #expect((ms(57)...ms(63)).contains(mean))
        #expect(carried.order == Array(packets.indices))
    }

    @Test("the same seed gives the same outcome, another one another")
    func seed() {
        let lines = Array(repeating: line(delay: 60, jitter: 20, loss: 50_000, up: 1_000_000), count: 3)
        let packets = (0..<3_000).map { Sent(at: ms(Double($0) * 7), from: $0 % 3, to: ($0 + 1) % 3) }
        var (one, same, other) = (
            Emulator(lines, seed: 3), Emulator(lines, seed: 3), Emulator(lines, seed: 4)
        )
        let first = Carried(&one, packets)
        #expect(first == Carried(&same, packets))
        #expect(first != Carried(&other, packets))
        #expect(!first.drops.isEmpty)
    }

    @Test("packets are lost by their share, and counted")
    func loss() {
        var emulator = Emulator(Array(repeating: line(loss: 20_000), count: 2), seed: 1)
        let carried = Carried(&emulator, (0..<50_000).map { Sent(at: UInt64($0), from: 0, to: 1) })
        // 2 % of 50,000 is 1,000; the deviation is 31.
        #expect((850...1_150).contains(carried.drops.count))
        #expect(carried.drops.values.allSatisfy { $0 == .lost })
        #expect(emulator.counts[0].lost == UInt64(carried.drops.count))
        #expect(emulator.counts[1].received == 50_000 - UInt64(carried.drops.count))
    }

    @Test("a line without loss loses nothing, and one that loses everything delivers nothing")
    func ends() {
        var none = Emulator([line(), line()], seed: 1)
        #expect(Carried(&none, (0..<1_000).map { Sent(at: UInt64($0), from: 0, to: 1) }).drops.isEmpty)
        var all = Emulator(Array(repeating: line(loss: 1_000_000), count: 2), seed: 1)
        #expect(Carried(&all, (0..<1_000).map { Sent(at: UInt64($0), from: 0, to: 1) }).arrivals.isEmpty)
    }

    @Test("loss comes in bursts at the end of each period")
    func burst() {
        var bursty = line()
        bursty.burst = Line.Burst(loss: 1_000_000, lasts: ms(10), every: ms(60))
        var emulator = Emulator([bursty, line()], seed: 1)
        let packets = (0..<120).map { Sent(at: ms(Double($0)), from: 0, to: 1) }
        let carried = Carried(&emulator, packets)
        #expect(carried.drops.keys.sorted() == Array(50..<60) + Array(110..<120))
    }

    @Test("what goes out keeps the rate, after the two packets that a bucket holds")
    func up() throws {
        // A packet of 1,250 bytes takes 10 ms.
        var emulator = Emulator([line(up: 1_000_000, queue: 10_000), line()], seed: 1)
        let packets = (0..<100).map { _ in Sent(at: 0, from: 0, to: 1, bytes: 1_250) }
        let carried = Carried(&emulator, packets)
        #expect(carried.arrivals[0] == 0 && carried.arrivals[1] == 0)
        // 2,800 bytes may go at once, which is 22.4 ms of the rate.
        #expect(carried.arrivals[2] == ms(7.6))
        #expect(carried.arrivals[99] == ms(977.6))
        #expect(carried.order == Array(0..<100))
    }

    @Test("a pause fills the bucket, and no more than that")
    func pause() {
        var emulator = Emulator([line(up: 1_000_000, queue: 10_000), line()], seed: 1)
        let packets = (0..<10).map { _ in Sent(at: ms(60_000), from: 0, to: 1, bytes: 1_250) }
        let carried = Carried(&emulator, packets)
        #expect(carried.arrivals[1] == ms(60_000))
        #expect(carried.arrivals[2] == ms(60_007.6))
        #expect(carried.arrivals[9] == ms(60_077.6))
    }

    @Test("what comes in keeps the rate whoever sends, however seldom the emulator is looked at")
    func down() {
        let lines = [line(), line(), line(down: 1_000_000, queue: 10_000)]
        let packets = (0..<100).map { Sent(at: 0, from: $0 % 2, to: 2, bytes: 1_250) }
        var emulator = Emulator(lines, seed: 1)
        #expect(Carried(&emulator, packets).arrivals.values.max() == ms(977.6))
        var seldom = Emulator(lines, seed: 1)
        for (number, sent) in packets.enumerated() {
            let packet = Packet(number: UInt32(number), from: sent.from, to: 2, bytes: sent.bytes)
            #expect(seldom.enter(packet, now: 0) == nil)
        }
        var delivered = 0
        while case .delivered = seldom.take(now: ms(500)) { delivered += 1 }
        // 2 at once and one each 10 ms from 7.6 ms on.
        #expect(delivered == 2 + 50)
        #expect(seldom.next == ms(507.6))
    }

    @Test("a packet that would wait longer than the queue is dropped")
    func queue() {
        var emulator = Emulator([line(up: 1_000_000, queue: 50), line()], seed: 1)
        let packets = (0..<100).map { _ in Sent(at: 0, from: 0, to: 1, bytes: 1_250) }
        let carried = Carried(&emulator, packets)
        // Two at once, then those that wait 7.6 to 47.6 ms.
        #expect(carried.arrivals.count == 7)
        #expect(carried.arrivals.values.max() == ms(47.6))
        #expect(carried.drops.values.allSatisfy { $0 == .queue })
        #expect(emulator.counts[0].queue == 93)
    }

    @Test("more packets than the emulator holds are dropped, and told apart")
    func full() {
        var emulator = Emulator(Array(repeating: line(delay: 1_000), count: 2), seed: 1)
        let packets = (0..<LabLimit.packets + 5).map { _ in Sent(at: 0, from: 0, to: 1, bytes: 40) }
        let carried = Carried(&emulator, packets)
        #expect(carried.arrivals.count == LabLimit.packets)
        #expect(carried.drops.values.filter { $0 == .full }.count == 5)
    }

    @Test("every packet comes out once, whatever happens")
    func once() {
        var lines = Array(
            repeating: line(delay: 30, jitter: 30, loss: 100_000, down: 2_000_000, up: 500_000), count: 5)
        lines[4] = line()
        var emulator = Emulator(lines, seed: 9)
        emulator.cut(.between([0], [1, 2]), until: ms(700))
        let packets = (0..<5_000).map {
            Sent(at: ms(Double($0) / 2), from: $0 % 5, to: ($0 + 1 + $0 % 4) % 5, bytes: 40 + $0 % 1_300)
        }.filter { $0.from != $0.to }
        let carried = Carried(&emulator, packets)
        #expect(carried.arrivals.count + carried.drops.count == packets.count)
        #expect(Set(carried.arrivals.keys).isDisjoint(with: carried.drops.keys))
        #expect(Set(carried.drops.values) == [.lost, .cut, .queue])
        let counts = emulator.counts
        #expect(counts.reduce(0) { $0 + $1.sent } == UInt64(packets.count))
        #expect(counts.reduce(0) { $0 + $1.received } == UInt64(carried.arrivals.count))
        #expect(
            counts.reduce(0) { $0 + $1.lost + $1.cut + $1.queue + $1.full } == UInt64(carried.drops.count))
        #expect(emulator.inFlight == 0)
    }
}
