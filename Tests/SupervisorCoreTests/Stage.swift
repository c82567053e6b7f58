import SupervisorCore
import Testing

/// A supervisor with a turned clock, and processes that do as they are told.
struct Stage {
    var core: SupervisorCore
    var now: UInt64 = 1000
    var nextPid: Int32 = 100
    /// All that was decided, oldest first.
    var actions: [SupervisorAction] = []
    /// Processes that live, by place, and when they began.
    var living: [Int: UInt64] = [:]

    init(_ names: [String] = ["router", "one", "two"], policy: SupervisorPolicy = SupervisorPolicy()) {
        core = SupervisorCore(
            names.map { ProcessRule(name: $0, isRouter: $0 == "router", drainMilliseconds: 5000) },
            policy: policy)
    }

    /// Takes an event; processes that are started live, unless their program is called bad.
    @discardableResult
    mutating func take(_ event: SupervisorEvent) -> [SupervisorAction] {
        let done = core.handle(event, now: now)
        actions += done
        for action in done {
            guard case .start(let place, let program) = action else { continue }
            if program == "missing" {
                take(.notStarted(place, why: "no such file"))
            } else {
                living[place] = now
                nextPid += 1
                take(.started(place, pid: nextPid))
            }
        }
        return done
    }

    mutating func pass(_ milliseconds: UInt64) {
        let end = now + milliseconds
        while now < end {
            now = min(end, now + 100)
            take(.tick)
        }
    }

    /// The router says that these are as given, and all other living ones READY.
    mutating func report(_ words: [Int: BusWord?] = [:]) {
        var sessions: [Int: BusSession] = [:]
        for (place, began) in living {
            if let word = words[place] {
                if let word { sessions[place] = BusSession(word, began: began) }
            } else {
                sessions[place] = BusSession(.ready, began: began)
            }
        }
        take(.report(sessions, at: now))
    }

    /// A node with all READY.
    mutating func up() {
        take(.begin)
        report()
        pass(100)
        report()
        #expect(core.isAllReady)
        actions.removeAll()
    }

    mutating func die(_ place: Int, _ cause: ProcessEnd.Cause = .signal(9), words: String = "") {
        living[place] = nil
        take(.ended(place, ProcessEnd(cause, lastWords: words)))
    }

    func state(_ place: Int) -> ProcessState { core.views[place].state }

    var starts: [Int] {
        actions.compactMap { if case .start(let place, _) = $0 { place } else { nil } }
    }

    var notices: [Notice] {
        actions.compactMap { if case .tell(let notice) = $0 { notice } else { nil } }
    }

    var answers: [String] {
        actions.compactMap {
            if case .answer(_, let isGood, let text) = $0 { "\(isGood) \(text)" } else { nil }
        }
    }
}
