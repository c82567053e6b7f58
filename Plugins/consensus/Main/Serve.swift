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
    @Option(help: "Hash of the recovery that you agree to; without it none is accepted.")
    var acceptRecovery: String?
    @Option(help: "The recovery (default: DATA/consensus/recovery.json).") var recovery: String?
    @Option(help: "Seconds without a block after which the chain stands still: halt.json is written.")
    var haltAfter: UInt32 = 1800
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let (data, acceptRecovery, recovery) = (data, acceptRecovery, recovery)
        let haltAfter = UInt64(haltAfter) * 1000
        await PluginMain.run("consensus") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let folder = "\(paths.data)/consensus"
            let acceptance = try acceptRecovery.map {
                try Acceptance(hash: $0, file: recovery ?? "\(folder)/recovery.json")
            }
            let options = try BusOptions.fromCommandLine(
                role: .consensus, name: "consensus", provides: [ConsensusContract.contract],
                requires: [
                    StorageContract.contract, VmContract.contract, SignerContract.contract,
                    MempoolContract.contract,
                ])
            return ConsensusPlugin(
                options, folder: folder, haltAfter: haltAfter, acceptance: acceptance, logger: logger)
        }
    }
}
