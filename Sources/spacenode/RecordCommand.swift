internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import Traffic

/// `spacenode record`: messages into a file that other programs read.
struct Record: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Record the messages between the processes into an MCAP file.",
        discussion: """
            The file has the schemas of all messages in it: Foxglove, or Python with mcap-protobuf-support, opens it.
            Payloads of sensitive types are recorded as length and hash. Without --last it records until Ctrl-C.
            """)

    @OptionGroup var common: CommonOptions
    @Option(name: .shortAndLong, help: "The file; it must not exist yet (default: bus-DATE.mcap).")
    var output: String?
    @Option(help: "Record for so many seconds.") var seconds: Double?
    @Option(help: "Record what the router still has of the last so many seconds, and end.") var last: Double?

    func run() async throws {
        let command = self
        let path = output ?? "bus-\(Terminal.timestamp(wall()).prefix(19).replacing(":", with: "")).mcap"
        let file = try create(path)
        defer { try? file.close() }
        let summary = try await withBus(common) { try await command.record($0, file, path) }
        if common.json { return try printJSON(summary) }
        print(
            "\(summary.file): \(summary.messages) messages, \(summary.bytes) bytes, \(summary.missed) missed")
        if summary.missed > 0 { throw ExitCode(1) }
    }

    /// What `record --json` prints.
    struct Summary: Encodable, Sendable {
        let file: String
        let messages: UInt64
        let missed: UInt64
        let bytes: UInt64
        let first: String?
        let last: String?
    }

    private func wall() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1e9) }

    private func create(_ path: String) throws -> FileHandle {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let why =
                errno == EEXIST
                ? "it is there already: name another with -o" : String(cString: strerror(errno))
            throw CommandFault("cannot write \(path): \(why)")
        }
        return FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    private func record(_ bus: BusClient, _ file: FileHandle, _ path: String) async throws -> Summary {
        var reader = try await TrafficReader(bus, from: last == nil ? .now : .oldest)
        var recording = try Recording(version: Version.text) { try file.write(contentsOf: $0) }
        let start = ContinuousClock.now
        let earliest = last.map { wall() &- UInt64(max(0, $0) * 1e9) } ?? 0
        let stop = StopFlag.onSignals()
        var times: (first: UInt64, last: UInt64)?
        var told = start
        while true {
            let mayEnd =
                stop.isRaised || last != nil
                || seconds.map { ContinuousClock.now - start >= .seconds($0) } ?? false
            let reading = try await reader.next()
            let records = reading.records.filter { $0.timeNs >= earliest }
            try recording.add(records, missed: reading.missed, view: reader.view)
            if let first = records.first, let end = records.last {
                times = (times?.first ?? first.timeNs, end.timeNs)
            }
            // What was there when the end came is recorded still.
            if mayEnd, reading.isAtEnd { break }
            if !common.json, ContinuousClock.now - told > .seconds(1) {
                told = .now
                progress(recording.frames, recording.missed)
            }
            try await reader.pause(reading)
        }
        try recording.finish()
        if !common.json { progress(recording.frames, recording.missed, isLast: true) }
        return Summary(
            file: path, messages: recording.frames, missed: recording.missed, bytes: try file.offset(),
            first: times.map { Terminal.timestamp($0.first) }, last: times.map { Terminal.timestamp($0.last) }
        )
    }

    private func progress(_ frames: UInt64, _ missed: UInt64, isLast: Bool = false) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let text = isLast ? "\r\u{1b}[K" : "\r\(frames) messages, \(missed) missed; Ctrl-C ends\u{1b}[K"
        FileHandle.standardError.write(Data(text.utf8))
    }
}
