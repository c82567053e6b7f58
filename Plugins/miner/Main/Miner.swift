internal import ArgumentParser
internal import Foundation
internal import NodeCommand

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
        await runToEnd(name: "fleet")
    }
}
