internal import Foundation
package import NodeBus
package import NodeConfiguration

/// One process with all that its start needs.
package struct PlannedProcess: Sendable {
    package let process: NodeProcess
    /// Its role's number on the bus.
    package let role: BusRole
    /// Absolute.
    package let program: String
    package let arguments: [String]
    package let environment: [String: String]
    package let log: String

    package var name: String { process.name }
}

/// The node that is to run: the configuration with everything looked up.
package struct NodePlan: Sendable {
    package let paths: NodePaths
    package let processes: [PlannedProcess]
    /// What keeps the node from running: each names its fix.
    package let problems: [String]
    /// Where the bus listens for other machines; nil: nowhere.
    package let tcp: (host: String, port: Int)?
    package let portBase: Int

    /// Roles that come with the node.
    package static let roles =
        ["router"]
        + (2..<32).map { BusRole(rawValue: $0).name }.filter {
            BusRole(name: $0) != nil
        }

    /// Reads the configuration, which has no faults any more, and looks up the programs.
    /// - Parameter portBase: goes over `node.yaml`.
    /// - Throws: `ConfigurationError`.
    package init(_ paths: NodePaths, portBase: Int?) throws {
        let router = try RouterFile.read(paths.routerFile)
        let text = FileManager.default.contents(atPath: paths.nodeFile).map {
            String(decoding: $0, as: UTF8.self)
        }
        let file = try NodeFile.parse(
            text ?? "", file: paths.nodeFile, roles: Self.roles + router.roles.map(\.name))
        let base = portBase ?? file.portBase
        let shift = base - NodeFile.usualPortBase
        self.paths = paths
        self.portBase = base
        tcp = router.tcp.flatMap(split).map { ($0.host, $0.port + shift) }
        var problems: [String] = []
        var planned: [PlannedProcess] = []
        for (place, process) in file.processes.enumerated() {
            var process = process
            if process.name == "router", shift != 0, let tcp {
                process.arguments += ["--tcp", "\(tcp.host):\(tcp.port)"]
            }
            guard let program = Programs.find(process.program, below: paths.data) else {
                problems.append(Self.missing(process, paths))
                continue
            }
            let own = router.roles.first { $0.name == process.role }.map {
                BusRole(rawValue: UInt32($0.number))
            }
            planned.append(
                PlannedProcess(
                    process: process, role: own ?? BusRole(name: process.role) ?? BusRole(rawValue: 1),
                    program: program, arguments: process.arguments(Self.values(process, paths)),
                    environment: Self.environment(process, paths, place, base),
                    log: "\(paths.logs)/\(process.name).log"))
        }
        if !planned.contains(where: { $0.name == "router" }), problems.isEmpty {
            problems.append(
                "\(paths.nodeFile): the router is not enabled, and nothing runs without it: take `enabled: false` out"
            )
        }
        if let tcp, tcp.port > 65_534 {
            problems.append("port \(tcp.port) of the bus is over 65534: give a smaller --port-base")
        }
        self.problems = problems
        processes = planned
    }

    private static func missing(_ process: NodeProcess, _ paths: NodePaths) -> String {
        process.program.contains("/")
            ? "program \(process.program) of \(process.name) is not there or may not be executed: mend it in \(paths.nodeFile)"
            : "program \(process.program) of \(process.name) is neither beside spacenode nor on the PATH: install it, or set `enabled: false` in \(paths.nodeFile)"
    }

    private static func values(_ process: NodeProcess, _ paths: NodePaths) -> [String: String] {
        ["data": paths.data, "run": paths.run, "bus": "ipc:\(paths.run)", "name": process.name]
    }

    private static func environment(
        _ process: NodeProcess, _ paths: NodePaths, _ place: Int, _ portBase: Int
    ) -> [String: String] {
        let mark = ProcessMark(data: paths.data, place: place, drainSeconds: process.drainSeconds)
        var own = process.environment
        own["SPACENODE_DATA"] = paths.data
        own["SPACENODE_BUS"] = "ipc:\(paths.run)"
        own["SPACENODE_NAME"] = process.name
        own["SPACENODE_PORT_BASE"] = "\(portBase)"
        own[ProcessMark.variable] = mark.text
        return own
    }
}

/// Where programs are.
package enum Programs {
    /// Folder of the running program, then those of the PATH.
    package static var folders: [String] {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return [own] + path.split(separator: ":").map(String.init)
    }

    /// A program's absolute path, nil when there is none that may be executed.
    /// - Parameter folder: where a path that is not absolute begins.
    package static func find(_ name: String, below folder: String) -> String? {
        let candidates: [String]
        if name.hasPrefix("/") {
            candidates = [name]
        } else if name.contains("/") {
            candidates = [URL(fileURLWithPath: "\(folder)/\(name)").standardizedFileURL.path]
        } else {
            candidates = folders.map { "\($0)/\(name)" }
        }
        return candidates.first { isProgram($0) }
    }

    private static func isProgram(_ path: String) -> Bool {
        var isFolder = ObjCBool(false)
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && access(path, X_OK) == 0
    }
}
