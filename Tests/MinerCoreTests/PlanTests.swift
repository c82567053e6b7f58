import MinerCore
import NodeDomain
import Testing

/// A plan over three workers and five segments: files of 64 labels.
func plan(units: UInt32 = 4, labelsPerUnit: UInt64 = 1024, segments: [FleetSegment]? = nil) -> FleetPlan {
    let own = [
        FleetSegment(worker: "a", directory: "/one", files: 0..<10),
        FleetSegment(worker: "a", directory: "/two", files: 10..<20),
        FleetSegment(worker: "b", directory: "/one", files: 20..<40),
        FleetSegment(worker: "b", directory: "/two", files: 40..<44),
        FleetSegment(worker: "c", directory: "/one", files: 44..<64),
    ]
    return FleetPlan(
        identity: .zero, commitmentATX: .largest, units: units, labelsPerUnit: labelsPerUnit, scryptN: 2,
        maxFileSize: 1024, segments: segments ?? own)
}

@Suite("Plans")
struct PlanTests {
    @Test("files and labels of a plan that holds together")
    func whole() {
        let plan = plan()
        #expect(plan.labels == 4096 && plan.files == 64 && plan.faults().isEmpty)
        #expect(plan.labels(of: 63..<64) == 4032..<4096)
        #expect(plan.labels(ofSegment: 3) == 2560..<2816)
        #expect(plan.labels(ofSegment: 9).isEmpty)
        let short = FleetPlan(
            identity: .zero, commitmentATX: .zero, units: 1, labelsPerUnit: 100, scryptN: 2,
            maxFileSize: 1024,
            segments: [])
        #expect(short.files == 2 && short.labels(of: 1..<2) == 64..<100)
        #expect(short.labels(of: 0..<9) == 0..<100)
    }

    @Test("gaps, files that two have, and files that are not there come all at once")
    func faults() {
        let broken = plan(segments: [
            FleetSegment(worker: "a", directory: "/one", files: 0..<12),
            FleetSegment(worker: "a", directory: "/two", files: 10..<20),
            FleetSegment(worker: "b", directory: "/one", files: 24..<70),
        ])
        let faults = broken.faults()
        #expect(faults.map(\.segment) == [2, 1, nil])
        #expect(faults[0].text.contains("files 24-69 are not of this plot: it has files 0-63"))
        #expect(faults[1].text.contains("files 10-11 stand in another segment too"))
        #expect(faults[2].text.contains("no segment has files 20-23"))
    }

    @Test("no size traps")
    func sizes() {
        #expect(plan(units: .max, labelsPerUnit: .max).faults().count == 1)
        let crumbs = plan(units: 1 << 20, labelsPerUnit: 1 << 20).faults()
        #expect(crumbs.count == 1 && crumbs.first?.text.contains("max_file_size") == true)
        #expect(plan(units: 0).files == 0)
        #expect(plan(segments: []).faults().count == 1)
        let huge = FleetPlan(
            identity: .zero, commitmentATX: .zero, units: 1, labelsPerUnit: .max, scryptN: 2, maxFileSize: 0,
            segments: [FleetSegment(worker: "a", directory: "/", files: 0..<UInt64.max)])
        #expect(huge.labels(of: 0..<UInt64.max).upperBound == UInt64.max)
        #expect(huge.faults().map(\.segment) == [nil])
    }
}

@Suite("Hits and odds")
struct LedgerTests {
    @Test("duplicates count once, the first nonce with enough wins, a bad label makes another win")
    func ledger() {
        var ledger = HitLedger(needed: 3)
        for index in [9, 2, 2, 9] as [UInt64] { ledger.add(FleetHit(nonce: 5, index: index)) }
        #expect(ledger.winner == nil && ledger.count == 2 && ledger.best == 2)
        for index in [4, 7, 1, 0] as [UInt64] { ledger.add(FleetHit(nonce: 8, index: index)) }
        #expect(ledger.winner == 8 && ledger.winning == [1, 4, 7])
        ledger.add(FleetHit(nonce: 5, index: 30))
        #expect(ledger.winner == 8)
        ledger.ban(4)
        ledger.add(FleetHit(nonce: 8, index: 4))
        // Both have three now; the smaller nonce is as good as the other.
        #expect(ledger.winner == 5 && ledger.winning == [2, 9, 30] && ledger.banned == [4])
        ledger.ban(2)
        #expect(ledger.winner == 8 && ledger.winning == [0, 1, 7])
    }

