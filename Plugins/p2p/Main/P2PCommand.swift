internal import ArgumentParser
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol
internal import P2PCore

/// `spacenode-p2p`: the network, and tools for this node's key on it.
@main
struct P2PCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-p2p", abstract: "Connects the node to others.",
        discussion: "Exit status: 0 after an orderly end, 2 error.",
        subcommands: [Serve.self, Tool.self, Peers.self], defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "spacenode-p2p")
    }
}

/// The plugin itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the node (the default).")

    @OptionGroup var place: P2PPlace
    @OptionGroup var bus: BusArguments

    func run() async throws {
        let place = place
        await PluginMain.run("p2p") { logger in
            let options = try BusOptions.fromCommandLine(
                role: .p2p, name: "p2p", provides: [P2pContract.contract],
                requires: [
                    ConsensusContract.contract, MempoolContract.contract, VmContract.contract,
                    SignerContract.contract,
                ])
            return P2PPlugin(options, try place.settings(), try place.key().make(), logger: logger)
        }
    }
}

/// `spacenode-p2p tool X`.
struct Tool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tools that need no running node.", subcommands: [ToolPeerID.self])
}

/// `spacenode-p2p tool peer-id`.
struct ToolPeerID: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer-id",
        abstract: "Prints who this node is on the network; makes its key when there is none.",
        discussion: "Exit status: 0 printed, 2 error.")

    private struct Answer: Encodable {
        let peer: String
    }

    @OptionGroup var place: P2PPlace
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let peer = try place.key().make().id.text
        if json { try printJSON(Answer(peer: peer)) } else { say(peer) }
    }
}

/// Where the plugin's data and configuration are.
struct P2PPlace: ParsableArguments {
    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/p2p.yaml).") var config: String?

    private func paths() throws -> NodePaths {
        // The run directory is the router's matter; the paths need a short one only.
        try NodePaths(data: data, run: "/run")
    }

    func settings() throws -> P2PSettings {
        let path = try config ?? paths().p2pFile
        return try P2PSettings(try P2PFile.read(path), file: path, folder: try paths().p2p)
    }

    func key() throws -> PeerKeyFile { PeerKeyFile(folder: try paths().p2p) }
}
