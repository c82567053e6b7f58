internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore

/// Prints labels.
struct ToolLabel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Compute labels: the full 32 bytes of each, one a line.")

    @Option(help: "What the labels are made from, 64 hexadecimal digits (see `commitment`).")
    var commitment: Bytes32
    @Option(help: "Index of the first label.") var index: UInt64
    @Option(help: "How many labels.") var count: UInt64 = 1
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @Option(help: "Instructions: \(InstructionSet.allCases.map(\.name).joined(separator: ", ")).")
    var path: InstructionSet?
    @Flag(help: "Print JSON.") var json = false

    /// One label as JSON.
    private struct Row: Encodable {
        let index: UInt64
        let label: String
    }

    func run() throws {
        guard count >= 1, count - 1 <= UInt64.max - index else {
            throw CommandFault("post: --index and --count must name indices below 2^64, one at least")
        }
        let worker = try (path ?? LabelProviders.expected).makeWorker(scryptN: scryptN)
        var done: UInt64 = 0
        if json { say("[") }
        while done < count {
            let part = Int(min(UInt64(worker.batch), count - done))
            let labels = worker.labels(of: commitment, from: index + done, count: part)
            for (place, label) in labels.enumerated() {
                let number = done + UInt64(place)
                say(json ? try row(index + number, label, isLast: number + 1 == count) : label.description)
            }
            done += UInt64(part)
        }
        if json { say("]") }
    }

    private func row(_ index: UInt64, _ label: Bytes32, isLast: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = try encoder.encode(Row(index: index, label: label.description))
        return String(decoding: text, as: UTF8.self) + (isLast ? "" : ",")
    }
}

/// Prints a commitment.
struct ToolCommitment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commitment",
        abstract: "Compute the commitment of an identity and its commitment activation.")

    @Option(help: "Public key of the identity, 64 hexadecimal digits.") var id: Bytes32
    @Option(help: "Commitment activation id, 64 hexadecimal digits.") var atx: Bytes32
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let commitment = Plot.commitment(identity: id, commitmentATX: atx)
        if json {
            try printJSON(["commitment": commitment.description])
        } else {
            say(commitment.description)
        }
    }
}
