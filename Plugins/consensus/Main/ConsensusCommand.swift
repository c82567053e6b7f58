internal import ArgumentParser
internal import NodeCommand

/// `spacenode-consensus`: agreement on blocks, and its tools.
@main
struct ConsensusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-consensus",
        abstract: "Agreement on blocks, and the light client that checks it.",
        discussion: """
            `spacenode light X` is `spacenode-consensus tool light X`.
            Exit status: 0 ok, 1 attention (a chain or a proof does not verify), 2 error.
            """,
        subcommands: [Serve.self, Tool.self], defaultSubcommand: Serve.self)

    static func main() async {
        await runToEnd(name: "spacenode")
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Tools that need no running node.",
        subcommands: [ToolLight.self, ToolRecovery.self])
}
