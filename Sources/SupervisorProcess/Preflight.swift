internal import Foundation
package import NodeConfiguration

/// All that keeps a node from running, at once; each line names its fix.
package struct PreflightError: Error, CustomStringConvertible {
    package let problems: [String]

    /// At least one problem.
    package init(problems: [String]) {
        self.problems = problems
    }

    package var description: String { problems.joined(separator: "\n") }
}

/// What is made and looked at before a node runs.
package enum Preflight {
    /// Free bytes and inodes below which nothing is started.
    package static let leastBytes: UInt64 = 64 << 20
    package static let leastInodes: UInt64 = 1000

    /// Makes the data directory with its folders, for nobody else to read.
    /// - Returns: whether it is new.
    /// - Throws: `SupervisorFault`.
    package static func makeFolders(_ paths: NodePaths) throws -> Bool {
        let isNew = !FileManager.default.fileExists(atPath: paths.data)
        for folder in [paths.data, paths.config, paths.keys, paths.logs] {
            if let why = makeFolder(folder) {
                throw SupervisorFault(
                    "cannot make \(folder): \(why); give this user the data directory, or another with --data"
                )
            }
        }
        return isNew
    }

    /// Makes a folder and those above it.
    /// - Returns: why it cannot be used, if it cannot.
    private static func makeFolder(_ path: String) -> String? {
        var prefix = ""
        for part in path.split(separator: "/") {
            prefix += "/\(part)"
            if mkdir(prefix, 0o700) != 0, errno != EEXIST { return String(cString: strerror(errno)) }
        }
        return access(path, R_OK | W_OK | X_OK) == 0 ? nil : String(cString: strerror(errno))
    }

    /// Writes the missing configuration files, and looks at everything that nothing has to be ended for.
    /// - Returns: the plan, and the names of the files that were written.
    /// - Throws: `PreflightError`.
    package static func plan(_ paths: NodePaths, portBase: Int?) throws -> (plan: NodePlan, written: [String])
    {
        var problems = disk(paths) + runDirectory(paths)
        var written: [String] = []
        if problems.isEmpty {
            do { written = try ConfigurationFiles.writeMissing(paths) } catch { problems.append("\(error)") }
        }
        problems += ConfigurationFiles.faults(paths, roles: NodePlan.roles).map(\.description)
        guard problems.isEmpty else { throw PreflightError(problems: problems) }
        let plan = try NodePlan(paths, portBase: portBase)
        guard plan.problems.isEmpty else { throw PreflightError(problems: plan.problems) }
        return (plan, written)
    }

    /// Room on the disk of the data directory; nil: unknown.
    package static func room(_ path: String) -> (bytes: UInt64, inodes: UInt64?)? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        return (UInt64(info.f_bavail) * UInt64(info.f_frsize), info.f_files > 0 ? UInt64(info.f_favail) : nil)
    }

    private static func disk(_ paths: NodePaths) -> [String] {
        guard let room = room(paths.data) else { return [] }
        var problems: [String] = []
        if room.bytes < leastBytes {
            problems.append(
                "\(paths.data) has \(room.bytes >> 20) MiB free, and \(leastBytes >> 20) MiB are needed: make room, or choose another with --data"
            )
        }
        if let inodes = room.inodes, inodes < leastInodes {
            problems.append(
                "\(paths.data) has room for \(inodes) more files, and \(leastInodes) are needed: delete small files there, or choose another with --data"
            )
        }
        return problems
    }

    private static func runDirectory(_ paths: NodePaths) -> [String] {
        guard let why = makeFolder(paths.run) else { return [] }
        return ["cannot write \(paths.run), the folder of the sockets: \(why); give another with --run-dir"]
    }

    /// Ports that are to be listened on and that another process has.
    package static func ports(_ plan: NodePlan) -> [String] {
        guard let tcp = plan.tcp else { return [] }
        return [tcp.port, tcp.port + 1].compactMap { port in
            guard Ports.isTaken(tcp.host, port) else { return nil }
            let holder = Ports.holder(port).map { " by \($0)" } ?? ""
            return
                "port \(port) on \(tcp.host) is taken\(holder): stop that, or shift all ports with --port-base N, or change `tcp` in \(plan.paths.routerFile)"
        }
    }
}

/// Listening sockets of this machine.
package enum Ports {
    /// Whether a port cannot be listened on; false as well when the host is no IPv4 address, as the router then says it.
    package static func isTaken(_ host: String, _ port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return (status != 0 && errno == EADDRINUSE) || (status == 0 && listen(descriptor, 1) != 0)
    }

    /// Which process listens on a port, such as `nginx (pid 812)`; nil: it cannot be seen.
    package static func holder(_ port: Int) -> String? {
        guard let inode = inode(port) else { return nil }
        let numbers =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        let owner = numbers.first { pid in
            let folder = "/proc/\(pid)/fd"
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return files.contains { file in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(file)"))
                    == "socket:[\(inode)]"
            }
        }
        return owner.map { "\(ProcFile.name($0) ?? "a process") (pid \($0))" }
    }

    private static func inode(_ port: Int) -> Substring? {
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in ProcFile.text(file)?.split(separator: "\n").dropFirst() ?? [] {
                let fields = line.split(separator: " ")
                // Address, then the state: 0A listens.
                guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                    Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port
                else { continue }
                return fields[9]
            }
        }
        return nil
    }
}
