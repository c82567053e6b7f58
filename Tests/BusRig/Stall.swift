import ArgumentParser
import Foundation
import NodeBus
import NodeProtocol

/// One consumer stopped at full load: the router's memory stays within its windows, and others keep their rate.
struct Stall: AsyncParsableCommand {
    @Option(help: "How long one subscriber is stopped.") var seconds: Int = 10

    func run() async throws {
        let folder = NSTemporaryDirectory() + "stall-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().path
        let router = try start(
            "\(binaries)/spacenode-router", ["--run-dir", "\(folder)/run", "--data", folder])
        defer { kill(router.processIdentifier, SIGKILL) }
        try await Task.sleep(for: .milliseconds(300))
        var actors: [Process] = []
        defer { for actor in actors { kill(actor.processIdentifier, SIGKILL) } }
        for (kind, name) in [
            ("subscriber", "stopped"), ("subscriber", "other"), ("publisher", "source"),
            ("publisher", "second"),
        ] {
            actors.append(
                try start(
                    "\(binaries)/BusRig",
                    [
                        "actor", kind, "--name", name, "--bus", "ipc:\(folder)/run", "--journal",
                        "\(folder)/\(name)", "--full",
                    ]))
        }
        try await Task.sleep(for: .seconds(3))
        let idle = resident(router)
        let before = try await rate("\(folder)/other", seconds)
        kill(actors[0].processIdentifier, SIGSTOP)
        var most = 0
        let start = received("\(folder)/other")
        for _ in 0..<seconds * 4 {
            try await Task.sleep(for: .milliseconds(250))
            most = max(most, resident(router))
        }
        let during = Double(received("\(folder)/other") - start) / Double(seconds)
        kill(actors[0].processIdentifier, SIGCONT)
        // What the router may hold for the stopped one: its windows, sent and waiting.
        let windows = 2 * ((512 << 10) + (8 << 20) + (8 << 20))
        let bound = windows + (64 << 20)
        print(
            "{\"seconds\":\(seconds),\"rate_before\":\(Int(before)),\"rate_during\":\(Int(during)),\"kept\":\(during / before),\"resident_before\":\(idle),\"resident_most\":\(most),\"bound\":\(bound)}"
        )
        if during < 0.9 * before || most > bound { throw ExitCode(1) }
    }

    private func start(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Events in a subscriber's journal: its size by the length of a line is near enough for a rate.
    private func received(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? Int ?? 0) / 40
    }

    private func rate(_ path: String, _ seconds: Int) async throws -> Double {
        let start = received(path)
        try await Task.sleep(for: .seconds(seconds))
        return Double(received(path) - start) / Double(seconds)
    }

    private func resident(_ process: Process) -> Int {
        let text =
            (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
