internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// `spacenode-miner`: mines the plots of this node, on the bus and by its tools.
@main
struct Miner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-miner", abstract: "The life of plots: made, proved, activated, paid.",
        discussion: """
            `spacenode mine X` is `spacenode-miner mine X`; so are `identities`, `why`, `post adopt` and `post fleet`.
            Exit status: 0 ok, 1 attention (something stands in the way, no proof, or stopped), 2 error.
            """,
        subcommands: [Serve.self, Mine.self, Identities.self, Why.self, Adopt.self, Fleet.self],
        defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "miner")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Mines for the node (the default).")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/miner.yaml).") var config: String?
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let (data, config) = (data, config)
        await PluginMain.run("miner") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let settings = try MinerFile.read(config ?? paths.minerFile)
            let options = try BusOptions.fromCommandLine(
                role: .miner, name: "miner",
                provides: [MinerContract.contract, TasksContract.contract, ScanHitsContract.contract],
                requires: [
                    VmContract.contract, SignerContract.contract, MempoolContract.contract,
                    PostContract.contract,
                ])
            return try MinerPlugin(options, settings, paths, logger: logger)
        }
    }
}
