internal import Foundation

/// What `node.yaml` says.
package struct NodeFile: Sendable, Equatable {
    /// One entry of `processes`; nil: not stated.
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var isEnabled: Bool?
        package var role: String?
        package var program: String?
        package var arguments: [String]?
        package var environment: [String: String]
        package var drainSeconds: Int?
    }

    /// The port of the bus that all others are counted from.
    package static let usualPortBase = 7600

    package var portBase = Self.usualPortBase
    package var entries: [Entry] = []

    /// The defaults.
    package init() {}

    /// Reads the text of the file.
    /// - Parameter roles: names that a process may have as role.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String, roles: [String]) throws -> NodeFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = NodeFile()
        // PoET's REST port has the largest distance, 480.
        result.portBase = root.integer("port_base", 1024...65_000) ?? usualPortBase
        let readers = root.mappings("processes")
        result.entries = readers.map { entry($0, roles) }
        unique(result.entries.map(\.name), readers, "name")
        for reader in readers { _ = reader.finish() }
        let faults = root.finish(with: readers)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    private static func entry(_ reader: MappingReader, _ roles: [String]) -> Entry {
        let entry = Entry(
            name: reader.string("name") ?? "", isEnabled: reader.bool("enabled"), role: reader.string("role"),
            program: reader.string("program"), arguments: reader.optionalStrings("arguments"),
            environment: reader.texts("environment"), drainSeconds: reader.integer("drain", 1...600))
        reader.require("name", "as `spacenode status` is to show it")
        let line = reader.line(of: "name")
        if entry.name == "supervisor" {
            reader.fault(line, "`name` supervisor is taken by `spacenode up`: choose another")
        } else if !entry.name.isEmpty, entry.name.wholeMatch(of: /[a-z0-9.-]{1,48}/) == nil {
            reader.fault(line, "`name` is \(entry.name): 1 to 48 of a-z, 0-9, '.', '-'")
        }
        check(entry, reader, roles)
        return entry
    }

    private static func check(_ entry: Entry, _ reader: MappingReader, _ roles: [String]) {
        if let role = entry.role, !roles.contains(role) {
            let hint = nearest(role, among: roles).map { "did you mean `\($0)`?" } ?? "name it in router.yaml"
            reader.fault(reader.line(of: "role"), "`role` \(role) is not known: \(hint)")
        }
        let known = NodeProcess.all.map(\.name)
        if entry.name.isEmpty || known.contains(entry.name) { return }
        let hint = nearest(entry.name, among: known).map { "did you mean `\($0)`? A" } ?? "a"
        for (key, value) in [("role", entry.role), ("program", entry.program)] where value == nil {
            reader.fault(
                reader.line(of: "name"),
                "`\(key)` is missing, as no process of the node is called \(entry.name): \(hint) process of your own has role and program"
            )
        }
    }

    /// The processes that are to run, in the order of their start.
    package var processes: [NodeProcess] {
        var result = NodeProcess.all
        for entry in entries {
            if let place = result.firstIndex(where: { $0.name == entry.name }) {
                Self.apply(entry, to: &result[place])
            } else {
                var own = NodeProcess(
                    name: entry.name, role: entry.role ?? "", program: entry.program ?? "", arguments: [])
                Self.apply(entry, to: &own)
                result.append(own)
            }
        }
        return result.filter(\.isEnabled)
    }

    private static func apply(_ entry: Entry, to process: inout NodeProcess) {
        if let role = entry.role { process.role = role }
        if let program = entry.program { process.program = program }
        if let arguments = entry.arguments { process.arguments = arguments }
        if let isEnabled = entry.isEnabled { process.isEnabled = isEnabled }
        if let drain = entry.drainSeconds { process.drainSeconds = drain }
        process.environment.merge(entry.environment) { $1 }
    }
}
