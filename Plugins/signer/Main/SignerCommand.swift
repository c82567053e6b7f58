internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// `spacenode-signer`: the plugin, and tools for its keys.
@main
struct SignerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-signer", abstract: "Holds the operator's keys, and signs nothing twice.",
        discussion: """
            `spacenode signer X` is `spacenode-signer tool X`.
            Exit status: 0 ok, 1 attention (there are no keys, or their record needs a hand), 2 error.
            """,
        subcommands: [Serve.self, Tool.self], defaultSubcommand: Serve.self)

    static func main() async {
        Secrecy.begin()
        await runToEnd(name: "spacenode")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the node (the default).")

    @OptionGroup var place: SignerPlace
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let place = place
        await PluginMain.run("signer") { logger in
            // A name of its own unless it is given one: a second signer must meet the keys that the first one holds, not take its session.
            let options = try BusOptions.fromCommandLine(
                role: .signer, name: "signer-\(getpid())", provides: [SignerContract.contract])
            return try SignerPlugin(
                options, try place.folder(), isOwn: try place.isOwnNetwork(), logger: logger)
        }
    }
}

/// Where the signer's data and configuration are.
struct SignerPlace: ParsableArguments {
    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/signer.yaml).") var config: String?

    private func paths() throws -> NodePaths {
        // The run directory is the router's matter; the paths need a short one only.
        try NodePaths(data: data, run: "/run")
    }

    func folder() throws -> SignerFolder {
        let paths = try paths()
        let file = try SignerFile.read(config ?? paths.signerFile)
        return SignerFolder(path: paths.signer, passphrase: file.passphrasePath(paths))
    }

    /// Whether the ledger's network begins with this node; not where there is no ledger, as on a machine of its own.
    func isOwnNetwork() throws -> Bool {
        let paths = try paths()
        guard FileManager.default.fileExists(atPath: paths.vmFile) else { return false }
        return try NetworkFile.read(try VmFile.read(paths.vmFile).network ?? "devnet").namesThisNode
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Works on keys and their record.",
        subcommands: [ToolInit.self, ToolKeys.self, ToolExport.self, ToolImport.self, ToolStatus.self])
}
