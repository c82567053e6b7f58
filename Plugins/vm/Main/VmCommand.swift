internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol

/// `spacenode-vm`: the ledger, on the bus or by its tools.
@main
struct VmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-vm",
        abstract: "The ledger: accounts, transactions, issuance, and the state that proves itself.",
        discussion: """
            `spacenode economics X`, `spacenode tx X` and `spacenode address X` are `spacenode-vm tool economics X` and so on;
            `spacenode checkpoint X` is `spacenode-vm checkpoint X`, `spacenode audit` is `spacenode-vm audit`.
            Exit status: 0 ok, 1 attention (a transaction, its signature, a checkpoint or a proof is invalid), 2 error.
            """,
        subcommands: [Serve.self, Tool.self, Checkpoint.self, Audit.self], defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "spacenode")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the node (the default).")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/vm.yaml).") var config: String?
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let (data, config) = (data, config)
        await PluginMain.run("vm") { logger in
            // The run directory is the router's matter; the paths need a short one only.
            let paths = try NodePaths(data: data, run: "/run")
            let file = try VmFile.read(config ?? paths.vmFile)
            var options = try BusOptions.fromCommandLine(
                role: .vm, name: "vm", provides: [VmContract.contract], requires: [StorageContract.contract])
            // A block's reading and writing is some megabytes at a time.
            options.windows[1] = BusWindow(bytes: 32 << 20, messages: 1024)
            return VmPlugin(options, VmSettings(file), logger: logger)
        }
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Tools that need no running node.",
        subcommands: [ToolEconomics.self, ToolTransaction.self, ToolAddress.self])
}

/// Writes text at once, so that a pipe has it when it happens.
func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
}
