internal import Foundation
internal import LabCore
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// A node of a lab on this machine.
struct LabNode: Sendable {
    /// What a node is doing.
    enum State: String, Sendable {
        /// All its processes are READY.
        case ready
        /// Its supervisor runs, and not all are READY.
        case partly
        /// It was stopped by a signal.
        case stopped
        /// Nothing of it runs.
        case down
        /// It does not answer, or runs without a supervisor.
        case unknown
    }

    let planned: PlannedNode
    let paths: NodePaths

    init(_ planned: PlannedNode) throws {
        self.planned = planned
        paths = try NodePaths(data: planned.folder, environment: [:])
    }

    /// All of a lab, in their order.
    static func all(_ plan: LabPlan) throws -> [LabNode] { try plan.nodes.map { try LabNode($0) } }

    /// Where its bus is.
    var bus: String { "ipc:\(paths.run)" }

    /// Its supervisor first, as that one would start the others again.
    var processes: [Int32] {
        (NodeLock.holder(paths).map { [$0.pid] } ?? []) + MarkedProcess.all(of: paths.data).map(\.pid)
    }

    /// Whether anything of it runs.
    var isRunning: Bool { NodeLock.isHeld(paths) || !MarkedProcess.all(of: paths.data).isEmpty }

    /// What it is doing, and how many of its processes are READY.
    var state: (state: State, ready: Int, of: Int) {
        guard let holder = NodeLock.holder(paths) else {
            return (MarkedProcess.all(of: paths.data).isEmpty ? .down : .unknown, 0, 0)
        }
        if Self.isStopped(holder.pid) { return (.stopped, 0, 0) }
        guard let report = try? ControlClient.report(paths) else { return (.unknown, 0, 0) }
        let ready = report.processes.filter { $0.state == "ready" }.count
        return (report.isAllReady ? .ready : .partly, ready, report.processes.count)
    }

    /// Its processes by name, as its supervisor says.
    /// - Throws: `CommandFault` when none runs.
    func named() throws -> [(name: String, pid: Int32)] {
        guard let report = try ControlClient.report(paths) else {
            throw CommandFault("\(planned.name) does not run: spacenode lab start \(planned.name) starts it")
        }
        return report.processes.compactMap { process in process.pid.map { (process.name, $0) } }
    }

    /// Ends all of it at once, as when its power fails.
    func kill() {
        // A supervisor that is killed a moment later than it was listed may have started one more.
        for _ in 0..<50 {
            let numbers = processes
            if numbers.isEmpty { return }
            for pid in numbers { Glibc.kill(pid, SIGKILL) }
            usleep(20_000)
        }
    }

    /// Sends a signal to all of it.
    func signal(_ number: Int32) {
        for pid in processes { Glibc.kill(pid, number) }
    }

    /// The folder of the sockets of the node to which a process belongs; nil: there is none that is its own.
    static func runFolder(of pid: Int32) -> String? {
        let variables =
            FileManager.default.contents(atPath: "/proc/\(pid)/environ")?.split(separator: 0) ?? []
        let bus = "SPACENODE_BUS=ipc:"
        let own = variables.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix(bus) }
        return own.map { String($0.dropFirst(bus.count)) }.flatMap {
            $0.hasPrefix("/run/spacenode/") ? $0 : nil
        }
    }

    private static func isStopped(_ pid: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return false }
        return text[end...].dropFirst(2).first == "T"
    }
}

/// Starts and ends nodes.
enum LabNodes {
    /// Nodes that start or end at the same time: each is a handful of processes.
    private static var atOnce: Int { max(2, ProcessInfo.processInfo.activeProcessorCount) }

    /// Starts those that do not run, and waits until all are READY.
    /// - Throws: `CommandFault` with what the first one said that did not start.
    static func start(_ nodes: [LabNode], seconds: Double = 60) throws {
        guard let program = Programs.find("spacenode", below: "/") else {
            throw CommandFault(
                "spacenode is neither beside spacenode-lab nor on the PATH: build or install it")
        }
        let jobs = try nodes.filter { !NodeLock.isHeld($0.paths) }.map { node in
            try Namespaces.job(
                node.planned.namespace, node.planned.name, program,
                ["up", "--detach", "--data", node.planned.folder])
        }
        // 1: it goes on in the background, and not all of it was READY within its patience.
        let outcomes = try Jobs.run(jobs, atOnce: atOnce, seconds: seconds) { outcome in
            note("\(outcome.name): \(outcome.status.map { $0 < 2 ? "started" : "failed" } ?? "too slow")")
        }
        for outcome in outcomes where outcome.status != 1 { try outcome.check() }
        let end = Date() + seconds
        var late = nodes
        while true {
            late = late.filter { $0.state.state != .ready }
            if late.isEmpty { return }
            guard Date() < end else { break }
            usleep(100_000)
        }
        let names = late.map(\.planned.name).joined(separator: ", ")
        let folder = late.first?.planned.folder ?? ""
        throw CommandFault(
            "not READY after \(Int(seconds)) s: \(names): see spacenode status --data \(folder)")
    }

    /// Ends those that run, in order; what does not end is killed.
    static func end(_ nodes: [LabNode], seconds: Double = 90) throws {
        let running = nodes.filter(\.isRunning)
        for node in running { node.signal(SIGCONT) }
        if let program = Programs.find("spacenode", below: "/") {
            let jobs = running.map { node in
                Job(
                    name: node.planned.name, program: program, words: ["down", "--data", node.planned.folder])
            }
            // They wait more than they work.
            _ = try Jobs.run(jobs, atOnce: 4 * atOnce, seconds: seconds) { outcome in
                note("\(outcome.name): \(outcome.status == 0 ? "down" : "did not end in order, killed")")
            }
        }
        kill(nodes)
    }

    /// Ends them at once.
    static func kill(_ nodes: [LabNode]) {
        for node in nodes {
            node.kill()
            for pid in Namespaces.processes(node.planned.namespace) { Glibc.kill(pid, SIGKILL) }
            try? FileManager.default.removeItem(atPath: node.paths.run)
        }
    }
}
