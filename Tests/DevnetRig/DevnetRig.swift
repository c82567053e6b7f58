import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeDomain
import NodeProtocol
import SwiftProtobuf
import TestSupport

/// Looks at a node that makes blocks, sends through it, and replays its chain into another; the script beside it breaks things in between.
@main
struct DevnetRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DevnetRig", abstract: "Watches, uses and replays a chain over the bus.",
        subcommands: [
            Send.self, Chain.self, Replay.self, Lost.self, Network.self, Blocks.self,
            Height.self,
        ])

    static func main() async { await runRig() }
}

/// What went wrong.
struct RigFault: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }
}

extension BusClient {
    /// A call that is tried until it is answered: what it asks dies now and then.
    func insist<Request: Message, Reply: Message>(
        _ method: CallMethod<Request, Reply>, _ request: Request, seconds: Int = 60
    ) async throws -> Reply {
        var last: any Error = RigFault("not tried")
        for _ in 0..<(seconds * 20) {
            do { return try await call(method, request) } catch { last = error }
            await pause(50)
        }
        throw RigFault("no answer after \(seconds) s: \(last)")
    }
}
