internal import ArgumentParser
internal import Foundation
internal import LabCore
internal import NodeCommand

/// `spacenode lab status`: what of a lab runs, and what passes between its nodes.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What runs of the lab, and what passes between its nodes.",
        discussion: "Exit status: 0 all runs, 1 something does not, 2 error.")

    @OptionGroup var place: LabPlace

    private struct Answer: Encodable {
        struct Node: Encodable {
            let name, namespace, address, data, state: String
            let ready, processes: Int
            let isNamespaceThere: Bool
        }
        let dir, name: String
        /// Whether it is namespaces and lines alone.
        let isBare: Bool
        let nodes: [Node]
        /// nil: none runs.
        let emulator: EmulatorReport?
        let emulatorFault: String?
    }

    func run() throws {
        let plan = try place.plan()
        let there = Namespaces.all(plan.prefix)
        let isBare = !FileManager.default.fileExists(atPath: plan.networkFile)
        let nodes = try LabNode.all(plan).map { node in
            let state = node.state
            return Answer.Node(
                name: node.planned.name, namespace: node.planned.namespace, address: node.planned.address,
                data: node.planned.folder, state: state.state.rawValue, ready: state.ready,
                processes: state.of, isNamespaceThere: there.contains(node.planned.namespace))
        }
        var (report, fault): (EmulatorReport?, String?)
        do { report = try EmulatorClient.ask(plan, EmulatorRequest(.report)) } catch { fault = "\(error)" }
        let answer = Answer(
            dir: plan.folder, name: plan.setup.name, isBare: isBare, nodes: nodes, emulator: report,
            emulatorFault: fault)
        if place.json { try printJSON(answer) } else { show(answer) }
        let isWell =
            report != nil
            && nodes.allSatisfy {
                $0.isNamespaceThere && (isBare || $0.state == LabNode.State.ready.rawValue)
            }
        if !isWell { throw ExitCode(1) }
    }

    private func show(_ answer: Answer) {
        say("\(answer.name) in \(answer.dir)")
        var rows = [
            ["NODE", "ADDRESS", "STATE", "READY", "SENT", "RECEIVED", "LOST", "CUT", "QUEUE", "LINE"]
        ]
        for (place, node) in answer.nodes.enumerated() {
            let line = answer.emulator.flatMap { place < $0.nodes.count ? $0.nodes[place] : nil }
            rows.append([
                node.name, node.address,
                !node.isNamespaceThere ? "no namespace" : answer.isBare ? "bare" : node.state,
                node.processes > 0 ? "\(node.ready)/\(node.processes)" : "-",
                line.map { size($0.sentBytes) } ?? "?", line.map { size($0.receivedBytes) } ?? "?",
                line.map { "\($0.lost)" } ?? "?", line.map { "\($0.cut)" } ?? "?",
                line.map { "\($0.queue)" } ?? "?", line?.line ?? "?",
            ])
        }
        for row in table(rows) { say(row) }
        guard let emulator = answer.emulator else {
            say(
                "no emulator: \(answer.emulatorFault ?? "no packet passes; spacenode lab up starts what is missing")"
            )
            return
        }
        let packets = emulator.nodes.reduce(0) { $0 + $1.sent }
        say(
            "emulator: pid \(emulator.pid), \(packets) packets, \(emulator.inFlight) under way, "
                + "\(emulator.cpuMilliseconds) ms of CPU in "
                + timeText(seconds: Double(emulator.upMilliseconds) / 1000)
        )
        for line in lineTexts(emulator) { say(line) }
    }

    private func size(_ bytes: UInt64) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(bytes / 1000) kB"
        default: "\(bytes / 1_000_000) MB"
        }
    }
}

/// Rows with their columns below each other.
func table(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
        rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
        let line = zip(row, widths).map { text, width in
            text + String(repeating: " ", count: max(0, width - text.count))
        }.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
