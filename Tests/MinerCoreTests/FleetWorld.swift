import MinerCore
import NodeDomain

/// Numbers from a seed, the same everywhere (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mixed(state)
    }
}

func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
}

/// A coordinator of either kind.
protocol Coordinator {
    mutating func begin(at now: UInt64) -> [FleetAction]
    mutating func handle(_ event: FleetEvent, at now: UInt64) -> [FleetAction]
    var board: LaneBoard { get }
}

extension InitCoordinator: Coordinator {}
extension ProveCoordinator: Coordinator {}

/// Workers, a queue and a clock that the test turns; every fault comes from one seed.
struct FleetWorld<Machine: Coordinator> {
    /// What goes wrong.
    struct Faults {
        /// In a thousand turns, for each worker or event.
        var deaths = 0
        var duplicates = 0
        var delays = 0
        var restarts = 0
        var failures = 0
        var unanswered = 0
    }

    private struct Task {
        var worker: String?
        var done = 0.0
        var isTaken = false
        var silentSince: UInt64?
    }

    let plan: FleetPlan
    let truth: Truth
    let faults: Faults
    let make: () -> Machine
    /// Labels a second of each worker's disk.
    var speeds = ["a": 40.0, "b": 60.0, "c": 20.0]
    var random: Seeded
    private(set) var machine: Machine
    private(set) var now: UInt64 = 0
    private(set) var end: FleetEnd?
    private(set) var endings = 0
    private(set) var restarts = 0
    private(set) var deaths = 0
    /// Labels that workers looked at or made, twice what was done twice.
    private(set) var labelsDone = 0.0
    private(set) var cancelled: Set<FleetJob> = []
    private var tasks: [FleetJob: Task] = [:]
    private var ended: [(FleetJob, JobOutcome)] = []
    private var hits: [(FleetJob, [FleetHit])] = []
    private var late: [(due: UInt64, event: FleetEvent)] = []
    private var downUntil: [String: UInt64] = [:]

    init(
        plan: FleetPlan, truth: Truth, faults: Faults = Faults(), seed: UInt64, make: @escaping () -> Machine
    ) {
        self.plan = plan
        self.truth = truth
        self.faults = faults
        self.make = make
        random = Seeded(state: seed)
        machine = make()
    }

    mutating func begin() { perform(machine.begin(at: now)) }

    /// Runs until the end, or for so many turns of a quarter of a second.
    mutating func run(turns: Int, until isOver: (Self) -> Bool = { _ in false }) {
        for _ in 0..<turns where end == nil && !isOver(self) { turn() }
    }

    mutating func setDown(_ worker: String, until time: UInt64) {
        downUntil[worker] = time
        deaths += 1
    }

    private mutating func chance(_ thousandths: Int) -> Bool {
        thousandths > 0 && Int.random(in: 0..<1000, using: &random) < thousandths
    }

    func isUp(_ worker: String) -> Bool { downUntil[worker, default: 0] <= now }

    // MARK: - A turn

    private mutating func turn() {
        now += 250
        for worker in speeds.keys.sorted() where isUp(worker) && chance(faults.deaths) {
            setDown(worker, until: now + UInt64.random(in: 1_000...90_000, using: &random))
        }
        if chance(faults.restarts) { restart() }
        tell(.workers(present))
        giveBack()
        for worker in speeds.keys.sorted() where isUp(worker) { work(worker) }
        let due = late.filter { $0.due <= now }.map(\.event)
        late.removeAll { $0.due <= now }
        for event in due { tell(event) }
        tell(
            .jobs(
                tasks.map {
                    JobWord(job: $0.key, worker: $0.value.worker, share: share($0.key, $0.value.done))
                }))
        tell(.tick)
    }

    private var present: [FleetWorker] {
        speeds.keys.sorted().filter { isUp($0) }.map { name in
            FleetWorker(
                name: name,
                places: plan.segments.filter { $0.worker == name }.map {
                    FleetWorker.Place(directory: $0.directory, disk: "sda", bytesPerSecond: 0)
                })
        }
    }

    /// A new coordinator is told what was kept.
    private mutating func restart() {
        restarts += 1
        machine = make()
        late = []
        for (job, found) in hits { _ = machine.handle(.hits(job, found), at: now) }
        for (job, outcome) in ended { _ = machine.handle(.ended(job, outcome), at: now) }
        perform(machine.begin(at: now))
    }

    /// Leases of workers that are silent for 15 s.
    private mutating func giveBack() {
        for (job, task) in tasks {
            guard let worker = task.worker else { continue }
            if isUp(worker) {
                tasks[job]?.silentSince = nil
            } else if let since = task.silentSince {
                if now - since > 15_000 { tasks[job]?.worker = nil }
            } else {
                tasks[job]?.silentSince = now
            }
        }
    }

    /// One job at a time on the one disk, and one proof of work.
    private mutating func work(_ worker: String) {
        let order = tasks.keys.sorted { name($0) < name($1) }
        let mine = order.filter { job in job.segment.map { plan.segments[$0].worker == worker } ?? false }
        let works = order.filter { $0.segment == nil && (tasks[$0]?.worker ?? worker) == worker }
        for job in [mine.first, works.first].compactMap({ $0 }) {
            tasks[job]?.worker = worker
            advance(job, by: (speeds[worker] ?? 0) / 4)
        }
    }

