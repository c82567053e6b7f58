import ArgumentParser
import Foundation
import LedgerSupport
import NodeBus
import NodeDomain
import NodeProtocol
import RigBus
import TestSupport

/// Applies blocks one after the other, as consensus would.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Applies blocks of sends and says how long it took.")
    @Option var bus: String
    @Option(help: "The network's file.") var network: String
    @Option(help: "How many accounts the state has.") var accounts: Int
    @Option(help: "Transactions of a block.") var transactions = 3000
    @Option(help: "Blocks that are measured.") var blocks = 60
    @Option(help: "Blocks before those.") var warm = 20
    @Option(help: "One in so many transactions is spoilt; 0: none.") var spoilt = 0
    @Option var seed: UInt64 = 1
    @Option(help: "Height and root of each block are appended here.") var journal: String?
    @Flag(help: "Asks again until a block is applied, whatever dies in between.") var insist = false

    struct Report: Encodable {
        var height: UInt64 = 0
        var root = ""
        var transactions = 0
        var done = 0
        var failed = 0
        var ineffective = 0
        var seconds = 0.0
        var perSecond = 0.0
        var retries = 0
        var twice = 0
        /// Median of each part, in microseconds.
        var median: [String: UInt64] = [:]
        var mostReads: UInt32 = 0
    }

    func run() async throws {
        let world = try World(network: network, accounts: accounts)
        var maker = BlockMaker(world, transactions: transactions, spoilt: spoilt, seed: seed)
        // All are made before: making them costs more than applying them.
        let made = try (0..<(warm + blocks)).map { _ in try maker.next() }
        FileHandle.standardError.write(Data("blocks are made\n".utf8))
        let drive = self
        try printLine(try await withBus(bus) { try await drive.apply(made, $0) })
    }

    private func apply(_ blocks: [Spacenode_Vm_V1_Block], _ bus: BusClient) async throws -> Report {
        let log = journal.map { Journal($0) }
        var report = Report()
        var timings: [Spacenode_Vm_V1_Timing] = []
        let clock = ContinuousClock()
        try await ready(bus)
        let first = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest()).height
        for block in blocks where block.height > first {
            var request = Spacenode_Vm_V1_FinalizeBlockRequest()
            request.block = block
            let start = clock.now
            let (reply, retries) = try await finalize(request, bus)
            let took = clock.now - start
            report.retries += retries
            let root = Bytes32([UInt8](reply.appHash)).map { "\($0)" } ?? ""
            log?.write("\(block.height) \(root)")
            report.height = reply.height
            report.root = root
            guard block.height > UInt64(warm) else { continue }
            report.seconds += Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
            report.count(reply)
            timings.append(reply.timing)
        }
        report.perSecond = report.seconds > 0 ? Double(report.transactions) / report.seconds : 0
        report.summarize(timings)
        return report
    }

    /// One block; with `insist` as often as it takes.
    private func finalize(
        _ request: Spacenode_Vm_V1_FinalizeBlockRequest, _ bus: BusClient
    ) async throws -> (Spacenode_Vm_V1_FinalizeBlockReply, Int) {
        var retries = 0
        while true {
            do {
                return (try await bus.call(VmContract.finalizeBlock, request), retries)
            } catch {
                guard insist, retries < 2000 else { throw error }
                retries += 1
                await bus.pause(20)
            }
        }
    }

    private func ready(_ bus: BusClient) async throws {
        for _ in 0..<1500 {
            if let info = try? await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest()),
                info.restoring.isEmpty,
                !info.appHash.isEmpty
            {
                return
            }
            await bus.pause(20)
        }
        throw WorldFault("the ledger does not get ready")
    }
}

extension Run.Report {
    mutating func count(_ reply: Spacenode_Vm_V1_FinalizeBlockReply) {
        transactions += reply.results.count
        for result in reply.results {
            switch result.outcome {
            case .done: done += 1
            case .failed: failed += 1
            default: ineffective += 1
            }
        }
    }

    mutating func summarize(_ timings: [Spacenode_Vm_V1_Timing]) {
        let parts: [(String, KeyPath<Spacenode_Vm_V1_Timing, UInt64>)] = [
            ("read", \.readUs), ("signatures", \.signaturesUs), ("execution", \.executionUs),
            ("tree_read", \.treeReadUs), ("tree", \.treeUs), ("write", \.writeUs), ("total", \.totalUs),
        ]
        for (name, part) in parts {
            let values = timings.map { $0[keyPath: part] }.sorted()
            if !values.isEmpty { median[name] = values[values.count / 2] }
        }
        mostReads = timings.map(\.reads).max() ?? 0
    }
}

/// A file of lines, each there before the next thing happens.
final class Journal: Sendable {
    private let path: String

    init(_ path: String) {
        self.path = path
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
    }

    func write(_ line: String) {
        guard let file = FileHandle(forWritingAtPath: path) else { return }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data((line + "\n").utf8))
        try? file.close()
    }
}
