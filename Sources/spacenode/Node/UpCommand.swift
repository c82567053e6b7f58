internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// `spacenode up`: starts the node and keeps it running.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the node on this machine, and keep it running.",
        discussion: """
            Makes the data directory and its commented configuration where they are missing, starts the processes, starts
            those that die again, and shows how they are until Ctrl-C; then they drain in order. A second Ctrl-C kills
            what is left.
            """)

    @OptionGroup var common: CommonOptions
    @Flag(
        name: .shortAndLong, help: "Return when all processes are READY; the node goes on in the background.")
    var detach = false
    @Option(help: "First port; all ports shift with it (default: port_base of node.yaml, 7600).")
    var portBase: Int?
    @Flag(help: .hidden) var background = false

    /// How long `--detach` waits.
    private static let patience = 10.0

    func validate() throws {
        guard (1024...65_000).contains(portBase ?? 7600) else {
            throw ValidationError("--port-base \(portBase ?? 0): 1024 to 65000")
        }
    }

    func run() async throws {
        let paths = try common.paths()
        let isNew = try Preflight.makeFolders(paths)
        if background { Background.leave() }
        if NodeLock.isHeld(paths) { return try saySecond(paths) }
        let (plan, written) = try Preflight.plan(paths, portBase: portBase)
        if detach { return try startDetached(plan, isNew, written) }
        guard let lock = try NodeLock(paths) else { return try saySecond(paths) }
        let output = UpOutput(isJSON: common.json, isQuiet: background)
        Signals.watch()
        output.begin(plan, isNew: isNew, written: written)
        let display = UpDisplay(output)
        MarkedProcess.end(MarkedProcess.all(of: paths.data)) {
            display.show(nil, ["left behind by a supervisor that was killed: \($0)"])
        }
        let taken = Preflight.ports(plan)
        guard taken.isEmpty else { throw PreflightError(problems: taken) }
        raiseFileLimit()
        try await Supervisor.run(plan, version: Version.text) { display.show($0, $1) }
        display.finish()
        withExtendedLifetime(lock) {}
    }

    /// Processes inherit it; a store keeps many files open.
    private func raiseFileLimit() {
        var limit = rlimit()
        let which = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(which, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(which, &limit)
    }

    // MARK: - One that runs already

    private func saySecond(_ paths: NodePaths) throws {
        // It may have begun a moment ago, and ends processes that are left over before it listens.
        let end = Date() + Self.patience
        var report = try ControlClient.report(paths)
        while report == nil, NodeLock.isHeld(paths), Date() < end {
            usleep(20_000)
            report = try ControlClient.report(paths)
        }
        guard let report else {
            let holder = NodeLock.holder(paths)
            let pid = holder.map { "\($0.pid)" } ?? "unknown"
            throw CommandFault(
                "a supervisor (pid \(pid)) holds \(paths.nodeLock) but takes no commands: if this lasts, kill -9 \(pid) and run spacenode up again"
            )
        }
        if common.json { return try printJSON(report) }
        print(
            "the node runs already: pid \(report.pid), since \(localTime(report.since)); see it: spacenode status, stop it: spacenode down"
        )
    }

    // MARK: - In the background

    private func startDetached(_ plan: NodePlan, _ isNew: Bool, _ written: [String]) throws {
        let paths = plan.paths
        var output = UpOutput(isJSON: common.json, isQuiet: false)
        output.begin(plan, isNew: isNew, written: written)
        let log = "\(paths.logs)/supervisor.log"
        var words = ["up", "--background", "--data", paths.data, "--run-dir", paths.run]
        if let portBase { words += ["--port-base", "\(portBase)"] }
        let length = LogFile(log).size
        let supervisor = try Background(words, log: log)
        let end = Date() + Self.patience
        var report: NodeReport?
        while Date() < end, supervisor.isAlive {
            usleep(10_000)
            guard let now = try ControlClient.report(paths) else { continue }
            if now.isAllReady || report.map({ differs($0, now) }) ?? true { output.show(now, []) }
            report = now
            if now.isAllReady { return finish(now) }
        }
        guard supervisor.isAlive else {
            // Another one was faster.
            if NodeLock.isHeld(paths) { return try saySecond(paths) }
            // Lines with a time are of the log, those without of the one who complains.
            let words = LogFile(log).end(since: length).split(separator: "\n").filter {
                LogTime.milliseconds($0) == nil
            }
            throw CommandFault(
                words.isEmpty ? "the supervisor ended at once: see \(log)" : words.joined(separator: "\n"))
        }
        try sayLate(report)
    }

    private func differs(_ old: NodeReport, _ new: NodeReport) -> Bool {
        old.processes.map(\.state) != new.processes.map(\.state)
    }

    private func finish(_ report: NodeReport) {
        if common.json { return }
        print(
            "in the background: pid \(report.pid)   see: spacenode status, top, tap, logs -f   stop: spacenode down"
        )
    }

    private func sayLate(_ report: NodeReport?) throws {
        let late = report?.processes.filter { $0.state != "ready" } ?? []
        if !common.json {
            for process in late {
                let why = process.reason ?? process.lastEnd ?? "see spacenode logs \(process.name)"
                print(
                    "not READY after \(Int(Self.patience)) s: \(process.name) is \(stateText(process)): \(why)"
                )
            }
            print("the node goes on in the background   see: spacenode status   stop: spacenode down")
        }
        throw ExitCode(1)
    }
}