    private func name(_ job: FleetJob) -> String { "\(job)" }

    private mutating func advance(_ job: FleetJob, by labels: Double) {
        guard let before = tasks[job]?.done else { return }
        let all = size(job)
        let after = min(before + labels, Double(all))
        tasks[job]?.done = after
        labelsDone += after - before
        if case .scan(let segment, let pass, let from, _) = job {
            let part = from + UInt64(before)..<from + UInt64(after)
            let found = truth.hits(pass: pass, part)
            if !found.isEmpty {
                hits.append((job, found))
                send(.hits(job, found))
            }
            _ = segment
        }
        if chance(faults.failures) { return finish(job, .failed("the disk does not give its data")) }
        if after >= Double(all) { finish(job, outcome(job)) }
    }

    private mutating func finish(_ job: FleetJob, _ outcome: JobOutcome) {
        tasks[job] = nil
        ended.append((job, outcome))
        send(.ended(job, outcome))
    }

    private func size(_ job: FleetJob) -> UInt64 {
        switch job {
        case .initialize(_, let file, _): UInt64(plan.labels(of: file..<file + 1).count)
        case .work: 30
        case .scan(let segment, _, let from, _): plan.labels(ofSegment: segment).upperBound - from
        }
    }

    private func share(_ job: FleetJob, _ done: Double) -> Double { done / Double(max(size(job), 1)) }

    private func outcome(_ job: FleetJob) -> JobOutcome {
        switch job {
        case .initialize(_, let file, _): .made(truth.candidate(plan.labels(of: file..<file + 1)))
        case .work(let group, _): .work(pow: UInt64(group) * 7)
        case .scan(let segment, _, _, _): .scanned([], next: plan.labels(ofSegment: segment).upperBound)
        }
    }

    // MARK: - Between both

    /// An event on its way: once, twice or late.
    private mutating func send(_ event: FleetEvent) {
        if chance(faults.duplicates) { late.append((now + 500, event)) }
        if chance(faults.delays) {
            late.append((now + UInt64.random(in: 250...20_000, using: &random), event))
        } else {
            tell(event)
        }
    }

    private mutating func tell(_ event: FleetEvent) { perform(machine.handle(event, at: now)) }

    private mutating func perform(_ actions: [FleetAction]) {
        for action in actions {
            switch action {
            case .offer(let job):
                // As the queue does: a job that was there is known for ever.
                guard tasks[job] == nil, !ended.contains(where: { $0.0 == job }) else { continue }
                tasks[job] = Task()
            case .cancel(let job, _):
                cancelled.insert(job)
                tasks[job] = nil
            case .judge(let proof):
                let judgement = chance(faults.unanswered) ? .unanswered : truth.judge(proof)
                late.append((now + 500, .judged(judgement)))
            case .finish(let end):
                self.end = end
                endings += 1
            }
        }
    }
}

/// What the labels of a plot are, and which of them are good for which nonce.
struct Truth {
    let plan: FleetPlan
    let ask: ProofAsk
    let seed: UInt64
    /// Labels that a worker finds good and the verifier does not.
    var damaged: Set<UInt64> = []

    func isGood(_ nonce: UInt32, _ index: UInt64) -> Bool {
        mixed(mixed(seed ^ UInt64(nonce)) ^ index) % plan.labels < UInt64(ask.k1)
    }

    func hits(pass: Int, _ labels: Range<UInt64>) -> [FleetHit] {
        let groups = ask.passes[pass]
        let nonces = UInt32(groups.lowerBound) * 16..<(UInt32(groups.upperBound) + 1) * 16
        return labels.flatMap { index in
            nonces.filter { isGood($0, index) || (damaged.contains(index) && $0 % 3 == 0) }
                .map { FleetHit(nonce: $0, index: index) }
        }
    }

    /// How many good labels a nonce has, damaged ones not among them.
    func count(_ nonce: UInt32) -> Int {
        (0..<plan.labels).count { isGood(nonce, $0) && !damaged.contains($0) }
    }

    func candidate(_ labels: Range<UInt64>) -> NonceCandidate? {
        var best: NonceCandidate?
        for index in labels {
            let label = Bytes32(mixed(seed &+ index), 0, 0, 0)
            best = NonceCandidate.smaller(best, NonceCandidate(index: index, label: label))
        }
        return best
    }

    func judge(_ proof: PostProof) -> Judgement {
        guard let indices = unpacked(proof) else { return .invalid(reason: "length", index: nil) }
        guard indices == indices.sorted(), Set(indices).count == ask.k2 else {
            return .invalid(reason: "not ascending", index: nil)
        }
        guard proof.pow == UInt64(proof.nonce / 16) * 7 else { return .invalid(reason: "pow", index: nil) }
        let bad = indices.first { !isGood(proof.nonce, $0) || damaged.contains($0) }
        return bad.map { .invalid(reason: "label", index: $0) } ?? .valid
    }
}
