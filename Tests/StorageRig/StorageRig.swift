import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import RigBus
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

/// Runs `body` with a session in a role's name, when storage answers.
func withStorage<Value: Sendable>(
    _ bus: String, role: String, _ body: @escaping @Sendable (BusClient) async throws -> Value
) async throws -> Value {
    guard let role = BusRole(name: role) else { throw ValidationError("no role \(role)") }
    return try await withBus(bus, role: role, requires: [StorageContract.contract], patience: 10_000) {
        try await waitForStorage($0)
        return try await body($0)
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
