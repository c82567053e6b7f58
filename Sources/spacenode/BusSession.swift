internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol
internal import SwiftProtobuf

/// Runs `body` with a session in the operator's role.
func withBus<R: Sendable>(_ common: CommonOptions, _ body: @Sendable (BusClient) async throws -> R)
    async throws -> R
{
    let paths = try common.paths()
    guard FileManager.default.fileExists(atPath: "\(paths.run)/control.sock") else {
        throw CommandFault(
            "no router runs for \(paths.data) (no sockets in \(paths.run)): spacenode up starts the node")
    }
    return try await withBus(paths.run, patience: 5000, body)
}

/// Runs `body` with a session at the router of a folder, which has so many milliseconds to answer.
func withBus<R: Sendable>(_ run: String, patience: UInt64, _ body: @Sendable (BusClient) async throws -> R)
    async throws -> R
{
    var logger = Logger(label: "spacenode")
    logger.logLevel = .error
    let options = BusOptions(
        address: .ipc(directory: run), name: "operator-\(ProcessInfo.processInfo.processIdentifier)",
        role: .operator,
        requires: [RouterContract.contract])
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

/// One call in the operator's role.
func ask<Request: SwiftProtobuf.Message, Reply: SwiftProtobuf.Message>(
    _ common: CommonOptions, _ method: CallMethod<Request, Reply>, _ request: Request
) async throws -> Reply {
    try await withBus(common) { try await $0.call(method, request) }
}
