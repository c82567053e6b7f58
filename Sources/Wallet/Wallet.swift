internal import ArgumentParser
internal import CLinux
internal import Foundation
internal import Glibc

/// `spacenode wallet`: keys of accounts, without a node.
@main
struct Wallet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-wallet",
        abstract: "Accounts of your own: words, addresses, signed transactions. Works offline.",
        discussion: """
            The words alone restore everything: write them on paper. The file holds them under a password.
            Exit status: 0 ok, 2 error.
            """,
        subcommands: [New.self, Restore.self, List.self, AddressOf.self, Sign.self])

    static func main() {
        // What is secret here must be in no core file, and no other process may look into this one.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = linux_forbid_dumps()
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
            note(text.isEmpty ? "wallet: \(error)" : text)
            Foundation.exit(2)
        }
    }
}

/// What went wrong, said once.
struct CommandFault: Error, CustomStringConvertible {
    let description: String
}

/// Says something on standard error.
func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
