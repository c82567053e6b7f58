import ArgumentParser
import Logging
import TestSupport

/// Puts the bus under load and faults with real processes, and proves from their journals that nothing was lost in silence.
@main
struct BusRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "BusRig", abstract: "Load, faults and audit of the bus with real processes.",
        subcommands: [Actor.self, Drive.self, Load.self, Stall.self, TrafficLoad.self])

    static func main() async { await runRig() }
}
