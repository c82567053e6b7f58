import ArgumentParser
import Foundation
import NodeBus
import NodeDomain
import NodeEncoding
import NodeProtocol
import RigBus
import TestSupport

/// Waits for a height and says how evenly the blocks came.
struct Chain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Waits until blocks are decided; says how long the longest pause was.")
    @Option var bus: String
    @Option(help: "Until this height.") var height: UInt64
    @Option(help: "Seconds to wait.") var wait = 600

    struct Report: Encodable {
        var height: UInt64 = 0
        var longestPauseMs: UInt64 = 0
        /// The height before which that pause was.
        var at: UInt64 = 0
        var medianMs: UInt64 = 0
        var rounds: UInt32 = 0
        var transactions = 0
    }

    func run() async throws {
        let drive = self
        try printLine(try await withBus(bus) { try await drive.watch($0) })
    }

    private func watch(_ bus: BusClient) async throws -> Report {
        let end = Date() + Double(wait)
        var report = Report()
        var (last, pauses): (UInt64?, [UInt64]) = (nil, [])
        while report.height < height {
            guard Date() < end else { throw RigFault("only height \(report.height) after \(wait) s") }
            let blocks = try await bus.blocks(from: report.height + 1)
            if blocks.isEmpty { await bus.pause(100) }
            for decided in blocks {
                let block = try Block(wire: [UInt8](decided.block))
                let time = block.header.time.milliseconds
                if let last {
                    pauses.append(time - last)
                    if time - last > report.longestPauseMs {
                        (report.longestPauseMs, report.at) = (time - last, decided.height)
                    }
                }
                last = time
                report.height = decided.height
                report.transactions += block.transactions.count
                report.rounds = max(report.rounds, try Certificate(wire: [UInt8](decided.certificate)).round)
            }
        }
        report.medianMs = pauses.sorted()[pauses.count / 2]
        return report
    }
}

/// Replays one node's decided blocks into another node, which has no seat.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives a node's decided blocks to another, and compares their roots.")
    @Option(help: "The node that has the blocks.") var from: String
    @Option(help: "The node that gets them.") var to: String

    struct Report: Encodable {
        var height: UInt64 = 0
        var root = ""
        var seconds = 0.0
    }

    func run() async throws {
        let (from, to) = (from, to)
        let report = try await withBus(from) { source in
            try await withBus(to) { try await Self.replay(source, $0) }
        }
        try printLine(report)
    }

    private static func replay(_ source: BusClient, _ target: BusClient) async throws -> Report {
        let start = Date()
        var report = Report()
        let newest = try await source.insist(ConsensusContract.status, .init()).height - 1
        while report.height < newest {
            for decided in try await source.blocks(from: report.height + 1) {
                var request = Spacenode_Consensus_V1_DeliverRequest()
                request.peer = 1
                request.block = decided
                let blame = try await target.insist(ConsensusContract.deliver, request).blame
                guard blame.isEmpty else { throw RigFault("block \(decided.height) is refused: \(blame)") }
                try await reach(decided.height, target)
                report.height = decided.height
                let block = try Block(wire: [UInt8](decided.block))
                report.root = "\(block.header.appHash)"
            }
        }
        // Every root on the way is in the next block's header, which the target checked; the last is compared here.
        var query = Spacenode_Vm_V1_QueryRequest()
        query.path = "pot"
        query.height = report.height
        let ours = try await target.insist(VmContract.query, query).appHash
        let theirs = try await source.insist(VmContract.query, query).appHash
        guard ours == theirs, !ours.isEmpty else {
            throw RigFault("the roots of height \(report.height) differ")
        }
        report.root = Bytes32(ours).map { "\($0)" } ?? ""
        report.seconds = Date().timeIntervalSince(start)
        return report
    }

    private static func reach(_ height: UInt64, _ target: BusClient) async throws {
        for _ in 0..<2000 {
            if try await target.insist(ConsensusContract.status, .init()).height > height { return }
            await target.pause(5)
        }
        throw RigFault("block \(height) was delivered and not applied")
    }
}

extension BusClient {
    /// Decided blocks from a height on, as many as one reply carries.
    func blocks(from height: UInt64) async throws -> [Spacenode_Consensus_V1_DecidedBlock] {
        var request = Spacenode_Consensus_V1_BlocksRequest()
        request.fromHeight = height
        return try await insist(ConsensusContract.blocks, request).blocks
    }
}
