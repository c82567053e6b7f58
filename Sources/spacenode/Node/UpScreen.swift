internal import Foundation
internal import SupervisorProcess

/// A process's state as people read it; what nobody knows is called so.
func stateText(_ process: ProcessReport) -> String {
    process.state.uppercased()
}

/// The picture that `up` draws: a function of the supervisor's report.
struct UpScreen {
    let report: NodeReport
    let columns: Int

    var lines: [String] {
        Array(tableLines(["", "", ">", ">", ">", ""], report.processes.map(row)).dropFirst())
            + attentions + ["", foot]
    }

    private func row(_ process: ProcessReport) -> [String] {
        [
            process.name, stateText(process), process.pid.map { "pid \($0)" } ?? "",
            process.startedAt.map { age($0, report.at) } ?? "", process.residentBytes.map(byteCount) ?? "",
            Self.facts(process, report),
        ]
    }

    private var attentions: [String] {
        guard !report.attentions.isEmpty else { return [] }
        return [""] + report.attentions.flatMap { attentionLines($0, at: report.at, columns: columns) }
    }

    private var foot: String {
        if report.processes.allSatisfy({ $0.state == "stopped" }) { return "the node is down" }
        if report.isStopping { return "draining   Ctrl-C again kills what is left" }
        let count = report.processes.filter { $0.state == "ready" }.count
        let ready = "\(count) of \(report.processes.count) READY"
        let all = report.readyAfter.map { "all READY after \(Double($0 / 10) / 100) s" } ?? ready
        return (report.isAllReady ? all : ready) + "   Ctrl-C stops   see: spacenode status, top, tap, logs"
    }

    /// What there is to say beside the state.
    static func facts(_ process: ProcessReport, _ report: NodeReport) -> String {
        var facts: [String] = []
        if let restarts = process.restarts, restarts > 0 {
            facts.append("\(restarts) restart\(restarts == 1 ? "" : "s")")
        }
        switch process.state {
        case "dead":
            let wait = process.startsAt.map { $0 > report.at ? $0 - report.at : 0 } ?? 0
            facts.append("starts again in \(duration(wait))")
        // That the router is silent is said once, below.
        case "unknown" where report.routerSilentSince != nil: break
        case "degraded", "unknown", "waiting": if let reason = process.reason { facts.append(reason) }
        default: break
        }
        if process.name == "router" { facts += [report.bus] + (report.tcp.map { [$0] } ?? []) }
        return facts.joined(separator: "   ")
    }

    /// A line for a pipe.
    static func plainLine(_ process: ProcessReport, _ report: NodeReport) -> String {
        let name = padded(process.name, 9)
        let pid = process.pid.map { "  pid \($0)" } ?? ""
        let facts = facts(process, report)
        return "\(name) \(stateText(process))\(pid)" + (facts.isEmpty ? "" : "  \(facts)")
    }
}

/// A trouble with what it means and what mends it, wrapped to the terminal.
func attentionLines(_ attention: AttentionReport, at now: UInt64, columns: Int) -> [String] {
    let mark = attention.severity == "error" ? "ERROR  " : "ATTENTION  "
    let since = attention.since > 0 ? " (\(age(attention.since, now)) ago)" : ""
    let rest = [attention.effect, attention.next].filter { !$0.isEmpty }.joined(separator: "; ")
    return wrapped(mark, attention.what + since, "  ", columns)
        + (rest.isEmpty ? [] : wrapped("  ", rest, "  ", columns))
        + ["  fix: \(attention.fix)"]
}

/// Text in lines of a width, broken at spaces.
/// - Parameters:
///   - first: stands before the first line.
///   - indent: stands before the others.
func wrapped(_ first: String, _ text: String, _ indent: String, _ columns: Int) -> [String] {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > columns {
            lines.append(line)
            line = indent
            isEmpty = true
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return lines + [line]
}
