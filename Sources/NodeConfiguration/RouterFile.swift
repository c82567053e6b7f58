internal import Foundation
internal import Yams

/// What `router.yaml` says; nil: the default.
package struct RouterFile: Sendable, Equatable {
    /// One type of somebody else's contract.
    package struct TypeEntry: Sendable, Equatable {
        package var number: Int
        package var name: String
        package var pattern: String
        package var trafficClass: String
        package var ttlMilliseconds: Int
        package var maxBytes: Int
        package var isSensitive: Bool
        package var callers: [String]
    }

    /// One contract of somebody else.
    package struct ContractEntry: Sendable, Equatable {
        package var number: Int
        package var name: String
        package var minor: Int
        package var providers: [String]
        package var types: [TypeEntry]
    }

    /// One role of somebody else.
    package struct RoleEntry: Sendable, Equatable {
        package var number: Int
        package var name: String
    }

    /// `HOST:PORT` of the control lane, nil: ipc only.
    package var tcp: String?
    package var maxSessions: Int?
    package var maxWindowBytes: Int?
    package var heartbeatMilliseconds: Int?
    package var trafficBytes: Int?
    package var roles: [RoleEntry] = []
    package var contracts: [ContractEntry] = []

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> RouterFile {
        guard let data = FileManager.default.contents(atPath: path) else { return RouterFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> RouterFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = RouterFile()
        result.tcp = root.string("tcp")
        if let tcp = result.tcp, split(tcp) == nil {
            root.fault(root.line(of: "tcp"), "`tcp` is \(tcp): write HOST:PORT, such as 127.0.0.1:7600")
        }
        result.maxSessions = root.integer("max_sessions", 1...4096)
        result.maxWindowBytes = root.integer("max_window_bytes", 1 << 20...1 << 50)
        result.heartbeatMilliseconds = root.integer("heartbeat_ms", 100...10_000)
        result.trafficBytes = root.integer("traffic_bytes", 0...1 << 32)
        let roles = root.mappings("roles")
        result.roles = roles.map(role)
        let contracts = root.mappings("contracts")
        var types: [MappingReader] = []
        result.contracts = contracts.map { contract($0, &types) }
        unique(result.roles.map(\.number), roles, "number")
        unique(result.roles.map(\.name), roles, "name")
        unique(result.contracts.map(\.number), contracts, "number")
        let inner = roles + contracts + types
        for reader in inner { _ = reader.finish() }
        let faults = root.finish(with: inner)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    private static func role(_ reader: MappingReader) -> RoleEntry {
        let number = reader.integer("number", 32...62)
        reader.require("number", "32 to 62")
        let name = reader.string("name")
        reader.require("name", "as tokens/<name> and machine lists write it")
        if let name, name.wholeMatch(of: /[a-z0-9-]{1,32}/) == nil {
            reader.fault(reader.line(of: "name"), "`name` is \(name): 1 to 32 of a-z, 0-9, '-'")
        }
        return RoleEntry(number: number ?? 0, name: name ?? "")
    }

    private static func contract(_ reader: MappingReader, _ types: inout [MappingReader]) -> ContractEntry {
        let number = reader.integer("number", 0x4000...0xffff)
        reader.require("number", "16384 (0x4000) to 65535 are free for others")
        let inner = reader.mappings("types")
        types += inner
        let entries = inner.map(type)
        unique(entries.map(\.number), inner, "number")
        return ContractEntry(
            number: number ?? 0, name: reader.string("name") ?? "",
            minor: reader.integer("minor", 0...65_535) ?? 0,
            providers: reader.strings("providers"), types: entries)
    }

    private static func type(_ reader: MappingReader) -> TypeEntry {
        let number = reader.integer("number", 1...65_535)
        reader.require("number", "the method's number in its contract")
        return TypeEntry(
            number: number ?? 0, name: reader.string("name") ?? "",
            pattern: choice(reader, "pattern", ["call", "event", "downStream", "upStream"]),
            trafficClass: choice(reader, "class", ["normal", "bulk", "urgent"]),
            ttlMilliseconds: reader.integer("ttl_ms", 1...3_600_000) ?? 5000,
            maxBytes: reader.integer("max_bytes", 1...4_194_304) ?? 4_194_304,
            isSensitive: reader.bool("sensitive") ?? false, callers: reader.strings("callers"))
    }

    private static func choice(_ reader: MappingReader, _ key: String, _ choices: [String]) -> String {
        guard let value = reader.string(key) else { return choices[0] }
        if !choices.contains(value) {
            reader.fault(
                reader.line(of: key), "`\(key)` is \(value): one of \(choices.joined(separator: ", "))")
        }
        return value
    }
}

/// Parses YAML; what is no YAML is one fault with its line.
func compose(_ text: String, _ file: String) throws -> Node? {
    do {
        return try Yams.compose(yaml: text)
    } catch let error as YamlError {
        if case .scanner(_, let problem, let mark, _) = error {
            throw ConfigurationError([
                .init(file: file, line: mark.line, text: "\(problem): mend the YAML here")
            ])
        }
        if case .parser(_, let problem, let mark, _) = error {
            throw ConfigurationError([
                .init(file: file, line: mark.line, text: "\(problem): mend the YAML here")
            ])
        }
        throw ConfigurationError([.init(file: file, line: 0, text: "cannot be read as YAML: \(error)")])
    }
}

/// `HOST:PORT` in two; the data lane needs the port after it.
package func split(_ address: String) -> (host: String, port: Int)? {
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
        (1...65_534).contains(port), colon != address.startIndex
    else { return nil }
    return (String(address[..<colon]), port)
}
