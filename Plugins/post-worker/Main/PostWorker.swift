internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// `spacenode-post-worker`: makes, proves and verifies plots, on the bus or by its tools.
@main
struct PostWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-post-worker",
        abstract: "Proof of space-time: labels, proofs and what they cost.",
        discussion: """
            `spacenode post X` is `spacenode-post-worker tool X`.
            Exit status: 0 ok, 1 attention (a proof is invalid), 2 error.
            """,
        subcommands: [Serve.self, Tool.self], defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "post")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the node with this machine's disks and processor (the default).")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/post-worker.yaml).") var config: String?
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let (data, config) = (data, config)
        await PluginMain.run("post-worker") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let file = try PostWorkerFile.read(config ?? paths.postWorkerFile)
            let options = try BusOptions.fromCommandLine(
                role: .postWorker, name: "post-worker", provides: [PostContract.contract],
                requires: [TasksContract.contract, ScanHitsContract.contract])
            return try WorkerPlugin(options, WorkerSettings(file, paths: paths), logger: logger)
        }
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Tools that need no running node.",
        subcommands: [
            ToolLabel.self, ToolCommitment.self, ToolInit.self, ToolFindNonce.self, ToolCheck.self,
            ToolMerge.self, ToolProve.self, ToolVerify.self, ToolBench.self,
        ])
}
