internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// `spacenode down`: ends the node in order.
struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Drain the node's processes in order, and end it.",
        discussion: "Works without the supervisor too: then it ends the processes that one left behind.")

    @OptionGroup var common: CommonOptions

    /// A process may drain for ten minutes at most, and says nothing meanwhile.
    private static let patience = 660.0

    func run() throws {
        let paths = try common.paths()
        let holder = NodeLock.holder(paths)
        var told: [String] = []
        let say = { (line: String) in
            told.append(line)
            if !common.json { Terminal.say(line) }
        }
        let answer = try ControlClient.ask(
            paths.nodeSocket, ControlRequest(.down), patience: Self.patience, progress: say)
        if let holder, answer == nil {
            throw CommandFault(
                "the supervisor (pid \(holder.pid)) takes no commands: kill -9 \(holder.pid), then spacenode down again"
            )
        }
        let end = Date() + 10
        while NodeLock.isHeld(paths), Date() < end { usleep(10_000) }
        let left = MarkedProcess.all(of: paths.data)
        if answer == nil, !left.isEmpty { say("no supervisor runs; its processes are ended") }
        MarkedProcess.end(left, tell: say)
        if common.json {
            return try printJSON(Outcome(wasRunning: answer != nil || !left.isEmpty, told: told))
        }
        print(answer == nil && left.isEmpty ? "no node runs for \(paths.data)" : "the node is down")
    }

    /// What `down --json` prints.
    private struct Outcome: Encodable {
        let wasRunning: Bool
        let told: [String]
    }
}

/// `spacenode restart`: one process anew, the rest runs on.
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Drain one process and start it again, or another program in its place.",
        discussion: """
            With --with the new program gets the arguments and environment of the old one. When it is not READY within
            10 s it is ended and the old one is started again. It stays until the node goes down; for good it belongs
            into node.yaml.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "Name of the process, as spacenode status shows it.") var name: String
    @Option(name: .customLong("with"), help: "Program to put in its place.") var program: String?

    private static let patience = 660.0

    func run() throws {
        let paths = try common.paths()
        let path = try program.map(find)
        guard let report = try ControlClient.report(paths) else {
            throw CommandFault("no node runs for \(paths.data): spacenode up starts it")
        }
        let names = report.processes.map(\.name)
        guard names.contains(name) else {
            let hint =
                nearest(name, among: names).map { "did you mean \($0)?" }
                ?? "there are \(names.joined(separator: ", "))"
            throw CommandFault("no process is called \(name): \(hint)")
        }
        let answer = try ControlClient.ask(
            paths.nodeSocket, ControlRequest(.restart, name: name, program: path),
            patience: Self.patience
        ) { if !common.json { Terminal.say($0) } }
        guard let answer else {
            throw CommandFault("the node went down meanwhile: spacenode up starts it")
        }
        let isGood = answer.isGood ?? false
        if common.json {
            try printJSON(Outcome(process: name, program: path, isGood: isGood, text: answer.text ?? ""))
        } else {
            print(answer.text ?? "")
            if isGood, let path {
                print(
                    "to keep it: in \(paths.nodeFile) under processes:  - {name: \(name), program: \(path)}")
            }
        }
        if !isGood { throw ExitCode(1) }
    }

    private func find(_ text: String) throws -> String {
        guard let path = Programs.find(text, below: FileManager.default.currentDirectoryPath) else {
            throw CommandFault(
                "--with \(text): there is no such program, or it may not be executed (chmod +x)")
        }
        return path
    }

    /// What `restart --json` prints.
    private struct Outcome: Encodable {
        let process: String
        let program: String?
        let isGood: Bool
        let text: String
    }
}
