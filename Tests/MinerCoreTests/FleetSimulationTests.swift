import MinerCore
import NodeDomain
import NodeEncoding
import Testing

extension Truth {
    func unpacked(_ proof: PostProof) -> [UInt64]? {
        IndexPacking.unpack(proof.indices, bits: IndexPacking.bits(labels: plan.labels), count: ask.k2)
    }
}

private let ask = ProofAsk(k1: 26, k2: 37, nonces: 64, maxNonces: 192)
private typealias ProveWorld = FleetWorld<ProveCoordinator>
private typealias InitWorld = FleetWorld<InitCoordinator>

private func proving(
    seed: UInt64, faults: ProveWorld.Faults = .init(), damaged: Set<UInt64> = [], ask: ProofAsk = ask
) -> ProveWorld {
    let plan = plan()
    let truth = Truth(plan: plan, ask: ask, seed: seed, damaged: damaged)
    return ProveWorld(plan: plan, truth: truth, faults: faults, seed: seed) {
        ProveCoordinator(plan: plan, ask: ask)
    }
}

@Suite("Proving with a turned clock")
struct ProveSimulationTests {
    private func isProof(_ world: ProveWorld) -> Bool {
        guard case .proof(let proof, _) = world.end else { return false }
        return world.truth.judge(proof) == .valid
    }

    @Test(
        "without faults: a valid proof, nothing looked at twice, the rest cancelled",
        arguments: 1...8 as ClosedRange<UInt64>)
    func calm(seed: UInt64) {
        var world = proving(seed: seed)
        world.begin()
        world.run(turns: 4000)
        let mayWin = (0..<192 as Range<UInt32>).contains { world.truth.count($0) >= 37 }
        #expect(isProof(world) == mayWin && world.endings == 1)
        // Proofs of work are 30 labels' time each here.
        #expect(world.labelsDone <= 3 * 4096 + 12 * 30)
    }

    @Test(
        "deaths, duplicates, late words, failures and restarts end in the same proof or none",
        arguments: 1...40 as ClosedRange<UInt64>)
    func faulty(seed: UInt64) {
        var faults = ProveWorld.Faults()
        (faults.deaths, faults.duplicates, faults.delays) = (4, 200, 150)
        (faults.restarts, faults.failures, faults.unanswered) = (5, 2, 300)
        var world = proving(seed: seed, faults: faults)
        world.begin()
        world.run(turns: 40_000)
        let mayWin = (0..<192 as Range<UInt32>).contains { world.truth.count($0) >= 37 }
        #expect(world.end != nil, "it stands still")
        if mayWin {
            #expect(isProof(world))
        } else if case .unproved(let best, _) = world.end {
            #expect(best == (0..<192 as Range<UInt32>).map { world.truth.count($0) }.max())
        }
    }

    @Test("damaged labels are found one by one and left out", arguments: 1...6 as ClosedRange<UInt64>)
    func damage(seed: UInt64) {
        var random = Seeded(state: seed)
        let bad = Set((0..<12).map { _ in UInt64.random(in: 0..<4096, using: &random) })
        var world = proving(seed: seed, damaged: bad)
        world.begin()
        world.run(turns: 10_000)
        if case .proof(_, let damaged) = world.end {
            #expect(isProof(world) && Set(damaged).isSubset(of: bad))
        } else {
            #expect(!(0..<192 as Range<UInt32>).contains { world.truth.count($0) >= 37 })
        }
    }

    @Test("a disk that does not come back: the next pass begins without it, and the odds are shown")
    func gone() {
        var world = proving(seed: 4, ask: ProofAsk(k1: 26, k2: 30, nonces: 16, maxNonces: 4096))
        world.setDown("c", until: .max)
        world.begin()
        world.run(turns: 12_000) { $0.machine.pass == 1 && !$0.machine.isWorking }
        #expect(world.end != nil || world.machine.pass == 1)
        let machine = world.machine
        if world.end == nil {
            #expect(machine.odds(onPresent: true) < machine.odds(onPresent: false))
            #expect(machine.odds(onPresent: true) > 0)
        }
        world.run(turns: 100_000)
        #expect(isProof(world))
    }

