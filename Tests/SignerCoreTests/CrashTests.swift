import Foundation
import NodeDomain
import SignerCore
import Testing

/// Power cuts between any two steps of the record: nothing is signed twice, and the signer starts again.
@Suite("Crashes of the signer")
struct CrashTests {
    /// `SIGNER_SEEDS=A..B` plays other sequences than the usual part.
    private static let seeds: Range<UInt64> = {
        let words = (ProcessInfo.processInfo.environment["SIGNER_SEEDS"] ?? "").split(separator: ".")
        guard let first = words.first.flatMap({ UInt64($0) }), let last = words.last.flatMap({ UInt64($0) }),
            first <= last
        else { return 0..<2_000 }
        return first..<(last + 1)
    }()

    @Test("sequences of requests with power cuts sign nothing twice")
    func sequences() {
        var answers = 0
        var crashes = 0
        for seed in Self.seeds {
            var world = CrashWorld(seed: seed)
            world.run(requests: 24)
            #expect(world.doubles == 0, "seed \(seed)")
            #expect(world.refusedStarts == 0, "seed \(seed)")
            answers += world.answers
            crashes += world.crashes
        }
        #expect(answers > 5 * Self.seeds.count && crashes > 4 * Self.seeds.count)
    }

    @Test("each step of the record as a crash point, and a different request after it", arguments: 0...4)
    func eachStep(_ steps: Int) {
        for seed in 0..<200 as Range<UInt64> {
            var world = CrashWorld(seed: seed)
            for round in 0..<3 as Range<UInt32> {
                for step in [SigningStep.proposal, .prevote, .precommit] {
                    world.ask(Given.request(5, round, step, block: 1), crashAfter: steps)
                    world.ask(Given.request(5, round, step, block: 2), crashAfter: steps)
                }
            }
            #expect(world.doubles == 0 && world.refusedStarts == 0 && world.crashes == 18, "seed \(seed)")
        }
    }

    @Test(
        "a store that leaves a step out, or an early answer, is found",
        arguments: [SimulatedDisk.Flaw.syncsNothing, .syncsNoFolder, .writesInPlace])
    func flaws(_ flaw: SimulatedDisk.Flaw) {
        let found = (0..<500 as Range<UInt64>).contains { seed in
            var world = CrashWorld(seed: seed, flaw: flaw)
            world.run(requests: 24)
            return world.doubles + world.refusedStarts > 0
        }
        #expect(found)
    }

    @Test("an answer before the record is found")
    func earlyAnswer() {
        let found = (0..<500 as Range<UInt64>).contains { seed in
            var world = CrashWorld(seed: seed, mutant: .answersBeforeRecord)
            world.run(requests: 24)
            return world.doubles > 0
        }
        #expect(found)
    }

    @Test("after a step that failed nothing is signed until the next start")
    func failedStep() {
        var key = ConsensusKey(SigningRecord(newKey: Given.key))
        let request = Given.request(1, 0, .proposal, block: 1)
        guard case .sign(let bytes)? = key.handle(.request(request)).first,
            case .store(let steps)? = key.handle(.signed(Given.signature(of: bytes))).first
        else {
            Issue.record("a new key does not sign")
            return
        }
        #expect(steps.count == 4)
        #expect(key.handle(.request(request)) == [.refuse(.busy)], "one at a time")
        #expect(key.handle(.storeFailed("full")) == [.refuse(.broken("full"))])
        #expect(key.handle(.request(request)) == [.refuse(.broken("full"))])
        #expect(key.record == SigningRecord(newKey: Given.key))
        #expect(key.handle(.stored) == [], "a late word changes nothing")
    }

    @Test("no signature, no record")
    func noSignature() {
        var key = ConsensusKey(SigningRecord(newKey: Given.key))
        _ = key.handle(.request(Given.request(1, 0, .proposal, block: 1)))
        guard case .refuse(.broken)? = key.handle(.signed(nil)).first else {
            Issue.record("goes on")
            return
        }
    }
}
