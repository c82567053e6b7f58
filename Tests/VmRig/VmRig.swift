import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import TestSupport

/// Makes states and blocks by seed, and drives the ledger over the bus with them; the scripts beside it break things in between.
@main
struct VmRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "VmRig", abstract: "States, blocks and figures of the ledger over the bus.",
        subcommands: [
            Network.self, Population.self, Run.self, Plain.self, Fill.self, Select.self, Drain.self,
        ])

    static func main() async { await runRig() }
}

/// Runs `body` with a session as the example plugin, which may ask what consensus asks.
func withBus<Value: Sendable>(
    _ bus: String, _ body: @escaping @Sendable (BusClient) async throws -> Value
) async throws -> Value {
    var logger = Logger(label: "rig")
    logger.logLevel = .error
    var options = BusOptions(
        address: try BusAddress(bus), name: "rig-\(ProcessInfo.processInfo.processIdentifier)",
        role: .example)
    options.windows[1] = BusWindow(bytes: 16 << 20, messages: 1024)
    let client = BusClient(options: options, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        try await client.waitUntilReady(within: 10_000)
        let value = try await withTaskExecutorPreference(client.executor) { try await body(client) }
        client.drain()
        try await group.waitForAll()
        return value
    }
}
