/// How far each task is, how fast of late, and when it will be done.
package struct ProgressBook: Sendable {
    /// A task's state as others see it.
    package struct Entry: Hashable, Sendable {
        /// Its number here.
        package let number: UInt64
        /// First bytes of its id.
        package let task: [UInt8]
        /// What it does.
        package let kind: String
        /// Where it runs.
        package let lane: String
        /// Whether it waits for its lane.
        package internal(set) var isWaiting = true
        /// In the unit of its kind.
        package internal(set) var done: UInt64 = 0
        /// In the same; 0: not known yet.
        package internal(set) var total: UInt64 = 0
        fileprivate var before: (done: UInt64, at: UInt64)?
        fileprivate var since: (done: UInt64, at: UInt64)?

        package static func == (left: Entry, right: Entry) -> Bool {
            left.number == right.number && left.done == right.done && left.isWaiting == right.isWaiting
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(number) }

        /// A second, of the last five to ten; 0: not known yet.
        package func perSecond(now: UInt64) -> Double {
            guard let start = before ?? since, now > start.at, done >= start.done else { return 0 }
            return Double(done - start.done) * 1000 / Double(now - start.at)
        }

        /// Seconds until it is done; nil: not known.
        package func secondsLeft(now: UInt64) -> UInt32? {
            let rate = perSecond(now: now)
            guard rate > 0, total > done else { return nil }
            return UInt32(min((Double(total - done) / rate).rounded(.up), 4e9))
        }
    }

    private var entries: [UInt64: Entry] = [:]
    private var nextNumber: UInt64 = 1
    private var turn = 0
    /// Tasks of one event.
    package static let listed = 16
    /// How long the rate looks back, in milliseconds.
    private static let window: UInt64 = 5000

    /// No task.
    package init() {}

    /// How many tasks there are.
    package var count: Int { entries.count }

    /// Milliseconds between two events, so that they stay below 1 kB a second.
    package var interval: UInt64 { UInt64(250 * min(max(count, 4), ProgressBook.listed)) }

    /// A task has come.
    ///
    /// - Returns: its number.
    package mutating func add(task: [UInt8], kind: String, lane: String) -> UInt64 {
        defer { nextNumber += 1 }
        entries[nextNumber] = Entry(number: nextNumber, task: task, kind: kind, lane: lane)
        return nextNumber
    }

    /// It is this far.
    package mutating func report(_ number: UInt64, done: UInt64, total: UInt64, now: UInt64) {
        guard var entry = entries[number] else { return }
        entry.isWaiting = false
        entry.done = done
        entry.total = total
        if let since = entry.since {
            if now >= since.at + ProgressBook.window {
                entry.before = since
                entry.since = (done, now)
            }
        } else {
            entry.since = (done, now)
        }
        entries[number] = entry
    }

    /// It has gone.
    package mutating func remove(_ number: UInt64) { entries[number] = nil }

    /// Tasks for the next event: all, or of many the next ones in turn.
    package mutating func page() -> [Entry] {
        let all = entries.values.sorted { $0.number < $1.number }
        guard all.count > ProgressBook.listed else { return all }
        turn = (turn + ProgressBook.listed) % all.count
        return (0..<ProgressBook.listed).map { all[(turn + $0) % all.count] }
    }
}
