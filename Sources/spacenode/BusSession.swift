internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeProtocol
internal import SwiftProtobuf

/// Runs `body` with a session in the operator's role.
func withBus<R: Sendable>(_ common: CommonOptions, _ body: @Sendable (BusClient) async throws -> R)
    async throws -> R
{
    let run = try common.paths().run
    guard FileManager.default.fileExists(atPath: "\(run)/control.sock") else {
        throw ValidationError(
            "no router runs for this data directory (\(run)): spacenode router --data … starts one")
    }
    var logger = Logger(label: "spacenode")
    logger.logLevel = .error
    let options = BusOptions(
        address: .ipc(directory: run), name: "operator-\(ProcessInfo.processInfo.processIdentifier)",
        role: .operator,
        requires: [RouterContract.contract])
    let bus = BusClient(options: options, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        try await bus.waitUntilReady(within: 5000)
        let result = try await body(bus)
        bus.drain()
        try await group.waitForAll()
        return result
    }
}

/// One call in the operator's role.
func ask<Request: SwiftProtobuf.Message, Reply: SwiftProtobuf.Message>(
    _ common: CommonOptions, _ method: CallMethod<Request, Reply>, _ request: Request
) async throws -> Reply {
    try await withBus(common) { try await $0.call(method, request) }
}
