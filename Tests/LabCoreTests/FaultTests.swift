import LabCore
import Testing

@Suite("Faults of a lab's lines")
struct FaultTests {
    /// Which of all pairs of nodes reach each other at a time, as `from to`.
    private func reached(_ emulator: Emulator, at time: UInt64, _ count: Int = 4) -> Set<String> {
        var emulator = emulator
        let pairs = (0..<count).flatMap { from in (0..<count).filter { $0 != from }.map { (from, $0) } }
        let carried = Carried(&emulator, pairs.map { Sent(at: time, from: $0.0, to: $0.1) })
        return Set(carried.arrivals.keys.map { "\(pairs[$0].0) \(pairs[$0].1)" })
    }

    let whole = Emulator(Array(repeating: line(delay: 10), count: 4), seed: 1)

    @Test("a node that is cut off reaches nobody, and nobody it")
    func node() {
        var emulator = whole
        emulator.cut(.nodes([1]), until: nil)
        #expect(reached(emulator, at: 0) == ["0 2", "0 3", "2 0", "2 3", "3 0", "3 2"])
        #expect(emulator.cuts(now: 0).count == 3)
        emulator.heal()
        #expect(reached(emulator, at: 0).count == 12)
        #expect(emulator.cuts(now: 0).isEmpty)
    }

    @Test("a group that is cut off stays whole")
    func group() {
        var emulator = whole
        emulator.cut(.nodes([0, 1]), until: nil)
        #expect(reached(emulator, at: 0) == ["0 1", "1 0", "2 3", "3 2"])
    }

    @Test("a way is cut in both directions, and opens again by itself")
    func way() {
        var emulator = whole
        emulator.cut(.between([0], [3]), until: ms(1_000))
        #expect(reached(emulator, at: ms(999)).count == 10)
        #expect(!reached(emulator, at: ms(999)).contains("3 0"))
        #expect(reached(emulator, at: ms(1_000)).count == 12)
        let cuts = emulator.cuts(now: ms(400))
        #expect(cuts.count == 1 && cuts[0].from == 0 && cuts[0].to == 3 && cuts[0].until == ms(1_000))
    }

    @Test("a shorter cut does not end a longer one")
    func twice() {
        var emulator = whole
        emulator.cut(.between([0], [3]), until: nil)
        emulator.cut(.nodes([0]), until: ms(10))
        #expect(reached(emulator, at: ms(20)).count == 10)
        #expect(emulator.cuts(now: ms(20)).first?.until == nil)
    }

    @Test("what is under way when a way is cut does not arrive")
    func underWay() {
        var emulator = whole
        #expect(emulator.enter(Packet(number: 1, from: 0, to: 1, bytes: 100), now: 0) == nil)
        emulator.cut(.nodes([0]), until: nil)
        #expect(emulator.take(now: ms(9)) == nil)
        #expect(
            emulator.take(now: ms(10))
                == .dropped(Packet(number: 1, from: 0, to: 1, bytes: 100), .cut))
        #expect(emulator.counts[0].cut == 1)
    }

    @Test("a node's line becomes slower, and usual again")
    func slowNode() {
        var emulator = whole
        var change = LineChange()
        #expect(change.isEmpty)
        change.delay = ms(50)
        emulator.slow(.nodes([0]), change)
        var copy = emulator
        let carried = Carried(&copy, [Sent(at: 0, from: 0, to: 1), Sent(at: 0, from: 2, to: 1)])
        #expect(carried.arrivals == [0: ms(30), 1: ms(10)])
        #expect(emulator.current[0].text == "50ms ±0, loss 0%, unlimited/unlimited")
        emulator.heal()
        #expect(Carried(&emulator, [Sent(at: 0, from: 0, to: 1)]).arrivals == [0: ms(10)])
    }

    @Test("a way has a rate of its own there and back, whatever the lines are")
    func slowWay() {
        var emulator = whole
        var change = LineChange()
        change.rates = LineChange.Rates(first: 1_000_000, second: 2_000_000)
        emulator.slow(.between([0], [1]), change)
        change = LineChange()
        (change.delay, change.jitter) = (0, ms(5))
        emulator.slow(.between([0], [1]), change)
        let packets =
            (0..<10).map { _ in Sent(at: 0, from: 0, to: 1, bytes: 1_250) }
            + (0..<10).map { _ in Sent(at: 0, from: 1, to: 0, bytes: 1_250) }
            + [Sent(at: 0, from: 0, to: 2)]
        var copy = emulator
        let carried = Carried(&copy, packets)
        // Of the jitter nothing is left, as there is no delay to stray from.
        #expect(carried.arrivals[9] == ms(77.6))
        #expect(carried.arrivals[19] == ms(38.8))
        #expect(carried.arrivals[20] == ms(10))
        let slowed = emulator.slowed()
        #expect(slowed.map { "\($0.from) \($0.to)" } == ["0 1", "1 0"])
        #expect(slowed[0].line.up == 1_000_000)
        emulator.heal()
        #expect(emulator.slowed().isEmpty)
    }

    @Test("a loss that is set takes the place of bursts")
    func lossOverBursts() {
        var bursty = line()
        bursty.burst = Line.Burst(loss: 1_000_000, lasts: ms(10), every: ms(11))
        var emulator = Emulator([bursty, line()], seed: 1)
        var change = LineChange()
        change.loss = 0
        emulator.slow(.nodes([0]), change)
        #expect(Carried(&emulator, [Sent(at: ms(5), from: 0, to: 1)]).drops.isEmpty)
    }
}
