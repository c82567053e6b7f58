import Foundation
import NodeDomain
import TestSupport
import Testing
import VmCore

/// The index of rewards: exact, and linear in units (spec: chain, §6).
@Suite("Arithmetic of rewards")
struct ChainRewardTests {
    private static let script = """
        import sys
        from fractions import Fraction
        for line in sys.stdin:
            numbers = [int(n) for n in line.split()]
            weight, units, pools = numbers[0], numbers[1], numbers[2:]
            acc = carry = 0
            for pool in pools:
                inc, carry = divmod((pool << 64) + carry, weight)
                acc += inc
            exact = Fraction(sum(pools) * units, weight)
            # Cutting down twice loses less than a smidge more than cutting down once.
            assert 0 <= exact - ((units * acc) >> 64) < 1 + Fraction(units, 1 << 64)
            assert acc * weight + carry == sum(pools) << 64
            print((units * acc) >> 64, acc, carry)
        """

    private static func epoch(_ weight: UInt64, _ pools: [UInt64]) -> EpochRecord {
        var epoch = EpochRecord(challenge: .zero)
        epoch.weight = weight
        for pool in pools { epoch.earn(pool) }
        return epoch
    }

    @Test("500 epochs of up to 300 pools are those of Python, and of exact fractions to the smidge")
    func python() throws {
        var random = SplitMix(seed: 21)
        var input = ""
        var ours: [String] = []
        for number in 0..<500 {
            let units = UInt32.random(in: 1...([64, 1 << 20, .max][number % 3]), using: &random)
            let others: UInt64 = [0, 1000, 1 << 40, 1 << 62][number % 4]
            let weight = UInt64(units) + UInt64.random(in: 0...others, using: &random)
            // Together below 2⁶², as all smidge are.
            let most: UInt64 = [10, 1 << 40, 1 << 53][number % 3]
            let pools = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                UInt64.random(in: 0...most, using: &random)
            }
            let epoch = Self.epoch(weight, pools)
            input += ([weight, UInt64(units)] + pools).map(String.init).joined(separator: " ") + "\n"
            ours.append("\(epoch.reward(units: units)) \(epoch.accumulated) \(epoch.carry)")
            #expect(epoch.earned == pools.reduce(0, +))
        }
        let lines = try ChainPython.lines(Self.script, input)
        try #require(lines.count == ours.count)
        for (line, own) in zip(lines, ours) where line != own { Issue.record("\(own) against \(line)") }
    }

    @Test("splitting units over many plots gains nothing, and loses less than a smidge for each")
    func linear() {
        var random = SplitMix(seed: 22)
        for _ in 0..<500 {
            let parts = (0..<Int.random(in: 2...64, using: &random)).map { _ in
                UInt32.random(in: 1...1000, using: &random)
            }
            let whole = parts.reduce(0, +)
            let weight = UInt64(whole) + UInt64.random(in: 0...1_000_000, using: &random)
            let epoch = Self.epoch(
                weight, (0..<50).map { _ in UInt64.random(in: 0...(1 << 50), using: &random) })
            let split = parts.reduce(0) { $0 + epoch.reward(units: $1) }
            let one = epoch.reward(units: whole)
            #expect(split <= one && one - split < UInt64(parts.count))
            #expect(one <= epoch.earned)
        }
    }

    @Test("all smidge there can be, to one unit and to all units")
    func largest() {
        let all = UInt64.max
        for weight in [1, UInt64(UInt32.max), UInt64.max] {
            let epoch = Self.epoch(weight, [all])
            #expect(epoch.reward(units: 1) == all / weight)
        }
        #expect(Self.epoch(UInt64(UInt32.max), [all]).reward(units: .max) == all)
    }
}
