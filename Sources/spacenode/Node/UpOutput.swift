internal import Foundation
internal import NodeConfiguration
internal import SupervisorProcess
internal import Synchronization

/// What `up` shows: a picture that is drawn anew on a terminal, lines for what changes when piped, or JSON.
final class UpOutput: Sendable {
    private let isJSON: Bool
    /// The supervisor's log has all that there is to say.
    private let isQuiet: Bool
    private let isLive: Bool
    private let state = Mutex(State())

    private struct State {
        /// Lines on the screen that are drawn over.
        var drawn = 0
        var known: [String: String] = [:]
        var wasReadyTold = false
        var lastJSON = ""
    }

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

    /// A line that stays.
    func line(_ text: String) {
        state.withLock { above([text], &$0) }
    }

    /// The node has changed, or half a second went by.
    func show(_ report: NodeReport, _ lines: [String]) {
        guard !isQuiet else { return }
        state.withLock { state in
            if isJSON { return showJSON(report, &state) }
            if isLive {
                above(lines.map { "\(Terminal.time(report.at * 1_000_000).prefix(8))  \($0)" }, &state)
                draw(UpScreen(report: report, columns: Terminal.size.columns).lines, &state)
            } else {
                showChanges(report, lines, &state)
            }
        }
    }

    private func showJSON(_ report: NodeReport, _ state: inout State) {
        // What changes all the time is no change.
        let key = report.processes.map { "\($0.name) \($0.state) \($0.pid ?? 0)" }.joined(separator: "\n")
        guard key != state.lastJSON || report.isStopping else { return }
        state.lastJSON = key
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(report) else { return }
        put(String(decoding: data, as: UTF8.self) + "\n")
    }

    private func showChanges(_ report: NodeReport, _ lines: [String], _ state: inout State) {
        for line in lines { put("\(line)\n") }
        for process in report.processes {
            let text = "\(process.state) \(process.pid ?? 0) \(process.reason ?? "")"
            // A death has its own line, and a start says nothing until it is READY.
            guard state.known[process.name] != text, ["ready", "degraded", "unknown"].contains(process.state)
            else {
                continue
            }
            state.known[process.name] = text
            put(UpScreen.plainLine(process, report) + "\n")
        }
        guard report.isAllReady, !state.wasReadyTold, let after = report.readyAfter else { return }
        state.wasReadyTold = true
        put("all READY after \(String(format: "%.2f", Double(after) / 1000)) s\n")
    }

    // MARK: - The picture

    private func above(_ lines: [String], _ state: inout State) {
        guard !lines.isEmpty, !isQuiet, !isJSON else { return }
        clear(&state)
        for line in lines { put("\(line)\n") }
    }

    private func clear(_ state: inout State) {
        if state.drawn > 0 { put("\u{1b}[\(state.drawn)A\u{1b}[J") }
        state.drawn = 0
    }

    private func draw(_ lines: [String], _ state: inout State) {
        let room = max(1, Terminal.size.rows - 1)
        let shown = lines.prefix(room).map(Terminal.cut)
        let up = state.drawn > 0 ? "\u{1b}[\(state.drawn)A" : ""
        put(up + shown.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J")
        state.drawn = shown.count
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
