internal import CLinux
internal import Foundation
internal import NodeConfiguration
internal import SupervisorProcess

/// Clock, memory, limits and ports of the machine.
struct MachineChecks {
    let view: NodeView

    var findings: [Finding] { [clock, memory, files] + ports }

    private var clock: Finding {
        var state = timex()
        let answer = adjtimex(&state)
        guard answer >= 0 else {
            return Finding("clock", .unknown, "the kernel does not say whether the clock is kept right")
        }
        if answer == TIME_ERROR || state.status & STA_UNSYNC != 0 {
            return Finding(
                "clock", .warn, "the clock is not kept by NTP",
                effect: "a clock that is off makes proofs late",
                fix: "apt-get install chrony")
        }
        return Finding("clock", .ok, "kept by NTP, error at most \(state.maxerror / 1000) ms")
    }

    private var memory: Finding {
        let lines =
            (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8))?.split(separator: "\n") ?? []
        func kibibytes(_ name: String) -> UInt64? {
            lines.first { $0.hasPrefix("\(name):") }?.split(separator: " ").dropFirst().first.flatMap {
                UInt64($0)
            }
        }
        guard let total = kibibytes("MemTotal"), let free = kibibytes("MemAvailable"), total > 0 else {
            return Finding("memory", .unknown, "the kernel does not say how much is free")
        }
        let own = view.processes.compactMap(\.residentBytes).reduce(0, +)
        let text =
            "\(byteCount(free << 10)) of \(byteCount(total << 10)) free; the node uses \(byteCount(own))"
        guard free < total / 20 else { return Finding("memory", .ok, text) }
        return Finding(
            "memory", .warn, text, effect: "the kernel kills a process when there is none left",
            fix: "ps -eo pid,rss,comm --sort -rss | head")
    }

    private var files: Finding {
        let living = view.processes.compactMap { process in
            process.pid.flatMap { pid in ProcFile.openFiles(pid).map { (process.name, pid, $0) } }
        }
        guard !living.isEmpty else { return Finding("files", .unknown, "no process of the node lives") }
        if let (name, pid, open) = living.first(where: { UInt64($0.2.used) > $0.2.limit / 10 * 9 }) {
            return Finding(
                "files", .bad, "\(name) has \(open.used) files open, and may have \(open.limit)",
                effect: "it can soon open no more: connections and storage fail",
                fix: "prlimit --pid \(pid) --nofile=65536:65536")
        }
        let least = living.map(\.2.limit).min() ?? 0
        guard least < 4096 else { return Finding("files", .ok, "each process may have \(least) files open") }
        return Finding(
            "files", .warn, "a process may have \(least) files open",
            effect: "too few for many peers and a large store",
            fix: "ulimit -Hn 65536, then spacenode down; spacenode up")
    }

    /// Of a node that does not run: whether somebody else has its ports.
    private var ports: [Finding] {
        guard let plan = try? NodePlan(view.paths, portBase: nil), let tcp = plan.tcp else {
            return [Finding("ports", .ok, "the bus listens on no port")]
        }
        if view.report != nil {
            return [Finding("ports", .ok, "the bus listens on \(view.report?.tcp ?? "?")")]
        }
        let taken = Preflight.ports(plan)
        if taken.isEmpty { return [Finding("ports", .ok, "\(tcp.port) and \(tcp.port + 1) are free")] }
        return taken.map {
            Finding(
                "ports", .bad, $0, effect: "the node does not start",
                fix: "spacenode up --port-base \(tcp.port + 1000)")
        }
    }
}
