internal import ArgumentParser
internal import Foundation

/// `spacenode-miner`: spreads the making and proving of plots over workers.
@main
struct Miner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-miner", abstract: "One identity over the workers on the bus.",
        discussion: """
            `spacenode post fleet X` is `spacenode-miner fleet X`.
            Exit status: 0 ok, 1 attention (no proof, or stopped), 2 error.
            """,
        subcommands: [Fleet.self])

    static func main() async {
        do {
            var command = try parseAsRoot(Array(CommandLine.arguments.dropFirst()))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ExitCode {
            Foundation.exit(error.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                print(text)
                Foundation.exit(0)
            }
            tell(text.isEmpty ? "fleet: \(error)" : text)
            Foundation.exit(2)
        }
    }
}

/// Says on standard error what is being done.
func tell(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
