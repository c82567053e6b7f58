import ArgumentParser
import ConsensusSim

/// Runs of seeds.
struct Seeds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs each seed of a range; each hundredth twice, which must give the same events.")

    @Argument(help: "The first seed.")
    var first: Int
    @Argument(help: "The last seed.")
    var last: Int

    func validate() throws {
        guard first >= 0, first <= last else { throw ValidationError("name two seeds, the lower first") }
    }

    func run() async throws {
        let tally = await onTwoThreads(first...last) { number, tally in
            let seed = UInt64(number)
            let options = SimOptions(seed: seed)
            let report = SimWorld(seed: seed, options).run()
            tally.add(report, "seed \(seed), \(options)")
            if number % 100 == 0, SimWorld(seed: seed, options).run() != report {
                tally.fail("seed \(seed): a second run went otherwise")
            }
        }
        try tally.report()
    }
}

/// A seed, or a scenario of twins, for people to read.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints what happens in the run of a seed.")

    @Argument(help: "The seed, or the number of a scenario of twins.")
    var seed: Int
    @Option(help: "Rounds of the scenario of twins; without it a seed is meant.")
    var twins: Int?
    @Option(help: "A node that crashes in a clean run of the seed.")
    var node: Int?
    @Option(help: "At which of its writes, flushes and renames.")
    var step = 1
    @Flag(help: "Only its signer stops there.")
    var signerAlone = false

    func run() throws {
        let options =
            if let twins { SimTwins.options(SimTwins.script(seed, rounds: twins)) } else if node != nil {
                SimOptions.clean
            } else { SimOptions(seed: UInt64(seed)) }
        print(options)
        let world = SimWorld(
            seed: UInt64(seed), options,
            crashAt: node.map { ($0, SimBoundary(step: step, isSignerAlone: signerAlone)) })
        world.trace = { print($0) }
        let report = world.run()
        print(report)
        if !report.violations.isEmpty { throw ExitCode(1) }
    }
}
