internal import ArgumentParser
internal import NodeCommand

/// `spacenode lab`: whole nodes on this machine, with lines between them that can be slow, lossy and cut.
@main
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode lab",
        abstract: "Whole nodes on this machine, with slow, lossy or cut lines between them.",
        discussion: """
            Each node is in a network namespace of its own; all packets between them pass an emulator. One file of
            config/networks describes it: lab-4, lab-7, lab-24, or the path of your own.
            Exit status: 0 ok, 1 attention, 2 error.
            """,
        subcommands: [
            Up.self, Status.self, Check.self, Cut.self, Slow.self, Heal.self, Kill.self, Stop.self, Cont.self,
            Start.self, Down.self, Emulate.self,
        ])

    static func main() async {
        await runToEnd(name: "spacenode lab")
    }
}
