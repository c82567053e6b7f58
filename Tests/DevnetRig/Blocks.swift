import ArgumentParser
import Foundation
import NodeBus
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import RigBus
import TestSupport

/// Lists decided blocks, one JSON line each.
struct Blocks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists a node's decided blocks.")
    @Option var bus: String
    @Option(help: "From this height on.") var from: UInt64 = 1

    struct Row: Encodable {
        let height: UInt64
        /// Of all its bytes: two blocks of one height that differ anywhere differ here.
        let hash: String
        let root: String
        let round: UInt32
        let time: UInt64
    }

    func run() async throws {
        let first = from
        let rows = try await withBus(bus) { bus in
            var rows: [Row] = []
            while true {
                let blocks = try await bus.blocks(from: first + UInt64(rows.count))
                if blocks.isEmpty { return rows }
                for decided in blocks {
                    let bytes = [UInt8](decided.block)
                    let block = try Block(wire: bytes)
                    rows.append(
                        Row(
                            height: decided.height, hash: "\(BLAKE3.hash(bytes))",
                            root: "\(block.header.appHash)",
                            round: try Certificate(wire: [UInt8](decided.certificate)).round,
                            time: block.header.time.milliseconds))
                }
            }
        }
        for row in rows { try printLine(row) }
    }
}

/// How many blocks a node has decided.
struct Height: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says how many blocks a node has decided.")
    @Option var bus: String

    struct Answer: Encodable { let height: UInt64 }

    func run() async throws {
        let height = try await withBus(bus) { bus in
            try await bus.call(ConsensusContract.status, Spacenode_Consensus_V1_StatusRequest()).height
        }
        try printLine(Answer(height: height == 0 ? 0 : height - 1))
    }
}
