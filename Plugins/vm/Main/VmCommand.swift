internal import ArgumentParser
internal import Foundation
internal import NodeCommand

/// `spacenode-vm`: the ledger.
///
/// What is here so far are its tools.
@main
struct VmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-vm",
        abstract: "The ledger: issuance, addresses and transactions.",
        discussion: """
            `spacenode economics X`, `spacenode tx X` and `spacenode address X` are `spacenode-vm tool economics X` and so on.
            Exit status: 0 ok, 1 attention (a transaction or its signature is invalid), 2 error.
            """,
        subcommands: [Tool.self])

    static func main() async {
        await runToEnd(name: "spacenode")
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
