import Foundation
import Testing

/// The built programs, and processes that end with their test.
enum Programs {
    /// Folder of the products: where the running test bundle was built.
    static let folder: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.appendingPathComponent(".build/release").path
    }()

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs a program to its end.
    /// - Returns: exit status and what it printed, standard error after standard output.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        timeout: TimeInterval = 60
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: program.hasPrefix("/") ? program : "\(folder)/\(program)")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let path = NSTemporaryDirectory() + "run-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = FileHandle(forWritingAtPath: path)
        process.standardOutput = file
        process.standardError = file
        try process.run()
        let end = Date() + timeout
        while process.isRunning, Date() < end { usleep(5000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return (process.terminationStatus, (try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
    }
}

/// A router in a folder of its own, ended with the object.
final class TestRouter {
    let folder = NSTemporaryDirectory() + "router-\(UUID().uuidString.prefix(8))"
    let port: UInt16
    private(set) var process = Process()
    private var words: [String] = []

    var run: String { "\(folder)/run" }
    var data: String { "\(folder)/data" }

    init(tcp: Bool = false, machines: [(name: String, role: String, key: String)] = []) throws {
        port = UInt16.random(in: 20_000...50_000) & ~1
        try FileManager.default.createDirectory(atPath: "\(data)/config", withIntermediateDirectories: true)
        if !machines.isEmpty {
            let lines = machines.map {
                "  - {name: \($0.name), role: \($0.role), key: '\($0.key.replacingOccurrences(of: "'", with: "''"))'}"
            }
            let text = "machines:\n" + lines.joined(separator: "\n") + "\n"
            try text.write(toFile: "\(data)/config/machines.yaml", atomically: true, encoding: .utf8)
        }
        words = ["--data", data, "--run-dir", run] + (tcp ? ["--tcp", "127.0.0.1:\(port)"] : [])
        try start()
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: "\(run)/data.sock") { usleep(10_000) }
        // With tcp the key is there before the sockets; give the bind a moment.
        if tcp { usleep(100_000) }
    }

    private func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-router")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Kills it and starts it anew.
    func restart() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        do { try start() } catch { Issue.record("the router does not start again: \(error)") }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var publicKey: String {
        let text = try? String(contentsOfFile: "\(data)/keys/router.pub", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
}
