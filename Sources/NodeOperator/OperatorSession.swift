internal import Foundation
internal import Logging
package import NodeBus
internal import NodeCommand
package import NodeConfiguration
internal import NodeProtocol

/// Runs `body` with a session in the operator's role at the router of a node on this machine.
/// - Throws: `CommandFault` when no node runs; otherwise what the bus or `body` throw.
package func withBus<Result: Sendable>(
    _ paths: NodePaths, patience: UInt64 = 5000, _ body: @Sendable (BusClient) async throws -> Result
) async throws -> Result {
    guard FileManager.default.fileExists(atPath: "\(paths.run)/control.sock") else {
        throw CommandFault(
            "no router runs for \(paths.data) (no sockets in \(paths.run)): spacenode up starts the node")
    }
    return try await withBus(run: paths.run, patience: patience, body)
}

/// Runs `body` with a session at the router of a folder, which has so many milliseconds to answer.
package func withBus<Result: Sendable>(
    run: String, patience: UInt64, _ body: @Sendable (BusClient) async throws -> Result
) async throws -> Result {
    var logger = Logger(label: "spacenode")
    logger.logLevel = .error
    let options = BusOptions(
        address: .ipc(directory: run), name: "operator-\(ProcessInfo.processInfo.processIdentifier)",
        role: .operator, requires: [RouterContract.contract])
    let bus = BusClient(options: options, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        try await bus.waitUntilReady(within: patience)
        let result = try await body(bus)
        bus.drain()
        try await group.waitForAll()
        return result
    }
}
