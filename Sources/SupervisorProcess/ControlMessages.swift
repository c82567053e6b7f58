internal import SupervisorCore

/// What a command asks of the supervisor: one line of JSON.
package struct ControlRequest: Codable, Sendable, Hashable {
    /// What to do.
    package enum Verb: String, Codable, Sendable {
        case report, down, restart
    }

    package var verb: Verb
    /// Of `restart`: which process, and the program that is to take its place.
    package var name: String?
    package var program: String?

    /// A request.
    package init(_ verb: Verb, name: String? = nil, program: String? = nil) {
        self.verb = verb
        self.name = name
        self.program = program
    }
}

/// What the supervisor answers: lines of JSON, the last of them has `isGood`.
package struct ControlReply: Codable, Sendable {
    package var report: NodeReport?
    /// Progress, or the outcome, for people.
    package var text: String?
    /// Whether the wish was carried out; nil: more follows.
    package var isGood: Bool?

    /// A line of an answer.
    package init(report: NodeReport? = nil, text: String? = nil, isGood: Bool? = nil) {
        self.report = report
        self.text = text
        self.isGood = isGood
    }
}

/// The node as its supervisor sees it; times are Unix milliseconds.
package struct NodeReport: Codable, Sendable {
    package var version: String
    package var data: String
    package var run: String
    /// Of the supervisor.
    package var pid: Int32
    package var since: UInt64
    /// When the report was made.
    package var at: UInt64
    package var isStopping: Bool
    package var isAllReady: Bool
    /// From the start to the first moment when all were READY, in milliseconds; nil: not yet.
    package var readyAfter: UInt64?
    /// Since when the router does not answer; nil: it does.
    package var routerSilentSince: UInt64?
    package var bus: String
    package var tcp: String?
    package var processes: [ProcessReport]
    package var attentions: [AttentionReport]
}

/// One process of a report; nil: unknown, or there is none.
package struct ProcessReport: Codable, Sendable {
    package var name: String
    /// Empty: unknown.
    package var role: String
    /// `waiting`, `starting`, `ready`, `degraded`, `draining`, `unknown`, `dead`, `stopped`.
    package var state: String
    package var reason: String?
    /// Of the state; 0: unknown.
    package var since: UInt64
    package var pid: Int32?
    package var startedAt: UInt64?
    /// When it is started again.
    package var startsAt: UInt64?
    /// Starts that nobody asked for; nil: nobody counts.
    package var restarts: Int?
    package var lastEnd: String?
    package var lastEndAt: UInt64?
    /// Path.
    package var program: String?
    package var residentBytes: UInt64?
    package var sentMessages: UInt64?
    package var receivedMessages: UInt64?
    package var build: String?
}

extension ProcessReport {
    /// A process of which nobody tells more.
    package init(name: String, pid: Int32?, residentBytes: UInt64?) {
        self.init(name: name, role: "", state: "unknown", since: 0, pid: pid, residentBytes: residentBytes)
    }
}

/// Something that needs somebody.
package struct AttentionReport: Codable, Sendable {
    /// `attention` or `error`.
    package var severity: String
    package var process: String
    package var what: String
    package var since: UInt64
    package var next: String
    package var effect: String
    package var fix: String

    init(_ notice: Notice, since: UInt64) {
        severity = notice.severity == .error ? "error" : "attention"
        process = notice.process
        what = notice.what
        self.since = since
        next = notice.next
        effect = notice.effect
        fix = notice.fix
    }

    /// Something that no supervisor says.
    package init(_ what: String, effect: String, fix: String, since: UInt64) {
        severity = "attention"
        process = ""
        self.what = what
        self.since = since
        next = ""
        self.effect = effect
        self.fix = fix
    }
}
