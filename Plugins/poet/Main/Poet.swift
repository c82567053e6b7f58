internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeDomain
internal import NodeProtocol

/// `spacenode-poet`: sequential work for the chain and for whoever registers, on the bus or by its tools.
@main
struct Poet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-poet", abstract: "Proofs of elapsed time: registration, work, proofs.",
        discussion: """
            `spacenode poet X` is `spacenode-poet tool X`.
            Exit status: 0 ok, 1 attention (a proof is invalid, or is not there yet), 2 error.
            """,
        subcommands: [Serve.self, Tool.self], defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "poet")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the node, following its chain (the default).")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/poet.yaml).") var config: String?
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let (data, config) = (data, config)
        await PluginMain.run("poet") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let settings = try PoetSettings(try PoetFile.read(config ?? paths.poetFile))
            let options = try BusOptions.fromCommandLine(
                role: .poet, name: "poet", requires: [VmContract.contract, MempoolContract.contract])
            return try PoetPlugin(options, settings, folder: paths.poet, logger: logger)
        }
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Runs a PoET without a node, asks one, or judges a proof.",
        subcommands: [
            ToolRun.self, ToolStatus.self, ToolRegister.self, ToolProof.self, ToolVerify.self,
            ToolBench.self,
        ])
}

extension Bytes32: ExpressibleByArgument {
    /// Sixty-four hexadecimal digits.
    package init?(argument: String) {
        self.init(hexadecimal: argument)
    }
}
