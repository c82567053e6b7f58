internal import Foundation
internal import Logging
package import NodeBus
package import NodeProtocol

/// Runs `body` with a session on a bus, and ends the session when it is done.
///
/// - Parameters:
///   - role: the example plugin may ask what others ask, so that rigs can.
///   - requires: contracts that must be of the version this was built with.
///   - patience: milliseconds until the session must stand.
package func withBus<Value: Sendable>(
    _ bus: String, role: BusRole = .example, requires: [ContractInfo] = [], patience: UInt64 = 30_000,
    _ body: @escaping @Sendable (BusClient) async throws -> Value
) async throws -> Value {
    var logger = Logger(label: "rig")
    logger.logLevel = .error
    var options = BusOptions(
        address: try BusAddress(bus), name: "rig-\(ProcessInfo.processInfo.processIdentifier)", role: role,
        requires: requires)
    options.windows[1] = BusWindow(bytes: 16 << 20, messages: 1024)
    let client = BusClient(options: options, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        try await client.waitUntilReady(within: patience)
        let value = try await withTaskExecutorPreference(client.executor) { try await body(client) }
        client.drain()
        try await group.waitForAll()
        return value
    }
}
