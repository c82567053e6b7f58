import ArgumentParser
import ConsensusSim

/// Scenarios of four members of which one runs twice.
struct Twins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs scenarios of twins: leaders and cuts of each round, then the network heals.")

    @Argument(help: "The number of the first scenario.")
    var from: Int
    @Argument(help: "How many of them.")
    var count: Int
    @Option(help: "Every how many-th scenario of the space.")
    var stride = 1
    @Option(help: "Rounds that are cut.")
    var rounds = 3

    func validate() throws {
        guard (1...4).contains(rounds) else { throw ValidationError("1 to 4 rounds") }
        guard from >= 0, count > 0, stride > 0, from + (count - 1) * stride < SimTwins.count(rounds: rounds)
        else {
            throw ValidationError("there are \(SimTwins.count(rounds: rounds)) scenarios, from number 0")
        }
    }

    func run() async throws {
        let rounds = rounds
        let numbers = Swift.stride(from: from, to: from + count * stride, by: stride)
        let tally = await onTwoThreads(Array(numbers)) { number, tally in
            let script = SimTwins.script(number, rounds: rounds)
            let report = SimWorld(seed: UInt64(number), SimTwins.options(script)).run()
            tally.add(report, "scenario \(number), leaders \(script.leaders), sides \(script.sides)")
        }
        try tally.report()
    }
}
