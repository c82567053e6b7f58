import ArgumentParser
import Foundation

/// One consumer is stopped at full load: the router's memory stays bounded, and the others do not notice.
struct Stall: AsyncParsableCommand {
    @Option(help: "How long the consumer is stopped.") var seconds = 10
    @Flag var json = false

    /// What the router may use: twice the windows of the one that is stopped (sent, and waiting), and 64 MiB.
    private static let bound = 2 * ((512 << 10) + (8 << 20) + (8 << 20)) + (64 << 20)

    func run() async throws {
        let stage = try StallStage()
        defer { stage.end() }
        try await stage.begin()
        try await Task.sleep(for: .seconds(3))
        let before = try await stage.measure(seconds: max(5, seconds / 4))
        stage.stopConsumer()
        let during = try await stage.measure(seconds: seconds)
        stage.resumeConsumer()
        let others = before.rates.keys.filter { $0 != StallStage.stopped }.sorted()
        let kept = others.map { (during.rates[$0] ?? 0) / max(1, before.rates[$0] ?? 0) }
        let isBounded = during.peakBytes <= Self.bound
        let isFair = kept.allSatisfy { $0 >= 0.9 }
        try report(before, during, zip(others, kept).map { ($0, $1) })
        if !isBounded || !isFair { throw ExitCode(1) }
    }

    private func report(
        _ before: StallStage.Measure, _ during: StallStage.Measure, _ kept: [(String, Double)]
    ) throws {
        let summary: [String: Any] = [
            "seconds": seconds, "router_bytes_before": before.peakBytes,
            "router_bytes_peak": during.peakBytes,
            "bound_bytes": Self.bound,
            "rates_before": before.rates.mapValues { Int($0) },
            "rates_during": during.rates.mapValues { Int($0) },
            "kept": Dictionary(uniqueKeysWithValues: kept.map { ($0.0, ($0.1 * 1000).rounded() / 1000) }),
            "least_kept": ((kept.map(\.1).min() ?? 0) * 1000).rounded() / 1000,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: summary, options: json ? [.sortedKeys] : [.sortedKeys, .prettyPrinted])
        print(String(decoding: data, as: UTF8.self))
    }
}

/// The processes of a stall.
final class StallStage {
    /// What was counted over a while.
    struct Measure {
        /// Done in a second, by process.
        let rates: [String: Double]
        /// The router's resident memory at its highest.
        let peakBytes: Int
    }

    static let stopped = "follow-3"
    private static let members = [
        ("provide", "provide-1"), ("call", "call-1"), ("publish", "publish-1"), ("follow", "follow-1"),
        ("follow", "follow-2"), ("follow", stopped),
    ]

    private let folder = NSTemporaryDirectory() + "stall-\(UUID().uuidString.prefix(8))"
    private let binaries =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    private var processes: [String: Process] = [:]
    private let router = Process()
    private var run: String { "\(folder)/run" }

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func begin() async throws {
        router.executableURL = URL(fileURLWithPath: "\(binaries)/spacenode-router")
        router.arguments = ["--run-dir", run, "--data", "\(folder)/data"]
        router.standardError = FileHandle.nullDevice
        try router.run()
        for (kind, name) in Self.members {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "\(binaries)/BusRig")
            process.arguments = [
                "load", kind, "--name", name, "--bus", "ipc:\(run)", "--count", "\(folder)/\(name)",
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            processes[name] = process
        }
        for _ in 0..<200 {
            if Self.members.dropFirst().allSatisfy({ count($0.1) > 0 }) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw RigError(description: "not all processes got to work within 10 s")
    }

    func end() {
        for process in processes.values { kill(process.processIdentifier, SIGKILL) }
        if router.isRunning { kill(router.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func stopConsumer() { kill(processes[Self.stopped]?.processIdentifier ?? 0, SIGSTOP) }
    func resumeConsumer() { kill(processes[Self.stopped]?.processIdentifier ?? 0, SIGCONT) }

    private func count(_ name: String) -> Int {
        let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .newlines)) } ?? 0
    }

    private func routerBytes() -> Int {
        let text = try? String(contentsOfFile: "/proc/\(router.processIdentifier)/statm", encoding: .utf8)
        return (text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// Counts for a while, and watches the router's memory meanwhile.
    func measure(seconds: Int) async throws -> Measure {
        let names = Self.members.map(\.1).filter { $0 != "provide-1" }
        let start = ContinuousClock.now
        let first = names.map(count)
        var peak = 0
        while ContinuousClock.now - start < .seconds(seconds) {
            peak = max(peak, routerBytes())
            try await Task.sleep(for: .milliseconds(100))
        }
        let last = names.map(count)
        guard router.isRunning else { throw RigError(description: "the router died under load") }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let rates = zip(names, zip(first, last)).map { ($0, Double($1.1 - $1.0) / elapsed) }
        return Measure(rates: Dictionary(uniqueKeysWithValues: rates), peakBytes: peak)
    }
}
