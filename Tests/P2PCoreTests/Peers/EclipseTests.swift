import Foundation
import Testing

@Suite("Peers: eclipse")
struct EclipseTests {
    /// Attacks, by seed, and the victim's starts after each.
    ///
    /// `ECLIPSE_SEEDS=A..B`: one start each, as `scripts/soak eclipse` runs the ten thousand of a release. Otherwise
    /// fifty attacks with ten starts each, as a day of attack takes most of the time.
    private static var runs: (seeds: ClosedRange<UInt64>, starts: Int) {
        let ends = ProcessInfo.processInfo.environment["ECLIPSE_SEEDS"]?.components(separatedBy: "..") ?? []
        if ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last {
            return (first...last, 1)
        }
        #if DEBUG
            return (0...3, 10)
        #else
            return (0...49, 10)
        #endif
    }

    @Test(
        "after a day of attack and a new start, less than one in a thousand nodes has only hostile connections"
    )
    func eclipse() {
        var all = EclipseWorld.Outcome()
        let (seeds, starts) = Self.runs
        var setup = EclipseWorld.Setup()
        setup.starts = starts
        for seed in seeds {
            let outcome = EclipseWorld.run(setup, seed: seed)
            if outcome.eclipses > 0 { print("eclipse: seed \(seed) \(outcome)") }
            all += outcome
        }
        print("eclipse: \(all)")
        #expect(all.eclipses * 1_000 < max(all.starts, 1))
        #expect(all.connections == 12 * all.starts)
    }

    @Test("without parts of the network the attacker gets what it wants: the measurement can fail")
    func tooth() {
        var setup = EclipseWorld.Setup()
        setup.isGrouped = false
        var all = EclipseWorld.Outcome()
        for seed in Self.runs.seeds.prefix(10) {
            setup.starts = 20
            all += EclipseWorld.run(setup, seed: seed)
        }
        print("eclipse without groups: \(all)")
        #expect(all.eclipses * 1_000 >= all.starts)
    }

    @Test("the same seed gives the same run")
    func deterministic() {
        var setup = EclipseWorld.Setup()
        setup.hours = 2
        #expect(EclipseWorld.run(setup, seed: 5) == EclipseWorld.run(setup, seed: 5))
    }
}
