/// Why a process is no more.
package struct ProcessEnd: Sendable, Hashable, CustomStringConvertible {
    /// What the kernel says.
    package enum Cause: Sendable, Hashable {
        case status(Int32)
        case signal(Int32)
    }

    package let cause: Cause
    /// The line of its log that says most about it, or nothing.
    package let lastWords: String

    /// An end.
    package init(_ cause: Cause, lastWords: String = "") {
        self.cause = cause
        self.lastWords = lastWords
    }

    package var description: String {
        let text =
            switch cause {
            case .status(0): "it ended by itself with status 0"
            case .status(let status): "exit status \(status)"
            case .signal(let number): "signal \(number)" + (signalName(number).map { " (\($0))" } ?? "")
            }
        return lastWords.isEmpty ? text : "\(text): \(lastWords)"
    }
}

/// Names of the signals that end processes.
private func signalName(_ number: Int32) -> String? {
    let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
        8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 31: "SIGSYS",
    ]
    return names[number]
}

/// What a process says of itself over the bus.
package enum BusWord: Sendable, Hashable {
    case starting
    case ready
    case degraded(String)
    case draining
}

/// A session of a process, as the router lists it.
package struct BusSession: Sendable, Hashable {
    package let word: BusWord
    /// When it began, by the supervisor's clock; rather too early than too late.
    package let began: UInt64

    /// A session.
    package init(_ word: BusWord, began: UInt64) {
        self.word = word
        self.began = began
    }
}

/// What happens to the supervisor; processes are named by their place among the rules.
package enum SupervisorEvent: Sendable, Hashable {
    /// The node is to run.
    case begin
    case started(Int, pid: Int32)
    case notStarted(Int, why: String)
    case ended(Int, ProcessEnd)
    /// The router answered at a time: who has a session, by place.
    case report([Int: BusSession], at: UInt64)
    /// The router was asked and does not answer.
    case silence
    case restart(Int, wish: UInt64)
    /// Another program is to take the place, for as long as this supervisor runs.
    case replace(Int, with: String, wish: UInt64)
    /// All processes are to drain, in order.
    case stop
    /// No patience is left for draining.
    case hurry
    case tick
}

/// What the supervisor is to do.
package enum SupervisorAction: Sendable, Hashable {
    /// Start a process with its own program (nil) or another one; `started` or `notStarted` follows.
    case start(Int, program: String?)
    case terminate(Int)
    case kill(Int)
    case tell(Notice)
    /// What became of a wish.
    case answer(wish: UInt64, isGood: Bool, text: String)
    /// All have ended after `stop`.
    case finished
}

/// Something a person may want to know.
package struct Notice: Sendable, Hashable {
    /// How bad it is; raw values are those of `spacenode.system.v1.Event`.
    package enum Severity: UInt32, Sendable {
        case info = 0
        case attention = 1
        case error = 2
    }

    package let severity: Severity
    package let process: String
    package let what: String
    /// What the supervisor does next.
    package let next: String
    /// What it means for the node.
    package let effect: String
    /// A command.
    package let fix: String
    /// By the supervisor's clock.
    package let since: UInt64

    init(
        _ severity: Severity, _ process: String, _ what: String, next: String = "", effect: String = "",
        fix: String = "", since: UInt64
    ) {
        self.severity = severity
        self.process = process
        self.what = what
        self.next = next
        self.effect = effect
        self.fix = fix
        self.since = since
    }
}

/// Milliseconds as people write seconds: `0.5 s`, `30 s`.
func seconds(_ milliseconds: UInt64) -> String {
    let (whole, rest) = (milliseconds / 1000, milliseconds % 1000 / 100)
    return rest == 0 || whole >= 10 ? "\(whole) s" : "\(whole).\(rest) s"
}
