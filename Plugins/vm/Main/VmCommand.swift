internal import ArgumentParser
internal import Foundation

/// `spacenode-vm`: the ledger.
///
/// What is here so far are its tools.
@main
struct VmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-vm",
        abstract: "The ledger: issuance, addresses and transactions.",
        discussion: """
            `spacenode economics X`, `spacenode tx X` and `spacenode address X` are `spacenode-vm tool economics X` and so on.
            Exit status: 0 ok, 1 attention (a transaction or its signature is invalid), 2 error.
            """,
        subcommands: [Tool.self])

    static func main() {
        do {
            var command = try parseAsRoot(Array(CommandLine.arguments.dropFirst()))
            try command.run()
        } catch let error as ExitCode {
            Foundation.exit(error.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                print(text)
                Foundation.exit(0)
            }
            FileHandle.standardError.write(Data((text.isEmpty ? "spacenode: \(error)" : text).utf8 + [0x0a]))
            Foundation.exit(2)
        }
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Tools that need no running node.",
        subcommands: [ToolEconomics.self, ToolTransaction.self, ToolAddress.self])
}

/// What went wrong, said once.
struct ToolFault: Error, CustomStringConvertible {
    let description: String
}

/// Writes text at once, so that a pipe has it when it happens.
func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
}
