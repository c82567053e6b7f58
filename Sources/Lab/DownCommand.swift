internal import ArgumentParser
internal import Foundation
internal import LabCore
internal import NodeCommand

/// `spacenode lab down`: ends everything of a lab.
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a lab's nodes in order, its lines and its namespaces.",
        discussion: """
            Works whatever of the lab still runs. Data and logs stay, unless --remove. When the folder of a lab is gone,
            --all kills what is left of every lab on this machine.
            """)

    @OptionGroup var place: LabPlace
    @Flag(help: "Kill the nodes instead of letting them end in order.") var now = false
    @Flag(help: "Remove the folder with the nodes' data, too.") var remove = false

    @Flag(help: "Kill all labs of this machine, wherever they are.") var all = false

    func validate() throws {
        if all, remove || place.dir != nil {
            throw ValidationError("--all means every lab: it goes with neither --dir nor --remove")
        }
    }

    private struct Answer: Encodable {
        /// nil: of all labs.
        let dir: String?
        let ended: [String]
        let isRemoved: Bool
    }

    func run() async throws {
        try Ground.check()
        if all { return try endAll() }
        let plan = try place.plan()
        let ended = try await place.alone { try end(plan) }
        if remove {
            do { try FileManager.default.removeItem(atPath: plan.folder) } catch {
                throw CommandFault("\(plan.folder) cannot be removed: \(error)")
            }
        }
        if place.json {
            return try printJSON(Answer(dir: plan.folder, ended: ended, isRemoved: remove))
        }
        say(
            "the lab is down: \(ended.isEmpty ? "nothing of it ran" : ended.joined(separator: ", "))"
                + (remove ? "; \(plan.folder) is removed" : "; its data is in \(plan.folder)"))
    }

    /// Ends what bears a lab's name, whosever it is.
    private func endAll() throws {
        let names = Namespaces.all(LabPlan.allPrefix)
        for pid in names.flatMap({ Namespaces.processes($0) }) {
            let sockets = LabNode.runFolder(of: pid)
            Glibc.kill(pid, SIGKILL)
            if let sockets { try? FileManager.default.removeItem(atPath: sockets) }
        }
        let emulators = EmulatorClient.all()
        for pid in emulators { Glibc.kill(pid, SIGKILL) }
        try Namespaces.remove(names)
        let ended = names + emulators.map { "emulator (pid \($0))" }
        if place.json { return try printJSON(Answer(dir: nil, ended: ended, isRemoved: false)) }
        say(ended.isEmpty ? "no lab runs" : "killed: \(ended.joined(separator: ", "))")
    }

    /// Ends everything, and looks whether it is gone.
    /// - Returns: what ran.
    private func end(_ plan: LabPlan) throws -> [String] {
        let nodes = try LabNode.all(plan)
        var ended = nodes.filter(\.isRunning).map(\.planned.name)
        if now { LabNodes.kill(nodes) } else { try LabNodes.end(nodes) }
        if HeldFile.holder(plan.emulatorLock) != nil { ended.append("emulator") }
        try EmulatorClient.end(plan)
        try Namespaces.remove(plan)
        let left =
            Namespaces.all(plan.prefix) + nodes.filter(\.isRunning).map(\.planned.name)
            + (HeldFile.holder(plan.emulatorLock).map { ["emulator (pid \($0))"] } ?? [])
        guard left.isEmpty else {
            throw CommandFault("still there: \(left.joined(separator: ", ")): run spacenode lab down again")
        }
        return ended
    }
}
