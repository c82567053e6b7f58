internal import ArgumentParser
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// `spacenode-mempool`: what waits for a block.
@main
struct MempoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-mempool",
        abstract: "The mempool: transactions, activations, PoET proofs and evidence that wait for a block.",
        discussion: "Exit status: 0 after an orderly end, 2 error.")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/mempool.yaml).") var config: String?
    @OptionGroup var bus: BusArguments

    static func main() async {
        await runToEnd(name: "spacenode-mempool")
    }

    func run() async throws {
        let (data, config) = (data, config)
        await PluginMain.run("mempool") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let settings = MempoolSettings(try MempoolFile.read(config ?? paths.mempoolFile))
            let options = try BusOptions.fromCommandLine(
                role: .mempool, name: "mempool", provides: [MempoolContract.contract],
                requires: [VmContract.contract])
            return try MempoolPlugin(options, settings, folder: paths.mempool, logger: logger)
        }
    }
}
