internal import Foundation
internal import NodeConfiguration
internal import SupervisorProcess

/// What `up` shows: a picture that is drawn anew on a terminal, lines for what changes when piped, or JSON.
struct UpOutput {
    private let isJSON: Bool
    /// The supervisor's log has all that there is to say.
    private let isQuiet: Bool
    private let isLive: Bool
    /// Lines on the screen that are drawn over.
    private var drawn = 0
    private var known: [String: String] = [:]
    private var wasReadyTold = false
    private var lastJSON = ""

    init(isJSON: Bool, isQuiet: Bool) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        isLive = Terminal.isLive && !isJSON && !isQuiet
    }

    /// Says what was made.
    func begin(_ plan: NodePlan, isNew: Bool, written: [String]) {
        guard !isJSON, !isQuiet else { return }
        put("data      \(plan.paths.data)\(isNew ? " (new)" : "")\n")
        let news = written.isEmpty ? "" : "   written: \(written.joined(separator: ", "))"
        put("config    \(plan.paths.config)\(news)\n")
    }

    /// The node has changed, or half a second went by; nil: only the lines are new.
    mutating func show(_ report: NodeReport?, _ lines: [String]) {
        guard !isQuiet else { return }
        if isJSON {
            if let report { showJSON(report) }
            return
        }
        above(lines)
        guard let report else { return }
        if isLive {
            draw(UpScreen(report: report, columns: Terminal.size.columns).lines)
        } else {
            showChanges(report)
        }
    }

    private mutating func showJSON(_ report: NodeReport) {
        // What changes all the time is no change.
        let key = report.processes.map { "\($0.name) \($0.state) \($0.pid ?? 0)" }.joined(separator: "\n")
        guard key != lastJSON || report.isStopping else { return }
        lastJSON = key
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(report) else { return }
        put(String(decoding: data, as: UTF8.self) + "\n")
    }

    private mutating func showChanges(_ report: NodeReport) {
        for process in report.processes {
            let text = "\(process.state) \(process.pid ?? 0) \(process.reason ?? "")"
            // A death has its own line, and a start says nothing until it is READY.
            guard known[process.name] != text, ["ready", "degraded", "unknown"].contains(process.state)
            else {
                continue
            }
            known[process.name] = text
            put(UpScreen.plainLine(process, report) + "\n")
        }
        guard report.isAllReady, !wasReadyTold, let after = report.readyAfter else { return }
        wasReadyTold = true
        put("all READY after \(String(format: "%.2f", Double(after) / 1000)) s\n")
    }

    // MARK: - The picture

    /// Lines that stay, with the time on a terminal.
    private mutating func above(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        guard isLive else {
            for line in lines { put("\(line)\n") }
            return
        }
        if drawn > 0 { put("\r\u{1b}[\(drawn)A\u{1b}[J") }
        drawn = 0
        let time = Terminal.time(wallMilliseconds() * 1_000_000).prefix(8)
        let indent = String(repeating: " ", count: 10)
        for line in lines.flatMap({ wrapped("\(time)  ", $0, indent, Terminal.size.columns) }) {
            put("\(line)\n")
        }
    }

    private mutating func draw(_ lines: [String]) {
        let room = max(1, Terminal.size.rows - 1)
        let shown = lines.prefix(room).map(Terminal.cut)
        // A ^C that the terminal echoed has moved the cursor.
        let up = drawn > 0 ? "\r\u{1b}[\(drawn)A" : ""
        put(up + shown.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J")
        drawn = shown.count
    }

    /// Writes what can be written: a terminal that has gone away ends nothing.
    private func put(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Shows on a thread of its own: a terminal that is stopped, or a pipe that nobody reads, holds up no supervisor.
///
/// `@unchecked Sendable`: `report`, `lines` and the flags are touched under the condition's lock, `output` by the
/// thread alone once it runs.
final class UpDisplay: @unchecked Sendable {
    private let condition = NSCondition()
    private var output: UpOutput
    private var report: NodeReport?
    private var lines: [String] = []
    private var isIdle = true

    /// Lines that wait to be shown at most; the log has them all.
    private static let maxLines = 1000

    init(_ output: UpOutput) {
        self.output = output
        let thread = Thread { [self] in
            while true { showNext() }
        }
        thread.name = "display"
        thread.start()
    }

    /// Takes what is to be shown, and returns at once.
    func show(_ report: NodeReport?, _ lines: [String]) {
        condition.lock()
        self.report = report ?? self.report
        self.lines += lines
        if self.lines.count > Self.maxLines { self.lines.removeFirst(self.lines.count - Self.maxLines) }
        isIdle = false
        condition.broadcast()
        condition.unlock()
    }

    private func showNext() {
        condition.lock()
        while report == nil, lines.isEmpty {
            isIdle = true
            condition.broadcast()
            condition.wait()
        }
        let (report, lines) = (self.report, self.lines)
        self.report = nil
        self.lines = []
        condition.unlock()
        output.show(report, lines)
    }

    /// Waits until all is shown, a second at most.
    func finish() {
        let end = Date() + 1
        condition.lock()
        while !isIdle, condition.wait(until: end) {}
        condition.unlock()
    }
}
