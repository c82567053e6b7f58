import ArgumentParser
import ConsensusSim
import TestSupport

/// Runs the consensus that ships in a simulated network by the thousands, and measures it.
@main
struct ConsensusRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ConsensusRig",
        abstract: "Simulated networks, twins, crashes and figures of consensus.",
        subcommands: [Seeds.self, Replay.self, Twins.self, Crashes.self, Speed.self])

    static func main() async { await runRig() }
}

/// What some runs found together.
struct Tally: Encodable, Sendable {
    var runs = 0
    var failed = 0
    var events = 0
    var crashes = 0
    var evidence = 0
    var highestRound: UInt32 = 0
    var virtualSeconds: UInt64 = 0
    /// The failures, for people; the first of them.
    var failures: [String] = []

    private static let mostFailures = 12

    mutating func add(_ report: SimReport, _ what: String) {
        runs += 1
        events += report.events
        crashes += report.crashes
        evidence += report.evidence
        highestRound = max(highestRound, report.highestRound)
        virtualSeconds += report.time / 1000
        if !report.violations.isEmpty { fail("\(what): \(report.violations.joined(separator: "; "))") }
    }

    mutating func fail(_ what: String) {
        failed += 1
        if failures.count < Self.mostFailures { failures.append(what) }
    }

    mutating func add(_ other: Tally) {
        runs += other.runs
        failed += other.failed
        events += other.events
        crashes += other.crashes
        evidence += other.evidence
        highestRound = max(highestRound, other.highestRound)
        virtualSeconds += other.virtualSeconds
        failures += other.failures.prefix(Self.mostFailures - failures.count)
    }

    /// Prints the tally, then what `scripts/test` counts.
    func report() throws {
        try printLine(self)
        for failure in failures { print("FAILURE \(failure)") }
        print("PASSED \(runs - failed)")
        print("FAILED \(failed)")
        if failed > 0 { throw ExitCode(1) }
    }
}

/// Runs work by number on two threads, every other number on each.
func onTwoThreads(
    _ numbers: some Sequence<Int> & Sendable, _ body: @escaping @Sendable (Int, inout Tally) -> Void
) async -> Tally {
    await withTaskGroup(of: Tally.self) { group in
        for lane in 0..<2 {
            group.addTask {
                var tally = Tally()
                for (place, number) in numbers.enumerated() where place % 2 == lane { body(number, &tally) }
                return tally
            }
        }
        var sum = Tally()
        for await tally in group { sum.add(tally) }
        return sum
    }
}
