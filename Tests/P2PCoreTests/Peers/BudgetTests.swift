import P2PCore
import TestSupport
import Testing

@Suite("Peers: budgets")
struct BudgetTests {
    @Test("a bucket gives its capacity at once, then its rate, to the unit")
    func bucket() {
        var bucket = TokenBucket(ratePerKilosecond: 100, capacity: 1_000, now: 5)
        #expect(bucket.take(1_000, now: 5) == true)
        #expect(bucket.take(1, now: 10_004) == false)
        #expect(bucket.wait(for: 1, now: 10_004) == 1)
        #expect(bucket.take(1, now: 10_005) == true)
        #expect(bucket.available(now: 24 * Milliseconds.hour) == 1_000)
        #expect(bucket.available(now: .max) == 1_000)
    }

    @Test("what was spent beyond what was there is paid back first, and time never goes back")
    func debt() {
        var bucket = TokenBucket(perSecond: 1_000, capacity: 1_000, now: 0)
        bucket.spend(3_000, now: 0)
        #expect(bucket.available(now: 2_000) == 0)
        #expect(bucket.wait(for: 1, now: 2_000) == 1)
        #expect(bucket.available(now: 2_500) == 500)
        #expect(bucket.available(now: 100) == 500)
        bucket.spend(.max, now: 2_500)
        #expect(bucket.wait(for: .max, now: 2_500) == 17_000)
        var huge = TokenBucket(perSecond: .max, capacity: .max, now: 0)
        huge.spend(.max, now: .max)
        #expect(huge.available(now: .max) == 0)
    }

    @Test("no second gets more than the cap, whatever is asked for and when")
    func window() {
        var random = SplitMix(seed: 3)
        for _ in 0..<20 {
            var window = SecondWindow(cap: 125_000, now: 0)
            var spent: [(time: UInt64, units: UInt64)] = []
            var now: UInt64 = 0
            while now < 5_000 {
                now += UInt64(random.below(30))
                let units = min(window.available(now: now), UInt64(random.below(40_000)))
                window.spend(units, now: now)
                spent.append((now, units))
            }
            for (start, _) in spent {
                let inSecond = spent.filter { $0.time >= start && $0.time < start + 1_000 }
                #expect(inSecond.reduce(0) { $0 + $1.units } <= 125_000)
            }
            // What is not used for the cap's sake is a twentieth at most.
            #expect(spent.reduce(0) { $0 + $1.units } > 4 * 110_000)
        }
    }

    private static func budget(
        _ count: UInt64, isLocal: Bool = false, parts: UInt64 = 0
    ) -> (TrafficBudget, [PeerHandle]) {
        var limits = TrafficLimits()
        limits.parts = parts
        var budget = TrafficBudget(limits, now: 0)
        let peers = (1...count).map { PeerHandle(value: $0) }
        for peer in peers { budget.connected(peer, isLocal: isLocal, now: 0) }
        return (budget, peers)
    }

    @Test(
        "under the cap the classes stop in the order sync, transaction, activation, block, header, vote, control"
    )
    func order() {
        var (budget, peers) = Self.budget(8)
        var stopped: [MessageClass] = []
        var turn = 0
        while stopped.count < MessageClass.allCases.count, turn < 10_000 {
            let peer = peers[turn % peers.count]
            for messageClass in MessageClass.allCases.reversed() where !stopped.contains(messageClass) {
                if budget.sendable(messageClass, to: peer, now: 1) < 100 { stopped.append(messageClass) }
            }
            budget.sent(100, .control, to: peer, now: 1)
            turn += 1
        }
        #expect(stopped == MessageClass.allCases.reversed())
        #expect(turn * 100 <= 125_100)
        let unknown = budget.sendable(.control, to: PeerHandle(value: 99), now: 1)
        #expect(unknown == 0)
    }

    @Test("of what comes, the classes are dropped in the same order, and nobody is a flooder for it")
    func incoming() {
        var (budget, peers) = Self.budget(20)
        var stopped: [MessageClass] = []
        for turn in 0..<2_000 {
            let peer = peers[turn % peers.count]
            _ = budget.accept(1_000, .control, from: peer, now: 1)
            for messageClass in MessageClass.allCases.reversed() where !stopped.contains(messageClass) {
                if budget.accept(1, messageClass, from: peer, now: 1) == .crowded {
                    stopped.append(messageClass)
                }
            }
        }
        #expect(stopped == MessageClass.allCases.reversed())
        #expect(budget.flooders().isEmpty)
        #expect(budget.counters.accepted.reduce(0, +) <= 626_000)
        #expect(budget.counters.crowded.allSatisfy { $0 > 0 })
    }

