internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodePoet

/// `spacenode poet bench`.
struct ToolBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the work, its bound, and what a proof costs.",
        discussion: """
            `bound` is what the processor's instructions for the rounds of SHA-256 need when each waits for the \
            one before, without \
            anything beside them: 400 hashes a leaf. Rates are by the time that the thread had a processor.
            """)

    @Option(help: "Seconds for each measurement of the bound, about.") var seconds = 1.0
    @Option(help: "Leaves of the work, rounded up to whole subtrees.") var leaves: UInt64 = 65_536
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        let part: String
        let path: String
        let value: Double
        let unit: String
        var root: String?
    }

    func validate() throws {
        guard seconds > 0, seconds <= 600 else {
            throw ValidationError("--seconds must be above 0 up to 600")
        }
    }

    func run() throws {
        var rows: [Row] = []
        if let bound { rows.append(Row(part: "bound", path: "extensions", value: bound, unit: "leaves/s")) }
        for path in SHA256.allCases where path.isAvailable {
            rows.append(work(path))
        }
        rows += try proofs()
        if json { return try printJSON(rows) }
        for row in rows {
            say(
                "\(row.part) \(row.path)".padding(toLength: 22, withPad: " ", startingAt: 0)
                    + String(format: "%12.2f %@", row.value, row.unit))
        }
    }

    /// Leaves a second that no work can surpass here; nil: there are no extensions.
    private var bound: Double? {
        let times: UInt32 = 40_000
        guard SHA256.runLatency(times: times) != nil else { return nil }
        let (start, wall) = (threadSeconds(), PoetMain.seconds())
        var hashes = 0.0
        repeat {
            _ = SHA256.runLatency(times: times)
            hashes += Double(times)
        } while PoetMain.seconds() - wall < seconds
        return hashes / (threadSeconds() - start) / Double(PoetLabels.hashesOfLeaf)
    }

    private func work(_ path: SHA256) -> Row {
        var work = SequentialWork(PoetLabels(statement: Bytes32.largest.bytes, path: path))
        let start = threadSeconds()
        repeat { _ = work.work() } while work.leafCount < leaves
        let rate = Double(work.leafCount) / (threadSeconds() - start)
        return Row(
            part: "work", path: path.rawValue, value: rate, unit: "leaves/s", root: work.root.map { "\($0)" })
    }

    /// What it costs to make a proof and to judge one, of 131,072 leaves.
    private func proofs() throws -> [Row] {
        var work = SequentialWork(PoetLabels(statement: Bytes32.largest.bytes), layer: 4)
        var roots: [Bytes32] = []
        for _ in 0..<Self.subtrees { roots.append(work.work()) }
        guard var assembly = ProofAssembly(of: work) else { return [] }
        let start = threadSeconds()
        for root in roots { assembly.take(root) }
        let proof = try assembly.finish()
        let made = threadSeconds() - start
        var rows = [Row(part: "prove", path: SHA256.expected.rawValue, value: 1000 * made, unit: "ms")]
        for path in SHA256.allCases where path.isAvailable {
            let (start, count) = (threadSeconds(), Self.judgements)
            for _ in 0..<count { try proof.check(statement: .largest, path: path) }
            let each = 1000 * (threadSeconds() - start) / Double(count)
            rows.append(Row(part: "verify", path: path.rawValue, value: each, unit: "ms"))
        }
        rows.append(
            Row(part: "nodes of the proof", path: "", value: Double(proof.nodes.count), unit: "nodes"))
        return rows
    }

    private static let subtrees = 1 << 13
    private static let judgements = 20
}

/// Seconds that this thread had a processor.
private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
