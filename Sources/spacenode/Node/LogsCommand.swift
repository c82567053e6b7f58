internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// `spacenode logs`: what the processes wrote, in the order of time.
struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What the processes wrote, merged in the order of time.",
        discussion: """
            Without names: all processes and the supervisor. Lines without a time of their own belong to the one before.
            A log has 16 MiB, and an older part of as much.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "Processes, as spacenode status shows them.") var processes: [String] = []
    @Flag(name: .shortAndLong, help: "Go on with what comes, until Ctrl-C.") var follow = false
    @Option(
        name: [.short, .customLong("lines")],
        help: "The newest so many lines; 0: all (default: 50, with --since all).")
    var number: Int?
    @Option(help: "Only what is no older, such as 90s, 10m, 2h, 3d.") var since: String?

    func validate() throws {
        _ = try earliest()
        guard (number ?? 0) >= 0 else { throw ValidationError("-n \(number ?? 0): 0 or more") }
    }

    func run() throws {
        let paths = try common.paths()
        var readers = try names(paths).map { LogReader(process: $0, path: "\(paths.logs)/\($0).log") }
        let earliest = try earliest()
        let limit = number ?? (earliest == nil ? 50 : 0)
        let logs = readers.indices.map { readers[$0].newest(limit > 0 ? limit : nil, since: earliest) }
        let all = merged(logs)
        let printer = LogPrinter(width: readers.map(\.process.count).max() ?? 0, isJSON: common.json)
        for line in limit > 0 ? all.suffix(limit)[...] : all[...] { printer.show(line) }
        guard follow else { return }
        let stop = StopFlag.onSignals()
        while !stop.isRaised {
            for line in merged(readers.indices.map { readers[$0].next() }) { printer.show(line) }
            usleep(100_000)
        }
    }

    /// Unix milliseconds, nil: from the beginning.
    private func earliest() throws -> Int? {
        guard let since else { return nil }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = since.last, let unit = units[last], let count = Int(since.dropLast()),
            (0...1_000_000).contains(count)
        else { throw ValidationError("--since \(since): a number with s, m, h or d, such as 10m") }
        return Int(wallMilliseconds()) - count * unit * 1000
    }

    private func names(_ paths: NodePaths) throws -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: paths.logs)) ?? []
        let known = files.filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }.sorted()
        guard !known.isEmpty else {
            throw CommandFault("there are no logs in \(paths.logs): spacenode up writes them")
        }
        for name in processes where !known.contains(name) {
            let hint =
                nearest(name, among: known).map { "did you mean \($0)?" }
                ?? "there are \(known.joined(separator: ", "))"
            throw CommandFault("no log of a process called \(name): \(hint)")
        }
        return processes.isEmpty ? known : processes
    }
}

/// Prints lines with the name of their process before them, or one JSON object a line.
struct LogPrinter {
    let width: Int
    let isJSON: Bool

    func show(_ line: LogLine) {
        guard isJSON else {
            return Terminal.say("\(padded(line.process, width))  \(line.text)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = LogJSON(process: line.process, time: line.time, text: line.text)
        guard let data = try? encoder.encode(object) else { return }
        Terminal.say(String(decoding: data, as: UTF8.self))
    }

    private struct LogJSON: Encodable {
        let process: String
        /// Unix milliseconds.
        let time: Int?
        let text: String
    }
}
