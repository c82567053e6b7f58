internal import Foundation
internal import NodeConfiguration
internal import SupervisorProcess

/// Configuration and data directory.
struct FileChecks {
    let paths: NodePaths

    var findings: [Finding] {
        guard FileManager.default.fileExists(atPath: paths.data) else {
            return [
                Finding(
                    "data", .warn, "\(paths.data) is not there", effect: "no node was started here yet",
                    fix: "spacenode up --data \(paths.data)")
            ]
        }
        return configuration + [modes] + [room].compactMap { $0 } + [runDirectory]
    }

    private var configuration: [Finding] {
        let faults = ConfigurationFiles.faults(paths, roles: NodePlan.roles)
        let bad = faults.map { fault in
            Finding(
                "config", .bad, fault.description, effect: "the node does not start with it",
                fix: "${EDITOR:-nano} " + (fault.line > 0 ? "+\(fault.line) " : "") + fault.file)
        }
        return (bad.isEmpty ? [Finding("config", .ok, "\(paths.config) has no faults")] + missing : bad)
            + strangers
    }

    /// Programs that the configuration names and that are not there.
    private var missing: [Finding] {
        guard let plan = try? NodePlan(paths, portBase: nil) else { return [] }
        return plan.problems.map {
            Finding(
                "config", .bad, $0, effect: "the node does not start with it",
                fix: "${EDITOR:-nano} \(paths.nodeFile)")
        }
    }

    /// Files that nobody reads, as a slip in their name makes them.
    private var strangers: [Finding] {
        let known = ConfigurationFiles.names
        let files = (try? FileManager.default.contentsOfDirectory(atPath: paths.config)) ?? []
        return files.filter { $0.hasSuffix(".yaml") && !known.contains($0) }.sorted().compactMap { name in
            guard let near = nearest(name, among: known) else { return nil }
            return Finding(
                "config", .warn, "\(paths.config)/\(name) is read by nobody",
                effect: "what it says has no effect",
                fix: "mv \(paths.config)/\(name) \(paths.config)/\(near)")
        }
    }

    // MARK: - Who may read

    private var modes: Finding {
        let folders = [paths.data, paths.keys, paths.config].filter { isOpen($0, 0o077) }
        let keys = (try? FileManager.default.contentsOfDirectory(atPath: paths.keys)) ?? []
        let files = keys.filter { $0.hasSuffix(".key") }.map { "\(paths.keys)/\($0)" }.filter {
            isOpen($0, 0o077)
        }
        guard !(folders + files).isEmpty else {
            return Finding("modes", .ok, "data directory and keys are for this user alone")
        }
        let fixes =
            (folders.isEmpty ? [] : ["chmod 700 \(folders.joined(separator: " "))"])
            + (files.isEmpty ? [] : ["chmod 600 \(files.joined(separator: " "))"])
        return Finding(
            "modes", files.isEmpty ? .warn : .bad,
            "others may look into \((folders + files).joined(separator: ", "))",
            effect: files.isEmpty
                ? "other users of this machine can read what lies there" : "they can speak as this machine",
            fix: fixes.joined(separator: "; "))
    }

    private func isOpen(_ path: String, _ bits: Int) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? Int).map { $0 & bits != 0 } ?? false
    }

    // MARK: - Room

    private var room: Finding? {
        guard let room = Preflight.room(paths.data) else {
            return Finding("disk", .unknown, "the file system of \(paths.data) does not say what room it has")
        }
        let free = byteCount(room.bytes)
        if room.bytes < Preflight.leastBytes || room.inodes.map({ $0 < Preflight.leastInodes }) ?? false {
            return Finding(
                "disk", .bad,
                "\(paths.data) has \(free) free, and room for \(room.inodes.map(grouped) ?? "?") files",
                effect: "storage stops writing, and nothing can be started",
                fix: "du -xh \(paths.data) | sort -h | tail")
        }
        if room.bytes < 5 << 30 {
            return Finding(
                "disk", .warn, "\(paths.data) has \(free) free",
                effect: "storage stops writing when it is full",
                fix: "du -xh \(paths.data) | sort -h | tail")
        }
        return Finding("disk", .ok, "\(free) free")
    }

    private var runDirectory: Finding {
        guard FileManager.default.fileExists(atPath: paths.run) else {
            return Finding("sockets", .ok, "\(paths.run) is made when the node starts")
        }
        if access(paths.run, R_OK | W_OK | X_OK) != 0 {
            return Finding(
                "sockets", .bad, "this user may not write \(paths.run)",
                effect: "the node cannot be started or asked",
                fix: "chown -R $(id -u) \(paths.run)")
        }
        if isOpen(paths.run, 0o077) {
            return Finding(
                "sockets", .bad, "others may look into \(paths.run)", effect: "they can take part in the bus",
                fix: "chmod 700 \(paths.run)")
        }
        return Finding("sockets", .ok, "\(paths.run) is for this user alone")
    }
}
