import ArgumentParser
import Logging

/// Puts the bus under load and faults with real processes, and proves from their journals that nothing was lost in silence.
@main
struct BusRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "BusRig", abstract: "Load, faults and audit of the bus with real processes.",
        subcommands: [Actor.self, Drive.self, Load.self, Stall.self, TrafficLoad.self])

    static func main() async {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
