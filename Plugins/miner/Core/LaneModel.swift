/// A worker's disk, or its processor: what works one thing after another.
package struct LaneName: Hashable, Sendable, Comparable {
    /// The worker.
    package let worker: String
    /// The disk; `cpu` for work that touches none.
    package let disk: String

    /// A lane.
    package init(worker: String, disk: String) {
        self.worker = worker
        self.disk = disk
    }

    package static func < (left: LaneName, right: LaneName) -> Bool {
        (left.worker, left.disk) < (right.worker, right.disk)
    }
}

/// How fast a lane is, from what it has done at which time.
package struct LaneMeter: Hashable, Sendable {
    private struct Sample: Hashable, Sendable {
        let time: UInt64
        let done: Double
    }

    /// Samples older than this do not count, as long as a younger pair does.
    package static let window: UInt64 = 60_000

    private var samples: [Sample] = []
    /// Whether the one sample only says where it stood: nobody knows when the work behind the next word began.
    private var isBase = true

    /// Nothing measured.
    package init() {}

    /// Notes how much is done now; a number that falls begins anew.
    package mutating func note(_ done: Double, at now: UInt64) {
        let sample = Sample(time: now, done: done)
        guard let last = samples.last, done >= last.done else {
            (samples, isBase) = ([sample], true)
            return
        }
        guard done > last.done else { return }
        if isBase { samples.removeAll() }
        isBase = false
        samples.append(sample)
        while samples.count > 2, now >= samples[1].time, now - samples[1].time > LaneMeter.window {
            samples.removeFirst()
        }
    }

    /// Units a second; nil before two words of progress came.
    package var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.time > first.time,
            last.done > first.done
        else { return nil }
        return (last.done - first.done) * 1000 / Double(last.time - first.time)
    }

    /// When the last word came, and what it said.
    package var last: (time: UInt64, done: Double)? { samples.last.map { ($0.time, $0.done) } }
}

/// One row of the picture.
package struct LaneState: Hashable, Sendable {
    /// Which lane.
    package let name: LaneName
    /// Whether the worker is on the bus.
    package let isThere: Bool
    /// What it does; empty: nothing.
    package let what: String
    /// Bytes done and in all.
    package let done, total: Double
    /// Bytes a second: measured, else stated by the worker; nil: unknown.
    package let rate: Double?
    /// Milliseconds until it has done its share; nil: unknown.
    package let left: Double?
    /// The last error of any of its jobs; empty: none.
    package let error: String
}
