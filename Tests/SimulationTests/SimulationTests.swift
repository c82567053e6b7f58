import Foundation
import Testing

/// The engines of one run belong to one thread, so runs follow each other.
@Suite("Simulated bus", .serialized)
struct SimulationTests {
    @Test("nothing is lost in silence, whatever fails")
    func seeds() {
        // SEEDS=A..B asks for others than the forty of every run.
        let words = (ProcessInfo.processInfo.environment["SEEDS"] ?? "1..40").split(separator: ".").compactMap
        { UInt64($0) }
        let seeds = words.count == 2 && words[0] <= words[1] ? words[0]...words[1] : 1...40
        var asked = 0
        for seed in seeds {
            let ledger = BusSimulation(seed: seed).run()
            asked += ledger.asked
            #expect(ledger.problems.isEmpty, "seed \(seed): \(ledger.problems.prefix(3))")
        }
        #expect(asked > 500 * seeds.count)
    }

    @Test("the same seed gives the same run")
    func deterministic() {
        let first = BusSimulation(seed: 11).run()
        let second = BusSimulation(seed: 11).run()
        #expect(first.log == second.log)
        #expect(first.outcomes == second.outcomes)
    }

    @Test("a frame dropped in silence is found")
    func planted() {
        let found = (UInt64(1)...5).filter {
            !BusSimulation(seed: $0, dropEvery: 1000).run().problems.isEmpty
        }
        #expect(!found.isEmpty)
    }
}
