internal import Foundation
internal import NodeConfiguration
internal import NodeProtocol
internal import SupervisorProcess

/// Supervisor and processes.
struct NodeChecks {
    let view: NodeView

    var findings: [Finding] {
        guard !view.isNothing else {
            return [
                Finding(
                    "node", .warn, "no node runs for \(view.paths.data)",
                    effect: "nothing is earned, nothing is served",
                    fix: "spacenode up"),
                Finding("processes", .unknown, "they can be looked at when the node runs"),
            ]
        }
        return supervisor + processes + [restarts, versions, orphans].compactMap { $0 }
    }

    private var supervisor: [Finding] {
        if let report = view.report {
            return [Finding("node", .ok, "supervisor pid \(report.pid), up \(age(report.since, view.at))")]
        }
        return view.attentions.filter { $0.process.isEmpty }.prefix(1).map {
            Finding("node", .bad, $0.what, effect: $0.effect, fix: $0.fix)
        }
    }

    private var processes: [Finding] {
        view.processes.map { process in
            let trouble = view.attentions.first { $0.process == process.name }
            if let trouble {
                let result: Finding.Result = trouble.severity == "error" ? .bad : .warn
                return Finding("processes", result, trouble.what, effect: trouble.effect, fix: trouble.fix)
            }
            switch process.state {
            case "ready": return Finding("processes", .ok, "\(process.name) is READY")
            case "unknown":
                return Finding(
                    "processes", .unknown, "\(process.name): nobody can say how it is",
                    fix: "spacenode logs \(process.name)")
            default:
                return Finding(
                    "processes", .warn, "\(process.name) is \(stateText(process))",
                    effect: "it does not serve yet",
                    fix: "spacenode logs \(process.name)")
            }
        }
    }

    private var restarts: Finding? {
        guard let report = view.report else { return nil }
        let died = report.processes.filter { ($0.restarts ?? 0) > 0 }
        guard let worst = died.max(by: { ($0.restarts ?? 0) < ($1.restarts ?? 0) }) else {
            return Finding("restarts", .ok, "none since the node started")
        }
        let all = died.map { "\($0.name) \($0.restarts ?? 0)" }.joined(separator: ", ")
        return Finding(
            "restarts", .warn, "\(all); \(worst.name) last: \(worst.lastEnd ?? "?")",
            effect: "what it had under way was lost each time", fix: "spacenode logs \(worst.name)")
    }

    private var versions: Finding? {
        let builds = view.sessions.map { String(decoding: $0.build, as: UTF8.self) }
        let known = Dictionary(grouping: zip(view.sessions, builds), by: { version($0.1) })
        guard !known.isEmpty else { return nil }
        guard known.count > 1 || known[Version.number] == nil else {
            return Finding("versions", .ok, "all are \(Version.number)")
        }
        let text = known.sorted { $0.key < $1.key }.map { version, members in
            let names = members.map { String(decoding: $0.0.name, as: UTF8.self) }.joined(separator: ", ")
            return "\(version.isEmpty ? "no version" : version): \(names)"
        }.joined(separator: "; ")
        return Finding(
            "versions", .warn, "this command is \(Version.number); \(text)",
            effect: "contracts are checked, but untested together", fix: "spacenode down; spacenode up")
    }

    /// `0.1.0 (abc)` and `0.1.0` are one version.
    private func version(_ build: String) -> String {
        build.split(separator: " ").first.map(String.init) ?? ""
    }

    /// Marked processes that the supervisor does not know.
    private var orphans: Finding? {
        guard let report = view.report else { return nil }
        let known = Set(report.processes.compactMap(\.pid))
        // What a process started itself is in its group.
        let strangers = view.marked.filter { !known.contains($0.pid) && !known.contains(getpgid($0.pid)) }
        guard let first = strangers.first else {
            return Finding("orphans", .ok, "no process is left of an earlier supervisor")
        }
        return Finding(
            "orphans", .bad,
            "left of an earlier supervisor: \(strangers.map { "\($0.name) (pid \($0.pid))" }.joined(separator: ", "))",
            effect: "two of a kind may work on the same files", fix: "kill \(first.pid)")
    }
}