    @Test("one pass of an honest miner succeeds as often as is published")
    func published() {
        let none64 = Odds.any(found: Array(repeating: 0, count: 64), needed: 37, mean: 26)
        #expect(abs(none64 - 0.7939) < 0.003)
        #expect(abs(Odds.any(found: Array(repeating: 0, count: 128), needed: 37, mean: 26) - 0.9575) < 0.003)
        #expect(Odds.any(found: Array(repeating: 0, count: 288), needed: 37, mean: 26) > 0.999)
    }

    @Test("the ends of the scale")
    func ends() {
        #expect(Odds.tail(mean: 0, least: 1) == 0 && Odds.tail(mean: 0, least: 0) == 1)
        #expect(Odds.tail(mean: 1e300, least: 5) == 1 && Odds.tail(mean: .nan, least: 5) == 0)
        #expect(abs(Odds.tail(mean: 1, least: 1) - 0.632_120_558_8) < 1e-9)
        #expect(abs(Odds.tail(mean: 5000, least: 5000) - 0.5019) < 0.001)
        #expect(Odds.any(found: [37], needed: 37, mean: 0) == 1)
        #expect(Odds.any(found: [], needed: 37, mean: 9) == 0)
    }
}

@Suite("Lanes")
struct LaneTests {
    @Test("the rate is of late, and the slowest lane that is there sets the bound")
    func bound() {
        var board = LaneBoard(plan: plan(), isReading: true)
        let first = FleetJob.scan(segment: 0, pass: 0, from: 0, round: 0)
        let other = FleetJob.scan(segment: 2, pass: 0, from: 1280, round: 0)
        let gone = FleetJob.scan(segment: 4, pass: 0, from: 2816, round: 0)
        board.add(first, bytes: 10_000)
        board.add(other, bytes: 20_000)
        board.add(gone, bytes: 30_000)
        let places = [FleetWorker.Place(directory: "/one", disk: "sda", bytesPerSecond: 100)]
        board.note([FleetWorker(name: "a", places: places), FleetWorker(name: "b", places: places)])
        #expect(board.bound(at: 0) == 200_000)
        for second in 1...10 as ClosedRange<UInt64> {
            let share = Double(second) / 20
            board.note(
                [
                    JobWord(job: first, worker: "a", share: share),
                    JobWord(job: other, worker: "b", share: share / 2),
                ], at: second * 1000)
        }
        let rows = board.rows(at: 10_000)
        #expect(rows.map(\.name.worker) == ["a", "b", "c"] && rows.map(\.isThere) == [true, true, false])
        #expect(abs((rows[0].rate ?? 0) - 500) < 1 && abs((rows[0].left ?? 0) - 10_000) < 50)
        #expect(abs((board.bound(at: 10_000) ?? 0) - 30_000) < 100)
        // A lane whose worker is away keeps its name, and sets no bound.
        var without = board
        without.note([FleetWorker(name: "a", places: places)])
        #expect(without.rows(at: 10_000).map(\.name.disk) == rows.map(\.name.disk))
        #expect(without.rows(at: 10_000).map(\.isThere) == [true, false, false])
        #expect(abs((without.bound(at: 10_000) ?? 0) - 10_000) < 50)
        // Between two words the rest goes down with the clock.
        #expect(abs((board.bound(at: 12_000) ?? 0) - 28_000) < 100)
    }

    @Test("a lane whose rate fell is judged by its last minute")
    func throttled() {
        var meter = LaneMeter()
        for second in 0...100 as ClosedRange<UInt64> { meter.note(Double(second) * 1000, at: second * 1000) }
        for second in 101...200 as ClosedRange<UInt64> {
            meter.note(100_000 + Double(second - 100) * 10, at: second * 1000)
        }
        #expect(abs((meter.rate ?? 0) - 10) < 0.5)
    }
}
