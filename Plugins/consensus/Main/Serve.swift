internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Takes part in consensus (the default).")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let data = data
        await PluginMain.run("consensus") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let options = try BusOptions.fromCommandLine(
                role: .consensus, name: "consensus", provides: [ConsensusContract.contract],
                requires: [
                    StorageContract.contract, VmContract.contract, SignerContract.contract,
                    MempoolContract.contract,
                ])
            return ConsensusPlugin(options, folder: "\(paths.data)/consensus", logger: logger)
        }
    }
}