    @Test("votes of those who send little come through however much others send")
    func own() {
        var (budget, peers) = Self.budget(20, parts: TrafficLimits().parts)
        var (honest, hostile) = (0, UInt64(0))
        for now in 0..<20_000 as Range<UInt64> where now % 10 == 0 {
            for peer in peers.dropFirst() where budget.accept(5_000, .vote, from: peer, now: now) == .accept {
                hostile += 5_000
            }
            // 5 kB a second.
            if now % 100 == 0, budget.accept(500, .vote, from: peers[0], now: now) == .accept { honest += 1 }
        }
        #expect(honest == 200)
        #expect(hostile <= 625_000 * 21 + 19 * 6 * 14_000)
    }

    @Test("a peer has its burst and its rate, and who goes on beyond them is named with the seconds")
    func flooders() {
        var (budget, peers) = Self.budget(2, isLocal: true)
        let limits = TrafficLimits()
        var accepted: UInt64 = 0
        for now in 0..<10_000 as Range<UInt64> where now % 10 == 0 {
            if budget.accept(1_000_000, .sync, from: peers[0], now: now) == .accept { accepted += 1_000_000 }
            #expect(budget.accept(1_000, .vote, from: peers[1], now: now) == .accept)
        }
        #expect(accepted <= limits.downPerNeighbour * (limits.burst + 10))
        #expect(accepted >= limits.downPerNeighbour * (limits.burst + 9))
        let flooders = budget.flooders()
        #expect(flooders.map(\.peer) == [peers[0]] && flooders.allSatisfy { $0.seconds > 50 })
        #expect(budget.flooders().isEmpty)
        #expect(budget.counters.beyond[Int(MessageClass.sync.rawValue)] + accepted == 1_000_000_000)
    }

    @Test("what stays in the house does not use the line")
    func local() {
        var (budget, peers) = Self.budget(1, isLocal: true)
        budget.sent(10_000_000, .sync, to: peers[0], now: 0)
        let left = budget.sendable(.sync, to: peers[0], now: 0)
        #expect(left == .max)
    }

    private static let messages = (0..<20_000).compactMap { number in
        MessageID([UInt8](repeating: 0, count: 18) + [UInt8(number & 0xff), UInt8(number >> 8)])
    }

    private static func message(_ number: Int) -> MessageID { messages[number] }

    @Test("a full queue drops the oldest of the least important class, and counts it")
    func queue() {
        let message = Self.message
        var queue = FrameQueue(limit: 10)
        #expect(queue.add([1, 1, 1], .transaction, message: message(1)).isEmpty)
        #expect(queue.add([2, 2, 2], .transaction, message: message(2)).isEmpty)
        #expect(queue.add([4, 4, 4, 4], .vote, message: message(4)).isEmpty)
        #expect(queue.add([5, 5], .block, message: message(5)).map(\.0) == [message(1)])
        #expect(queue.add([6], .sync, message: message(6)).isEmpty)
        #expect(queue.add([7], .sync, message: message(7)).map(\.0) == [message(6)])
        #expect(queue.dropped[Int(MessageClass.transaction.rawValue)] == 1)
        #expect(queue.dropped[Int(MessageClass.sync.rawValue)] == 1)
        #expect(queue.least == .sync)
        #expect(queue.withdraw(message(5)) == 2)
        #expect(queue.withdraw(message(5)) == nil)
        // No more of what is not allowed; what was begun goes on with the rank of what waits behind it.
        let first = queue.take(100) { $0 == .vote ? 3 : 0 }
        #expect(first.bytes == [4, 4, 4] && first.shares.map(\.1) == [3])
        let second = queue.take(100) { $0 <= .transaction ? 100 : 0 }
        #expect(second.bytes == [4, 2, 2, 2])
        #expect(queue.take(100).bytes == [7] && queue.isEmpty)
    }

    @Test("what a queue holds is the same as a simple one says, for any order of adding and taking")
    func model() {
        var random = SplitMix(seed: 9)
        var queue = FrameQueue(limit: 5_000)
        var lanes = MessageClass.allCases.map { _ in [(tag: Int, count: Int)]() }
        for tag in 0..<20_000 {
            let place = random.below(7)
            if random.below(3) < 2 {
                let count = 1 + random.below(300)
                let frame = [UInt8](repeating: UInt8(truncatingIfNeeded: tag), count: count)
                _ = queue.add(frame, MessageClass.allCases[place], message: Self.message(tag))
                lanes[place].append((tag, count))
                while lanes.joined().reduce(0, { $0 + $1.count }) > 5_000 {
                    guard let least = lanes.lastIndex(where: { !$0.isEmpty }) else { break }
                    lanes[least].removeFirst()
                }
            } else if let first = lanes.firstIndex(where: { !$0.isEmpty }) {
                let next = lanes[first].removeFirst()
                let taken = queue.take(next.count).bytes
                #expect(taken == [UInt8](repeating: UInt8(truncatingIfNeeded: next.tag), count: next.count))
            }
            #expect(queue.bytes == lanes.joined().reduce(0) { $0 + $1.count })
        }
    }
}
