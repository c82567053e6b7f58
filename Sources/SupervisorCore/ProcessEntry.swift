/// Where a process is in its life.
enum ProcessPhase: Hashable {
    /// Never started, or the router is not READY.
    case waiting
    case running
    /// Told to end; killed at a time.
    case ending(killAt: UInt64, isKilled: Bool)
    /// Died; starts again at a time.
    case pausing(until: UInt64)
    case stopped
}

/// An operator's wish for another life of a process, and how far it has come.
struct Change: Hashable {
    /// One step after the other.
    enum Step: Hashable {
        case ending
        case watching(until: UInt64)
        /// The new program failed: it ends, and the old one starts.
        case goingBack(why: String)
        case watchingBack(why: String, until: UInt64)
    }

    let wish: UInt64
    /// The program before, nil: its own.
    let previous: String?
    /// The program to be; nil: its own.
    let next: String?
    let isReplacement: Bool
    var step = Step.ending
}

/// All that is known of one process.
struct ProcessEntry {
    let rule: ProcessRule
    var phase = ProcessPhase.waiting
    var since: UInt64 = 0
    var pid: Int32?
    var startedAt: UInt64 = 0
    /// What it said last in this life; nil: nothing, or its session is gone.
    var word: BusWord?
    var wordSince: UInt64 = 0
    /// Whether it was READY in this life.
    var wasReady = false
    /// Deaths in a row.
    var failures = 0
    /// Starts that nobody asked for.
    var restarts = 0
    /// When it died, the newest last; the newest 64.
    var deaths: [UInt64] = []
    var lastEnd: (text: String, at: UInt64)?
    /// In place of its own program.
    var program: String?
    var change: Change?
    /// Whether somebody was told that it is not READY in time.
    var wasLateTold = false

    init(_ rule: ProcessRule) {
        self.rule = rule
    }

    var isAlive: Bool {
        switch phase {
        case .running, .ending: true
        default: false
        }
    }

    var isReady: Bool { phase == .running && word == .ready }

    mutating func enter(_ next: ProcessPhase, at now: UInt64) {
        phase = next
        since = now
    }

    mutating func hear(_ next: BusWord?, at now: UInt64) {
        guard next != word else { return }
        word = next
        wordSince = now
        if next == .ready { wasReady = true }
    }

    mutating func begin(pid: Int32, at now: UInt64) {
        enter(.running, at: now)
        self.pid = pid
        startedAt = now
        word = nil
        wordSince = now
        wasReady = false
        wasLateTold = false
    }

    /// Notes an end that nobody asked for.
    mutating func died(_ text: String, at now: UInt64) {
        failures += 1
        lastEnd = (text, now)
        deaths.append(now)
        if deaths.count > 64 { deaths.removeFirst() }
    }

    /// Its deaths of late, when there are so many that starting it again will not help.
    func loop(at now: UInt64, policy: SupervisorPolicy) -> ArraySlice<UInt64>? {
        let late = deaths.drop { $0 + policy.loopWindow <= now }
        return late.count >= policy.loopDeaths ? late : nil
    }
}
