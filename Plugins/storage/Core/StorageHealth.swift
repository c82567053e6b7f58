/// How storage is, in words that people see.
package enum StorageCondition: Sendable, Hashable {
    case opening
    case ready
    /// Everything works; something was read wrongly a moment ago.
    case attention(String)
    /// Reads work, writes are refused until there is space.
    case full(String)
    /// The disk failed; the database is opened anew after a pause.
    case failing(String)
    /// Writes are refused, reads work as far as they go.
    case corrupt(String)

    /// Why it is not ready.
    package var reason: String {
        switch self {
        case .opening, .ready: ""
        case .attention(let text), .full(let text), .failing(let text), .corrupt(let text): text
        }
    }

    /// What a person can do.
    package var fix: String {
        switch self {
        case .opening, .ready: ""
        case .attention: "check the disk (dmesg, smartctl)"
        case .full: "free space or enlarge the disk; storage goes on by itself"
        case .failing: "check the disk (dmesg, smartctl); storage tries again by itself"
        case .corrupt:
            "stop the node and copy the directory; then put a checkpoint in its place, or run spacenode-storage tool recover, or remove it and let the node catch up"
        }
    }

    /// What a write is told, nil when it may go on.
    package var refusal: StorageRefusal? {
        switch self {
        case .ready, .attention: nil
        case .opening: StorageRefusal(.closed, "storage is opening its database: again in a moment")
        case .full: StorageRefusal(.full, "\(reason): \(fix)")
        case .failing: StorageRefusal(.failing, "\(reason): \(fix)")
        case .corrupt: StorageRefusal(.corrupt, "\(reason): \(fix)")
        }
    }
}

/// Room on the disk.
package struct StorageSpace: Sendable, Hashable {
    package var free: UInt64
    package var total: UInt64
    /// The log, which is read into memory and written out again when the database is opened.
    package var log: UInt64

    /// A measurement.
    package init(free: UInt64, total: UInt64, log: UInt64) {
        self.free = free
        self.total = total
        self.log = log
    }
}

/// How much of the disk is kept for the day it is full.
package struct SpacePlan: Sendable, Hashable {
    package let ballast: UInt64

    /// At most a sixteenth of the disk.
    package init(wanted: UInt64, total: UInt64) {
        ballast = min(wanted, total / 16)
    }

    /// What must be free beside the ballast before writes are taken.
    package var margin: UInt64 { min(16 << 20, ballast / 4) }

    /// What must be free before the database is opened: opening writes the log's content into tables, and RocksDB may abort
    /// the process when it runs out of space meanwhile.
    package func opening(log: UInt64) -> UInt64 { log + max(margin, 4 << 20) }
}

/// Something that bears on the health.
package enum HealthEvent: Sendable {
    /// The database is open.
    case opened
    case openFailed(StorageFailure)
    /// Whether the ballast is in place now.
    case ballast(Bool)
    case writeFailed(StorageFailure)
    case readFailed(StorageFailure)
    /// A second has passed.
    case second(StorageSpace)
}

/// What is to be done about it.
package enum HealthAction: Sendable, Hashable {
    /// The condition has changed.
    case tell
    case freeBallast
    /// Make the ballast if it is not there, and say how that went.
    case makeBallast
    /// Close the database and open it anew.
    case reopen
}

/// Turns outcomes into conditions: event in, actions out.
package struct StorageHealth: Sendable {
    package private(set) var condition = StorageCondition.opening
    private let plan: SpacePlan
    /// RocksDB takes no writes any more: only opening it anew helps.
    private var isWedged = true
    private var failures: UInt64 = 0
    private var retryAt: UInt64 = 0
    private var since: UInt64 = 0

    static let calmMilliseconds: UInt64 = 60_000
    static let longestPauseMilliseconds: UInt64 = 60_000

    /// Health of a database that is not open yet.
    package init(plan: SpacePlan) {
        self.plan = plan
    }

    /// Takes one event; `now` in milliseconds of a clock that never goes back.
    package mutating func handle(_ event: HealthEvent, now: UInt64) -> [HealthAction] {
        if case .corrupt = condition { return [] }
        switch event {
        case .opened:
            isWedged = false
            return [.makeBallast]
        case .openFailed(let failure), .writeFailed(let failure):
            isWedged = true
            return failed(failure, now)
        case .readFailed(let failure):
            return readFailed(failure, now)
        case .ballast(let isThere):
            return ballast(isThere, now)
        case .second(let space):
            return second(space, now)
        }
    }

    private mutating func enter(_ next: StorageCondition, _ now: UInt64) -> [HealthAction] {
        guard next != condition else { return [] }
        condition = next
        since = now
        return [.tell]
    }

    private mutating func failed(_ failure: StorageFailure, _ now: UInt64) -> [HealthAction] {
        switch failure.kind {
        case .full:
            retryAt = now + 1000
            return enter(.full("the disk is full (\(failure.text))"), now) + [.freeBallast]
        case .corruption:
            return enter(.corrupt("damaged data (\(failure.text))"), now)
        case .io, .locked, .other:
            failures = min(failures + 1, 16)
            retryAt = now + min(Self.longestPauseMilliseconds, 500 << failures)
            return enter(.failing("the disk failed (\(failure.text))"), now)
        }
    }

    private mutating func readFailed(_ failure: StorageFailure, _ now: UInt64) -> [HealthAction] {
        switch (failure.kind, condition) {
        case (.corruption, _):
            return enter(.corrupt("damaged data (\(failure.text))"), now)
        case (_, .ready), (_, .attention):
            since = now
            return enter(.attention("a read failed (\(failure.text))"), now)
        default:
            return []
        }
    }

    private mutating func ballast(_ isThere: Bool, _ now: UInt64) -> [HealthAction] {
        guard !isWedged else { return [] }
        if isThere { return enter(.ready, now) }
        if case .full = condition { return [] }
        let needed = (plan.ballast + plan.margin) >> 20
        return enter(.full("the disk has less than \(needed) MiB free"), now)
    }

    private mutating func second(_ space: StorageSpace, _ now: UInt64) -> [HealthAction] {
        switch condition {
        case .full where isWedged:
            guard now >= retryAt, space.free >= plan.opening(log: space.log) else { return [] }
            retryAt = now + 2000
            return [.reopen]
        case .full:
            return space.free >= plan.ballast + plan.margin ? [.makeBallast] : []
        case .failing:
            guard now >= retryAt else { return [] }
            retryAt = now + Self.longestPauseMilliseconds
            return [.reopen]
        case .attention where now >= since + Self.calmMilliseconds:
            return enter(.ready, now)
        case .ready where now >= since + Self.calmMilliseconds:
            failures = 0
            return []
        default:
            return []
        }
    }
}