    @Test("one pass alone waits for its disk")
    func waits() {
        let one = ProofAsk(k1: 26, k2: 37, nonces: 64, maxNonces: 64)
        let seed = (1...50 as ClosedRange<UInt64>).first { seed in
            let truth = Truth(plan: plan(), ask: one, seed: seed)
            let most = (0..<64 as Range<UInt32>).map { nonce in
                (0..<2816 as Range<UInt64>).count { truth.isGood(nonce, $0) }
            }.max()
            return (most ?? 0) < 37 && (0..<64 as Range<UInt32>).contains { truth.count($0) >= 37 }
        }
        var world = proving(seed: seed ?? 0, ask: one)
        world.setDown("c", until: 900_000)
        world.begin()
        world.run(turns: 3_500)
        #expect(world.end == nil)
        world.run(turns: 4_000)
        #expect(isProof(world))
    }

    @Test("hits that cannot be are counted and left out")
    func strange() {
        let plan = plan()
        var machine = ProveCoordinator(plan: plan, ask: ask)
        _ = machine.begin(at: 0)
        let job = FleetJob.scan(segment: 0, pass: 0, from: 0, round: 0)
        let hits = [
            FleetHit(nonce: 64, index: 1), FleetHit(nonce: .max, index: 1), FleetHit(nonce: 0, index: 4000),
            FleetHit(nonce: 63, index: 1),
        ]
        _ = machine.handle(.hits(job, hits), at: 0)
        _ = machine.handle(.hits(.scan(segment: 99, pass: 9, from: 0, round: 0), hits), at: 0)
        #expect(machine.strangeHits == 3 && machine.ledger.count == 1)
    }

    @Test("the bound of the slowest lane is the time it takes")
    func bound() {
        var world = proving(seed: 11, ask: ProofAsk(k1: 1, k2: 4000, nonces: 16, maxNonces: 16))
        world.begin()
        world.run(turns: 2000) { !$0.machine.isWorking }
        let start = world.now
        world.run(turns: 80)
        let bound = world.machine.board.bound(at: world.now) ?? 0
        let predicted = Double(world.now - start) + bound
        world.run(turns: 10_000) { $0.machine.board.share >= 1 }
        let took = Double(world.now - start)
        // The slowest has 1,280 labels at 20 a second.
        #expect(abs(took - 64_000) < 2_000)
        #expect(abs(predicted - took) < 0.1 * took)
    }
}

@Suite("Making with a turned clock")
struct InitSimulationTests {
    private func world(_ seed: UInt64, _ faults: InitWorld.Faults) -> InitWorld {
        let plan = plan()
        return InitWorld(
            plan: plan, truth: Truth(plan: plan, ask: ask, seed: seed), faults: faults, seed: seed
        ) { InitCoordinator(plan: plan) }
    }

    @Test(
        "every file is made and the smallest label found, whatever happens",
        arguments: 1...20 as ClosedRange<UInt64>)
    func faulty(seed: UInt64) {
        var faults = InitWorld.Faults()
        (faults.deaths, faults.duplicates, faults.delays, faults.restarts) = (5, 200, 150, 6)
        var world = world(seed, faults)
        world.begin()
        world.run(turns: 20_000)
        #expect(world.end == .initialized(world.truth.candidate(0..<4096)))
    }

    @Test("a disk that never works is named when all else is done")
    func broken() {
        let plan = plan()
        var machine = InitCoordinator(plan: plan)
        var open = machine.begin(at: 0)
        #expect(open.count == 64)
        var finished: [FleetAction] = []
        while case .offer(let job) = open.first {
            open.removeFirst()
            guard case .initialize(let segment, let file, _) = job else { continue }
            let isBroken = segment == 3 && file == 41
            let actions = machine.handle(
                .ended(job, isBroken ? .failed("no space is left: free some") : .made(nil)), at: 0)
            for action in actions {
                if case .offer = action { open.append(action) } else { finished.append(action) }
            }
        }
        guard case .finish(.failed(let text)) = finished.first else {
            Issue.record("it did not fail: \(finished)")
            return
        }
        #expect(text.contains("1 files could not be made: b:/two, file 41: no space is left: free some"))
        #expect(finished.count == 1)
    }
}
