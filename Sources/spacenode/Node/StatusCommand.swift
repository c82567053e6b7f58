internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol
internal import SupervisorProcess

/// `spacenode status`: the node on one screen.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The node on one screen: processes, messages, and what needs attention.",
        discussion: """
            Exit status: 0 all is well, 1 something needs attention, 2 no node runs. Works without the router and
            without the supervisor too: what nobody can say is called unknown.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let view = try await NodeView(common)
        guard !view.isNothing else {
            if common.json {
                try printJSON(StatusJSON(view))
                throw ExitCode(2)
            }
            throw CommandFault("no node runs for \(view.paths.data): spacenode up starts it")
        }
        if common.json {
            try printJSON(StatusJSON(view))
        } else {
            let columns = Terminal.isLive ? Terminal.size.columns : 100
            for line in StatusScreen(view: view, columns: columns).lines { print(Terminal.cut(line)) }
        }
        if !StatusScreen.isWell(view) { throw ExitCode(1) }
    }
}

/// The screen: a function of what is known.
struct StatusScreen {
    let view: NodeView
    let columns: Int

    /// Whether nothing needs attention.
    static func isWell(_ view: NodeView) -> Bool {
        view.attentions.isEmpty && (view.report?.isAllReady ?? false)
    }

    var lines: [String] {
        [node, bus, ""]
            + tableLines(
                ["PROCESS", "STATE", ">FOR", ">PID", ">UP", ">MEMORY", ">SENT", ">RECEIVED", ">RESTARTS"],
                view.processes.map(row))
            + reasons + attentions
    }

    private var node: String {
        guard let report = view.report else {
            return "NODE  supervisor unknown: none answers   \(view.paths.data)"
        }
        let count = report.processes.filter { $0.state == "ready" }.count
        let ready = report.isAllReady ? "all READY" : "\(count) of \(report.processes.count) READY"
        let stopping = report.isStopping ? ", draining" : ""
        return
            "NODE  \(ready)\(stopping)   up \(age(report.since, view.at))   pid \(report.pid)   \(report.data)"
    }

    private var bus: String {
        guard let stats = view.stats else {
            let since = view.report?.routerSilentSince.map { " since \(age($0, view.at))" } ?? ""
            return "BUS   unknown\(since): the router does not answer"
        }
        let refused = stats.refused + stats.expired + stats.late
        return
            "BUS   \(grouped(stats.routedMessages)) messages, \(byteCount(stats.routedBytes))   refused or late \(grouped(refused))   events in gaps \(grouped(stats.gaps))   waiting \(stats.parkedMessages)"
    }

    private func row(_ process: ProcessReport) -> [String] {
        let isUnsupervised = view.report == nil
        return [
            process.name, stateText(process), process.since > 0 ? age(process.since, view.at) : "?",
            process.pid.map(String.init) ?? (isUnsupervised ? "?" : "-"),
            process.startedAt.map { age($0, view.at) } ?? (isUnsupervised ? "?" : "-"),
            process.residentBytes.map(byteCount) ?? (process.pid == nil && !isUnsupervised ? "-" : "?"),
            messages(process, process.sentMessages), messages(process, process.receivedMessages),
            process.restarts.map(String.init) ?? "?",
        ]
    }

    /// The router has no session with itself.
    private func messages(_ process: ProcessReport, _ count: UInt64?) -> String {
        process.name == "router" ? "-" : count.map(grouped) ?? "?"
    }

    /// Why a process is as it is, and how it ended before.
    private var reasons: [String] {
        let known = Set(view.attentions.map(\.process))
        return view.processes.flatMap { process -> [String] in
            var parts: [String] = []
            // That the router is silent is said once.
            if let reason = process.reason, !known.contains(process.name), view.stats != nil {
                parts.append(reason)
            }
            if let end = process.lastEnd, let at = process.lastEndAt, process.state != "dead" {
                parts.append("ended \(age(at, view.at)) ago: \(end)")
            }
            guard !parts.isEmpty else { return [] }
            return wrapped("  \(process.name)  ", parts.joined(separator: "; "), "    ", columns)
        }
    }

    private var attentions: [String] {
        let all = view.attentions
        return all.isEmpty ? [] : [""] + all.flatMap { attentionLines($0, at: view.at, columns: columns) }
    }
}

/// What `status --json` prints; what is absent is unknown.
struct StatusJSON: Encodable {
    let isWell: Bool
    let isRunning: Bool
    let data: String
    let run: String
    let at: UInt64
    let node: NodeReport?
    let processes: [ProcessReport]
    let attentions: [AttentionReport]
    let routedMessages: UInt64?
    let routedBytes: UInt64?
    let refused: UInt64?
    let expired: UInt64?
    let late: UInt64?
    let gaps: UInt64?
    let waitingMessages: UInt64?

    init(_ view: NodeView) {
        isWell = StatusScreen.isWell(view)
        isRunning = !view.isNothing
        data = view.paths.data
        run = view.paths.run
        at = view.at
        node = view.report
        processes = view.processes
        attentions = view.attentions
        routedMessages = view.stats?.routedMessages
        routedBytes = view.stats?.routedBytes
        refused = view.stats?.refused
        expired = view.stats?.expired
        late = view.stats?.late
        gaps = view.stats?.gaps
        waitingMessages = view.stats?.parkedMessages
    }
}
