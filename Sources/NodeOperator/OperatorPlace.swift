package import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
package import NodeConfiguration
package import NodeProtocol
package import SwiftProtobuf

/// What every question to a running part of the node needs.
package struct OperatorPlace: ParsableArguments {
    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).")
    package var data: String?

    @Option(help: "Folder of the router's sockets (default: named after the data directory, under /run).")
    package var runDir: String?

    @Flag(help: "Print JSON.")
    package var json = false

    package init() {}

    /// Where the node keeps its files.
    /// - Throws: `ConfigurationError` when ipc paths would be too long.
    package func paths() throws -> NodePaths { try NodePaths(data: data, run: runDir) }

    /// One call in the operator's role.
    package func ask<Request: Message, Reply: Message>(
        _ method: CallMethod<Request, Reply>, _ request: Request
    ) async throws -> Reply {
        try await withBus(try paths()) { try await $0.call(method, request) }
    }
}

/// Says every second on standard error that something goes on.
/// - Parameter what: said with the seconds; asked anew each time.
package func withProgress<Value: Sendable>(
    _ what: @escaping @Sendable () -> String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            for second in 1... {
                try await Task.sleep(for: .seconds(1))
                note("\(what()) (\(second) s)")
            }
        }
        defer { group.cancelAll() }
        return try await body()
    }
}
