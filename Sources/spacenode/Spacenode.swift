internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// `spacenode`: the operator's command line, and a bus client like any other.
@main
struct Spacenode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode", abstract: "A proof-of-space-time node that comes apart.",
        discussion: """
            Any spacenode-NAME beside this program or on the PATH is a subcommand: `spacenode router`,
            `spacenode example`, `spacenode conformance`. `spacenode post` stands for the tools of post-worker,
            `spacenode economics`, `tx` and `address` for those of vm, `spacenode light` for that of consensus.
            Exit status: 0 ok, 1 attention, 2 error.
            """,
        version: Version.text,
        subcommands: [
            Up.self, Down.self, Status.self, Restart.self, Logs.self, Doctor.self, Top.self, Tap.self,
            Record.self, Metrics.self, Bus.self, Machine.self,
        ])

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let first = arguments.first, !first.hasPrefix("-"), !isBuiltIn(first) {
            runOther(first, arguments)
        }
        await runToEnd(arguments, name: "spacenode")
    }

    /// Commands that are the tools of a plugin, which this program does not link: `post X` is `post-worker tool X`,
    /// but `post fleet X` and `post adopt X` are the miner's.
    private static let toolsOf = [
        "post": ["post-worker", "tool"],
        "poet": ["poet", "tool"],
        "economics": ["vm", "tool", "economics"],
        "tx": ["vm", "tool", "tx"],
        "address": ["vm", "tool", "address"],
        "checkpoint": ["vm", "checkpoint"],
        "audit": ["vm", "audit"],
        "light": ["consensus", "tool", "light"],
        "backup": ["storage", "checkpoint"],
        "signer": ["signer", "tool"],
        "peers": ["p2p", "peers"],
        "mine": ["miner", "mine"],
        "identities": ["miner", "identities"],
        "why": ["miner", "why"],
    ]

    private static var builtIn: [String] {
        configuration.subcommands.map { $0._commandName } + ["help"]
    }

    private static func isBuiltIn(_ word: String) -> Bool {
        builtIn.contains(word)
    }

    /// Becomes `spacenode-NAME`, or says what was meant.
    private static func runOther(_ name: String, _ arguments: [String]) -> Never {
        // A fleet is not one worker's work, and a plot that is adopted is mined.
        let isMiners = name == "post" && ["fleet", "adopt"].contains(arguments.dropFirst().first)
        let place = isMiners ? ["miner"] : toolsOf[name] ?? [name]
        let program = "spacenode-\(place[0])"
        if let path = Programs.find(program, below: ".") {
            var words: [UnsafeMutablePointer<CChar>?] =
                ([path] + place.dropFirst() + arguments.dropFirst()).map { strdup($0) }
            words.append(nil)
            execv(path, &words)
        }
        if toolsOf[name] != nil {
            fail("\(name) needs \(program) beside this program or on the PATH: build or install it")
        }
        let known = builtIn + otherCommands() + toolsOf.keys
        let hint =
            nearest(name, among: known).map { "did you mean `spacenode \($0)`?" }
            ?? "spacenode --help lists the commands"
        fail("there is no command `\(name)`: \(hint)")
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data("spacenode: \(text)\n".utf8))
        Foundation.exit(2)
    }

    private static func otherCommands() -> [String] {
        Programs.folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter {
                    $0.hasPrefix("spacenode-") && !$0.contains(".") && access("\(folder)/\($0)", X_OK) == 0
                }
                .map { String($0.dropFirst("spacenode-".count)) }
        }
    }
}

/// The version that people see.
enum Version {
    static let number = "0.1.0"

    /// Number, and the commit when the wrapper knows it.
    static var text: String {
        guard let build = ProcessInfo.processInfo.environment["SPACENODE_BUILD"], !build.isEmpty else {
            return number
        }
        return "\(number) (\(build))"
    }
}

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).")
    var data: String?

    @Option(help: "Folder of the router's sockets (default: named after the data directory, under /run).")
    var runDir: String?

    @Flag(help: "Print JSON.")
    var json = false

    func paths() throws -> NodePaths {
        let own = try NodePaths(data: data, run: runDir)
        // A supervisor that was given --run-dir says so, and need not be told again.
        guard runDir == nil, let holder = NodeLock.holder(own) else { return own }
        return try NodePaths(data: data, run: holder.run)
    }
}
