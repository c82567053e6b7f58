package import Foundation
internal import Yams

/// A machine that may connect over CURVE.
package struct MachineEntry: Sendable, Hashable {
    package let name: String
    package let role: String
    /// Public key in Z85, 40 characters.
    package let key: String

    /// A machine of the list.
    package init(name: String, role: String, key: String) {
        self.name = name
        self.role = role
        self.key = key
    }
}

/// `machines.yaml`: who may connect over CURVE, and as what.
package struct MachineFile: Sendable {
    package let path: String
    package private(set) var machines: [MachineEntry] = []

    /// Reads the list; a file that is not there is an empty one.
    /// - Throws: `ConfigurationError` with all faults.
    package init(path: String) throws {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        let root = MappingReader(try compose(String(decoding: data, as: UTF8.self), path), file: path)
        let entries = root.mappings("machines")
        machines = entries.map { entry in
            for key in ["name", "role", "key"] { entry.require(key, "each machine has name, role and key") }
            let key = entry.string("key") ?? ""
            if !key.isEmpty, key.utf8.count != 40 {
                entry.fault(entry.line(of: "key"), "`key` must be 40 characters of Z85")
            }
            return MachineEntry(name: entry.string("name") ?? "", role: entry.string("role") ?? "", key: key)
        }
        unique(machines.map(\.name), entries, "name")
        unique(machines.map(\.key), entries, "key")
        for entry in entries { _ = entry.finish() }
        let faults = root.finish(with: entries)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
    }

    /// Reads the list, changes it and writes it, with nobody else in between.
    /// - Throws: what `body` throws, or `ConfigurationError`.
    package static func change<R>(_ path: String, _ body: (inout MachineFile) throws -> R) throws -> R {
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            throw ConfigurationError([
                .init(file: path, line: 0, text: "cannot be locked: check that this user may write \(folder)")
            ])
        }
        defer { close(lock) }
        var file = try MachineFile(path: path)
        return try body(&file)
    }

    /// Lists a machine; the same name gets the new key and role.
    /// - Throws: when the key belongs to another machine, or the file cannot be written.
    package mutating func allow(_ machine: MachineEntry) throws {
        if let other = machines.first(where: { $0.key == machine.key && $0.name != machine.name }) {
            throw ConfigurationError([
                .init(
                    file: path, line: 0,
                    text: "this key is listed as \(other.name): spacenode machine revoke \(other.name) first")
            ])
        }
        machines.removeAll { $0.name == machine.name }
        machines.append(machine)
        try write()
    }

    /// Takes a machine off the list.
    /// - Returns: false when no machine has that name.
    package mutating func revoke(_ name: String) throws -> Bool {
        guard machines.contains(where: { $0.name == name }) else { return false }
        machines.removeAll { $0.name == name }
        try write()
        return true
    }

    /// Whole or not at all: a new file takes the old one's place.
    private func write() throws {
        var text =
            "# Machines that may connect over CURVE. Written by: spacenode machine allow|revoke\nmachines:\n"
        for machine in machines {
            text +=
                "  - name: '\(machine.name)'\n    role: '\(machine.role)'\n    key: '\(quoted(machine.key))'\n"
        }
        try writeFile(path, Data(text.utf8))
    }

    private func quoted(_ text: String) -> String {
        text.replacingOccurrences(of: "'", with: "''")
    }
}

/// Writes a file of mode 0600 in one step: temporary file, fsync, rename.
/// - Throws: `ConfigurationError` that names the path.
package func writeFile(_ path: String, _ data: Data) throws {
    let folder = (path as NSString).deletingLastPathComponent
    // Two that write at the same time each have their own.
    let temporary = "\(path).\(getpid()).new"
    do {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: data, attributes: [.posixPermissions: 0o600])
        else {
            throw CocoaError(.fileWriteUnknown)
        }
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: temporary))
        try handle.synchronize()
        try handle.close()
        guard rename(temporary, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
        unlink(temporary)
        throw ConfigurationError([
            .init(
                file: path, line: 0,
                text: "cannot be written: check that this user may write \(folder) and that the disk has room"
            )
        ])
    }
}
