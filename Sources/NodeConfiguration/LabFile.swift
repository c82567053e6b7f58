internal import Foundation
package import LabCore

/// A file of `config/networks` that describes a lab: whole nodes on one machine, and the lines between them.
package enum LabFile {
    /// Names of the labs that come with the node.
    package static let known = ["lab-4", "lab-7", "lab-24"]

    /// Text of a lab that comes with the node, or of the file of a path.
    /// - Throws: `ConfigurationError` when there is none.
    package static func text(_ nameOrPath: String) throws -> String {
        let bytes: [UInt8]
        switch nameOrPath {
        case "lab-4": bytes = PackageResources.lab_4_yaml
        case "lab-7": bytes = PackageResources.lab_7_yaml
        case "lab-24": bytes = PackageResources.lab_24_yaml
        default:
            guard let data = FileManager.default.contents(atPath: nameOrPath) else {
                let text =
                    "there is no such lab or file: give \(known.joined(separator: ", ")) or the path of a file"
                throw ConfigurationError([.init(file: nameOrPath, line: 0, text: text)])
            }
            bytes = [UInt8](data)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the text of a lab.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> LabSetup {
        let root = MappingReader(try compose(text, file), file: file)
        let reader = LabReader(root)
        let setup = LabSetup(
            name: reader.name(), network: reader.network(), changes: root.texts("changes"),
            seed: UInt64(root.integer("seed", 0...Int.max) ?? 1), peers: root.integer("peers", 1...63) ?? 4,
            without: reader.without(), lines: [], profiles: [])
        let nodes = reader.nodes()
        let faults = reader.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        var whole = setup
        (whole.lines, whole.profiles) = (nodes.map(\.line), nodes.map(\.profile))
        return whole
    }
}

/// Reads the fields of a lab; each fault is noted, and something harmless stands in for the value.
private final class LabReader {
    private let root: MappingReader
    private var inner: [MappingReader] = []

    init(_ root: MappingReader) { self.root = root }

    func finish() -> [ConfigurationFault] { root.finish(with: inner) }

    func name() -> String {
        root.require("lab", "what it is called")
        let name = root.string("lab") ?? "lab"
        if name.wholeMatch(of: /[a-z0-9-]{1,32}/) == nil {
            root.fault(root.line(of: "lab"), "`lab` is \(name): 1 to 32 of a-z, 0-9 and -")
        }
        return name
    }

    func network() -> String {
        root.require(
            "network", "whose numbers it has: \(NetworkFile.known.joined(separator: ", ")), or a path")
        return root.string("network") ?? "devnet"
    }

    /// Processes that are not started; the router has to be.
    func without() -> [String] {
        let names = root.strings("without")
        let known = NodeProcess.all.map(\.name) + ["p2p"]
        for name in names where !known.contains(name) || name == "router" {
            let hint = nearest(name, among: known).map { "did you mean `\($0)`?" } ?? "take it out"
            root.fault(
                root.line(of: "without"),
                name == "router"
                    ? "`without` has the router, and nothing runs without it: take it out"
                    : "`without` has \(name), which no process of a node is called: \(hint)")
        }
        return names
    }

    // MARK: - Lines

    func nodes() -> [(line: Line, profile: String)] {
        root.require("nodes", "how many, 1 to \(LabLimit.nodes)")
        let count = root.integer("nodes", 1...LabLimit.nodes) ?? 1
        let profiles = profiles()
        let usual = profile(root.string("profile") ?? "free", "profile", profiles)
        var result = Array(repeating: usual, count: count)
        let names = (1...count).map { "n\($0)" }
        for (words, profile) in root.texts("lines").sorted(by: { $0.key < $1.key }) {
            let other = self.profile(profile, "lines", profiles)
            do throws(LabFault) {
                guard case .nodes(let nodes) = try Place(words, names: names) else {
                    throw LabFault("\(words) is a way: name nodes, such as n1 or n1..n3")
                }
                for node in nodes { result[node] = other }
            } catch {
                root.fault(root.line(of: "lines"), "`lines`: \(error)")
            }
        }
        return result
    }

    private func profile(
        _ name: String, _ key: String, _ profiles: [String: Line]
    ) -> (line: Line, profile: String) {
        if let line = profiles[name] { return (line, name) }
        let hint = nearest(name, among: profiles.keys.sorted()).map { "did you mean `\($0)`?" }
        root.fault(
            root.line(of: key),
            "`\(key)` has \(name), which no profile is called: \(hint ?? "describe it under `profiles`")")
        return (Line(), name)
    }

    /// By name; `free` keeps nothing back.
    private func profiles() -> [String: Line] {
        let entries = root.mappings("profiles")
        inner += entries
        unique(entries.map { $0.string("name") ?? "" }, entries, "name")
        var result = ["free": Line()]
        for entry in entries {
            entry.require("name", "what lines call it")
            result[entry.string("name") ?? ""] = line(entry)
        }
        return result
    }

    private func line(_ entry: MappingReader) -> Line {
        var line = Line()
        line.delay = time(entry, "delay") ?? 0
        line.jitter = time(entry, "jitter") ?? 0
        if line.jitter > line.delay {
            entry.fault(
                entry.line(of: "jitter"),
                "`jitter` is over the delay: give \(LabUnits.text(time: line.delay)) or less")
        }
        line.loss = read(entry, "loss", LabUnits.share) ?? 0
        line.down = read(entry, "down", LabUnits.rate) ?? nil
        line.up = read(entry, "up", LabUnits.rate) ?? nil
        line.queue = time(entry, "queue") ?? line.queue
        line.burst = burst(entry)
        return line
    }

    private func burst(_ entry: MappingReader) -> Line.Burst? {
        let loss = read(entry, "burst_loss", LabUnits.share)
        let (lasts, every) = (time(entry, "burst_lasts"), time(entry, "burst_every"))
        if loss == nil, lasts == nil, every == nil { return nil }
        guard let loss, let lasts, let every, every > lasts else {
            entry.fault(
                entry.line,
                "bursts have `burst_loss`, `burst_lasts` and `burst_every`, such as 30%, 10s and 60s: "
                    + "give all, the last the longest"
            )
            return nil
        }
        return Line.Burst(loss: loss, lasts: lasts, every: every)
    }

    private func time(_ entry: MappingReader, _ key: String) -> UInt64? { read(entry, key, LabUnits.time) }

    private func read<Value>(
        _ entry: MappingReader, _ key: String, _ parse: (String) throws(LabFault) -> Value
    ) -> Value? {
        guard let text = entry.string(key) else { return nil }
        do throws(LabFault) { return try parse(text) } catch {
            entry.fault(entry.line(of: key), "`\(key)`: \(error)")
            return nil
        }
    }
}
