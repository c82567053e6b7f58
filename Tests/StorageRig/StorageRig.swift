import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import StorageClient
import StorageWire
import TestSupport

/// Loads storage over the bus and says afterwards what of it is there; the scripts beside it break things in between.
@main
struct StorageRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "StorageRig", abstract: "Load, audit and figures of storage over the bus.",
        subcommands: [Fill.self, Audit.self, BenchWrite.self, BenchGet.self, BenchScan.self])

    static func main() async { await runRig() }
}

/// Runs `body` with a session in a role's name.
func withStorage<Value: Sendable>(
    _ bus: String, role: String, _ body: @escaping @Sendable (BusClient) async throws -> Value
) async throws -> Value {
    var logger = Logger(label: "rig")
    logger.logLevel = .error
    guard let role = BusRole(name: role) else { throw ValidationError("no role \(role)") }
    var options = BusOptions(
        address: try BusAddress(bus), name: "rig-\(ProcessInfo.processInfo.processIdentifier)", role: role,
        requires: [StorageContract.contract])
    options.windows[1] = BusWindow(bytes: 16 << 20, messages: 1024)
    let client = BusClient(options: options, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        try await client.waitUntilReady(within: 10_000)
        try await waitForStorage(client)
        let value = try await withTaskExecutorPreference(client.executor) { try await body(client) }
        client.drain()
        try await group.waitForAll()
        return value
    }
}

/// Waits until storage answers.
private func waitForStorage(_ client: BusClient) async throws {
    let end = Date() + 30
    while true {
        do {
            _ = try await StorageClient(client).get(.state, [0])
            return
        } catch {
            if Date() > end { throw error }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
