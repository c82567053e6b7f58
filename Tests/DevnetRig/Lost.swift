import ArgumentParser
import Foundation
import NodeBus
import NodeDomain
import NodeProtocol
import RigBus
import TestSupport

/// Looks for transactions.
struct Lost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says how many of some transactions a node does not have.")
    @Option var bus: String
    @Option(help: "A file with an id a line.") var ids: String

    struct Report: Encodable {
        var found = 0
        var lost = 0
    }

    func run() async throws {
        let lines = try String(contentsOfFile: ids, encoding: .utf8).split(separator: "\n").map(String.init)
        let report = try await withBus(bus) { bus in
            var report = Report()
            for line in lines {
                var query = Spacenode_Vm_V1_QueryRequest()
                query.path = "receipt"
                query.key = Data(Hexadecimal.bytes(of: line) ?? [])
                if try await bus.insist(VmContract.query, query).found {
                    report.found += 1
                } else {
                    report.lost += 1
                }
            }
            return report
        }
        try printLine(report)
    }
}

/// The network as a node keeps it, with its genesis time as a moment.
struct Network: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the network that a node is of, for another node of the same genesis.")
    @Option var bus: String

    func run() async throws {
        let text = try await withBus(bus) { bus in
            var query = Spacenode_Vm_V1_QueryRequest()
            query.path = "network"
            let file = String(decoding: try await bus.insist(VmContract.query, query).value, as: UTF8.self)
            let genesis = try await bus.insist(VmContract.info, .init()).genesisTimeMs
            let time = ISO8601DateFormatter().string(
                from: Date(timeIntervalSince1970: Double(genesis) / 1000))
            return file.split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("genesis_time:") ? "genesis_time: \"\(time)\"" : String($0) }
                .joined(separator: "\n")
        }
        print(text, terminator: "")
    }
}
