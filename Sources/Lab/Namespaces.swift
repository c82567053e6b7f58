internal import Foundation
internal import LabCore
internal import NodeCommand

/// Network namespaces with names: one a node.
enum Namespaces {
    /// Where `ip` keeps their names.
    static let folder = "/run/netns"

    /// Those whose names begin so.
    static func all(_ prefix: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasPrefix(prefix)
        }.sorted()
    }

    /// Makes those of a lab that are not there.
    static func make(_ plan: LabPlan) throws {
        let there = all(plan.prefix)
        let lines = plan.nodes.map(\.namespace).filter { !there.contains($0) }.map { "netns add \($0)\n" }
        try batch([], lines.joined(), plan)
    }

    /// Gives each node its address, once its TUN is there.
    static func setInterfaces(_ plan: LabPlan) throws {
        for (node, commands) in zip(plan.nodes, plan.interfaceCommands) {
            try batch(["-n", node.namespace], commands, plan)
        }
    }

    /// Removes those of a lab; their processes have to be gone.
    static func remove(_ plan: LabPlan) throws {
        try batch([], all(plan.prefix).map { "netns del \($0)\n" }.joined(), plan)
    }

    /// Removes them all, of any lab.
    static func remove(_ names: [String]) throws {
        let jobs = try names.map { name in
            Job(name: "netns del \(name)", program: try ip(), words: ["netns", "del", name])
        }
        try Jobs.run(jobs, atOnce: 1, seconds: 10).forEach { try $0.check() }
    }

    /// Processes that are in one.
    static func processes(_ namespace: String) -> [Int32] {
        guard let own = inode("\(folder)/\(namespace)") else { return [] }
        let numbers =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return numbers.filter { inode("/proc/\($0)/ns/net") == own }
    }

    /// Words that run a program in one.
    static func job(_ namespace: String, _ name: String, _ program: String, _ words: [String]) throws -> Job {
        Job(name: name, program: try ip(), words: ["netns", "exec", namespace, program] + words)
    }

    private static func inode(_ path: String) -> UInt64? {
        var info = stat()
        return stat(path, &info) == 0 ? UInt64(info.st_ino) : nil
    }

    private static func ip() throws -> String {
        guard let ip = Ground.ip else {
            throw CommandFault("the program ip is not there: apt-get install iproute2")
        }
        return ip
    }

    /// One `ip` for many commands: a process each would take longer than all the rest.
    private static func batch(_ words: [String], _ commands: String, _ plan: LabPlan) throws {
        guard !commands.isEmpty else { return }
        let path = "\(plan.folder)/ip.batch"
        try writeText(path, commands)
        defer { unlink(path) }
        _ = try Jobs.output(Job(name: "ip", program: ip(), words: words + ["-batch", path]))
    }
}

/// Writes a file that only this user may read.
func writeText(_ path: String, _ text: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw CommandFault.system("\(path) cannot be written") }
    defer { close(file) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard count > 0 else { throw CommandFault.system("\(path) cannot be written") }
        bytes = bytes.dropFirst(count)
    }
}
