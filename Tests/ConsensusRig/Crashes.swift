import ArgumentParser
import ConsensusSim

/// Every place at which a crash can cut a clean run.
struct Crashes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Crashes each member of a clean run at each of its writes, flushes and renames.")

    @Argument(help: "The seed of the clean run.")
    var seed: UInt64

    private struct Point: Sendable {
        let node: Int
        let boundary: SimBoundary
    }

    func run() async throws {
        let options = SimOptions.clean
        let seed = seed
        let clean = SimWorld(seed: seed, options).run()
        guard clean.violations.isEmpty else {
            throw ValidationError("the clean run is none: \(clean.violations)")
        }
        var points: [Point] = []
        for node in clean.steps.indices {
            points += (1...clean.steps[node]).map { Point(node: node, boundary: SimBoundary(step: $0)) }
            points += clean.signerSteps[node].map {
                Point(node: node, boundary: SimBoundary(step: $0, isSignerAlone: true))
            }
        }
        let all = points
        let tally = await onTwoThreads(0..<all.count) { number, tally in
            let point = all[number]
            let report = SimWorld(seed: seed, options, crashAt: (point.node, point.boundary)).run()
            tally.add(report, "node \(point.node), \(point.boundary)")
            if report.crashes != 1 { tally.fail("node \(point.node), \(point.boundary): no crash came") }
        }
        try tally.report()
    }
}
