internal import ArgumentParser
internal import Foundation
internal import LabCore
internal import NodeCommand
internal import NodeConfiguration

/// Which lab a command means.
struct LabPlace: ParsableArguments {
    @Option(help: "The lab's folder (default: SPACENODE_LAB, else ./lab).")
    var dir: String?

    @Flag(help: "Print JSON.")
    var json = false

    /// Absolute, without symbolic links where it exists: a folder with two names is one lab.
    var folder: String {
        let chosen = dir ?? ProcessInfo.processInfo.environment["SPACENODE_LAB"] ?? "./lab"
        return URL(fileURLWithPath: chosen).standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// The lab that is in the folder.
    /// - Throws: `CommandFault` when there is none.
    func plan() throws -> LabPlan {
        let file = "\(folder)/lab.yaml"
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFault(
                "there is no lab in \(folder): spacenode lab up makes one, --dir names another")
        }
        return try LabPlan(
            LabFile.parse(String(decoding: data, as: UTF8.self), file: file), folder: folder)
    }

    /// Runs `body` while no other command starts or ends something of the lab.
    /// - Throws: `CommandFault` when another one does; what `body` throws.
    func alone<Value>(_ body: () async throws -> Value) async throws -> Value {
        let path = "\(folder)/lab.lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFault.system("\(path) cannot be opened") }
        defer { close(file) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFault("another command starts or ends nodes of \(folder): wait for it, or end it")
        }
        return try await body()
    }
}

extension CommandFault {
    /// A fault with what the system says of it.
    static func system(_ what: String) -> CommandFault {
        CommandFault("\(what) (\(String(cString: strerror(errno)))): see to the rights and the room there")
    }
}
