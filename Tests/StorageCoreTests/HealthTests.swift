import StorageCore
import Testing

/// Drives the state machine as the storage thread does, with a disk of given room.
private struct Patient {
    var health: StorageHealth
    var free: UInt64
    var log: UInt64 = 0
    var now: UInt64 = 1000
    var hasBallast = false
    /// What comes of an attempt to open.
    var opening: HealthEvent = .opened
    var actions: [HealthAction] = []
    let plan: SpacePlan

    init(free: UInt64, total: UInt64 = 1 << 30) {
        plan = SpacePlan(wanted: 64 << 20, total: total)
        health = StorageHealth(plan: plan)
        self.free = free
    }

    mutating func take(_ event: HealthEvent) {
        for action in health.handle(event, now: now) {
            actions.append(action)
            switch action {
            case .tell: break
            case .freeBallast:
                if hasBallast { free += plan.ballast }
                hasBallast = false
            case .makeBallast:
                if !hasBallast, free >= plan.ballast + plan.margin {
                    free -= plan.ballast
                    hasBallast = true
                }
                take(.ballast(hasBallast))
            case .reopen: take(opening)
            }
        }
    }

    mutating func seconds(_ count: Int) {
        for _ in 0..<count {
            now += 1000
            take(.second(StorageSpace(free: free, total: 1 << 30, log: log)))
        }
    }

    var mayWrite: Bool { health.condition.refusal == nil }
}

private let noSpace = StorageFailure(
    rocksDB: "IO error: No space left on device: While appending to file: 1.log")
private let broken = StorageFailure(rocksDB: "IO error: While fdatasync: 1.log: Input/output error")
private let damaged = StorageFailure(rocksDB: "Corruption: block checksum mismatch: 2.sst")

@Suite("Health of storage")
struct HealthTests {
    @Test("it opens, makes its ballast, and is ready")
    func opens() {
        var patient = Patient(free: 500 << 20)
        #expect(!patient.mayWrite)
        patient.take(.opened)
        #expect(patient.health.condition == .ready)
        #expect(patient.hasBallast && patient.mayWrite)
        #expect(patient.actions == [.makeBallast, .tell])
    }

    @Test(
        "a full disk gives the ballast back, opens anew when there is room for the log, and writes when all is back"
    )
    func full() {
        var patient = Patient(free: 200 << 20)
        patient.take(.opened)
        patient.free = 0
        patient.log = 90 << 20
        patient.take(.writeFailed(noSpace))
        guard case .full = patient.health.condition else { return #expect(Bool(false)) }
        #expect(!patient.mayWrite && !patient.hasBallast && patient.free == 64 << 20)
        patient.actions = []
        // The log would not fit: nothing is tried, reads go on with what is open.
        patient.seconds(10)
        #expect(patient.actions == [])
        patient.free = 120 << 20
        patient.seconds(1)
        #expect(patient.actions.first == .reopen)
        #expect(patient.health.condition == .ready)
        #expect(patient.hasBallast)
    }

    @Test("after opening anew on a disk that is still full, writes wait for the ballast's room")
    func stillFull() {
        var patient = Patient(free: 200 << 20)
        patient.take(.opened)
        patient.free = 0
        patient.take(.writeFailed(noSpace))
        patient.seconds(1)
        #expect(patient.actions.contains(.reopen))
        #expect(!patient.mayWrite)
        patient.actions = []
        patient.seconds(5)
        #expect(patient.actions == [])
        patient.free = patient.plan.ballast + patient.plan.margin
        patient.seconds(1)
        #expect(patient.actions == [.makeBallast, .tell] && patient.mayWrite)
    }

    @Test("a disk that is full at the start is told, and waited for")
    func fullAtStart() {
        var patient = Patient(free: 1 << 20)
        patient.take(.openFailed(noSpace))
        guard case .full = patient.health.condition else { return #expect(Bool(false)) }
        patient.free = 400 << 20
        patient.seconds(1)
        #expect(patient.health.condition == .ready)
        var second = Patient(free: 1 << 20)
        second.take(.opened)
        #expect(second.health.condition.reason == "the disk has less than 80 MiB free")
        second.free = 400 << 20
        second.seconds(1)
        #expect(second.mayWrite)
    }

    @Test("a failing disk is tried again after longer and longer pauses")
    func failing() {
        var patient = Patient(free: 400 << 20)
        patient.take(.opened)
        patient.opening = .openFailed(broken)
        patient.take(.writeFailed(broken))
        guard case .failing = patient.health.condition else { return #expect(Bool(false)) }
        patient.seconds(200)
        let tries = patient.actions.filter { $0 == .reopen }.count
        #expect((6...10).contains(tries), "\(tries)")
        patient.opening = .opened
        patient.seconds(60)
        #expect(patient.health.condition == .ready)
        // A calm minute, and the pauses are short again.
        patient.seconds(61)
        patient.take(.writeFailed(broken))
        patient.actions = []
        patient.seconds(1)
        #expect(patient.actions.contains(.reopen))
    }

    @Test("damage stays until a person has seen to it")
    func corrupt() {
        for event in [HealthEvent.readFailed(damaged), .writeFailed(damaged), .openFailed(damaged)] {
            var patient = Patient(free: 400 << 20)
            patient.take(.opened)
            patient.take(event)
            guard case .corrupt(let reason) = patient.health.condition else { return #expect(Bool(false)) }
            #expect(reason.contains("2.sst") && patient.health.condition.fix.contains("tool recover"))
            patient.seconds(200)
            patient.take(.opened)
            patient.take(.ballast(true))
            #expect(!patient.mayWrite)
            #expect(patient.health.condition.refusal?.code == .corrupt)
        }
    }

    @Test("a read that fails is told for a minute, and stops nothing")
    func attention() {
        var patient = Patient(free: 400 << 20)
        patient.take(.opened)
        patient.take(.readFailed(broken))
        guard case .attention = patient.health.condition else { return #expect(Bool(false)) }
        #expect(patient.mayWrite)
        patient.seconds(59)
        #expect(patient.health.condition != .ready)
        patient.seconds(2)
        #expect(patient.health.condition == .ready)
    }

    @Test("the ballast is at most a sixteenth of the disk, and may be none")
    func plan() {
        #expect(SpacePlan(wanted: 64 << 20, total: 1 << 40).ballast == 64 << 20)
        #expect(SpacePlan(wanted: 64 << 20, total: 160 << 20).ballast == 10 << 20)
        #expect(SpacePlan(wanted: 0, total: 1 << 40).margin == 0)
        #expect(SpacePlan(wanted: 0, total: 1 << 40).opening(log: 5 << 20) == 9 << 20)
        #expect(SpacePlan(wanted: 64 << 20, total: 1 << 40).opening(log: 5 << 20) == 21 << 20)
    }
}
