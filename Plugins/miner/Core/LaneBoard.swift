/// Lanes and what each has done: for the picture, and for the bound that the slowest sets.
package struct LaneBoard: Sendable {
    private let plan: FleetPlan
    /// Whether the rates that workers state of their disks apply.
    private let isReading: Bool
    /// All that were ever there: a lane keeps its name and rate while its worker is away.
    private var workers: [String: FleetWorker] = [:]
    private var names: Set<String> = []
    private var words: [FleetJob: JobWord] = [:]
    private var bytes: [FleetJob: Double] = [:]
    private var finished: Set<FleetJob> = []
    private var meters: [LaneName: LaneMeter] = [:]

    /// No lane yet.
    package init(plan: FleetPlan, isReading: Bool) {
        self.plan = plan
        self.isReading = isReading
    }

    /// Whether a worker is on the bus.
    package func isThere(_ worker: String) -> Bool { names.contains(worker) }

    /// Names of those that are.
    package var present: [String] { names.sorted() }

    /// Adds a job that reads or writes so many bytes.
    package mutating func add(_ job: FleetJob, bytes: Double) {
        self.bytes[job] = bytes
    }

    /// Another job takes the place of one that did not end well, or that ended early.
    package mutating func replace(_ old: FleetJob, by job: FleetJob, bytes: Double) {
        self.bytes[old] = nil
        words[old] = nil
        self.bytes[job] = bytes
    }

    /// A new stage begins: what was finished is shown no more.
    package mutating func removeFinished() {
        for job in finished { (bytes[job], words[job]) = (nil, nil) }
        (finished, meters) = ([], [:])
    }

    /// Takes the workers that are there.
    package mutating func note(_ list: [FleetWorker]) {
        names = Set(list.map(\.name))
        for worker in list where !worker.places.isEmpty || workers[worker.name] == nil {
            workers[worker.name] = worker
        }
    }

    /// Takes what the queue says.
    package mutating func note(_ list: [JobWord], at now: UInt64) {
        for word in list where bytes[word.job] != nil { words[word.job] = word }
        measure(at: now)
    }

    /// A job is done.
    package mutating func finish(_ job: FleetJob, at now: UInt64) {
        finished.insert(job)
        measure(at: now)
    }

    private mutating func measure(at now: UInt64) {
        for (name, jobs) in lanes() where name.disk != LaneBoard.processor {
            meters[name, default: LaneMeter()].note(jobs.reduce(0) { $0 + done($1) }, at: now)
        }
    }

    /// What work that touches no disk is shown under.
    package static let processor = "cpu"

    private func lane(of job: FleetJob) -> LaneName? {
        guard let number = job.segment, plan.segments.indices.contains(number) else {
            return words[job]?.worker.map { LaneName(worker: $0, disk: LaneBoard.processor) }
        }
        let segment = plan.segments[number]
        let place = workers[segment.worker]?.places.first { $0.directory == segment.directory }
        return LaneName(worker: segment.worker, disk: place?.disk ?? segment.directory)
    }

    private func lanes() -> [LaneName: [FleetJob]] {
        var lanes: [LaneName: [FleetJob]] = [:]
        for job in bytes.keys {
            if let name = lane(of: job) { lanes[name, default: []].append(job) }
        }
        return lanes
    }

    private func done(_ job: FleetJob) -> Double {
        let all = bytes[job] ?? 0
        return finished.contains(job) ? all : all * min(max(words[job]?.share ?? 0, 0), 1)
    }

    private func stated(_ name: LaneName) -> Double? {
        guard isReading else { return nil }
        let rate = workers[name.worker]?.places.first { $0.disk == name.disk }?.bytesPerSecond ?? 0
        return rate > 0 ? rate : nil
    }

    /// All lanes, by name.
    package func rows(at now: UInt64) -> [LaneState] {
        lanes().sorted { $0.key < $1.key }.map { name, jobs in
            let total = jobs.reduce(0) { $0 + (bytes[$1] ?? 0) }
            let done = jobs.reduce(0) { $0 + self.done($1) }
            let meter = meters[name] ?? LaneMeter()
            let rate = meter.rate ?? stated(name)
            // What was done since the last word is not known yet.
            let since = Double(meter.last.map { now > $0.time ? now - $0.time : 0 } ?? 0)
            let left = rate.map { max((total - done) * 1000 / $0 - since, 0) }
            let running = jobs.filter { words[$0]?.worker != nil && !finished.contains($0) }
            return LaneState(
                name: name, isThere: isThere(name.worker),
                what: what(running, done: done, total: total),
                done: done, total: total, rate: rate,
                left: done >= total ? 0 : isThere(name.worker) ? left : nil,
                error: jobs.filter { !finished.contains($0) }.compactMap { words[$0]?.error }
                    .first { !$0.isEmpty } ?? "")
        }
    }

    private func what(_ running: [FleetJob], done: Double, total: Double) -> String {
        if running.isEmpty { return done >= total ? "done" : "waits" }
        let first = running.sorted { text($0) < text($1) }.map { text($0) }
        return first.count == 1 ? first[0] : "\(first[0]) and \(first.count - 1) more"
    }

    private func text(_ job: FleetJob) -> String {
        switch job {
        case .initialize(_, let file, _): "file \(file)"
        case .work(let group, _): "k2pow \(group)"
        case .scan(let segment, let pass, _, _):
            "scan \(FleetPlan.text(plan.segments[segment].files))" + (pass > 0 ? ", pass \(pass + 1)" : "")
        }
    }

    /// Milliseconds until the slowest lane that is there has done its share; nil: a rate is unknown.
    package func bound(at now: UInt64) -> Double? {
        let rows = rows(at: now)
        guard !rows.isEmpty else { return nil }
        var slowest = 0.0
        for row in rows where row.isThere && row.done < row.total {
            guard let left = row.left else { return nil }
            slowest = max(slowest, left)
        }
        return slowest
    }

    /// The share of the bytes that is done, of all lanes.
    package var share: Double {
        let total = bytes.values.reduce(0, +)
        return total > 0 ? bytes.keys.reduce(0) { $0 + done($1) } / total : 0
    }

    /// Labels of scans not done yet, on workers that are there or on all.
    package func labelsLeft(of pass: Int, onPresent: Bool) -> Double {
        bytes.keys.reduce(0) { sum, job in
            guard case .scan(let segment, pass, _, _) = job, plan.segments.indices.contains(segment),
                !onPresent || isThere(plan.segments[segment].worker)
            else { return sum }
            return sum + ((bytes[job] ?? 0) - done(job)) / Double(FleetPlan.labelBytes)
        }
    }
}
