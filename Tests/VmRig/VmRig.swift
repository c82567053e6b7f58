import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import TestSupport

/// Makes states and blocks by seed, and drives the ledger over the bus with them; the scripts beside it break things in between.
@main
struct VmRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "VmRig", abstract: "States, blocks and figures of the ledger over the bus.",
        subcommands: [
            Network.self, Population.self, Run.self, Plain.self, Fill.self, Select.self, Drain.self,
        ])

    static func main() async { await runRig() }
}
