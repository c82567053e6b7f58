internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import PostWorkerCore

/// Measures what proofs cost on this machine.
struct ToolBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure labels, scanning, proof of work and verification.",
        discussion: """
            Rates are by the wall clock, and by the time that the threads had a processor (`cpu`): on a shared machine
            the second says more. Every path that this processor has is measured. The part `file` scans a file, and wants --dir.
            """)

    @Option(help: "Parts: labels, scan, file, work, verify (default: all).") var only: [BenchPart] = []
    @Option(help: "Numbers of threads (default: 1 and all cores).") var threads: [Int] = []
    @Option(help: "Paths, by name (default: all that this processor has).") var path: [String] = []
    @Option(help: "Seconds for each measurement, about.") var seconds = 1.0
    @Option(help: "Cost of a label.") var scryptN: UInt32 = 8192
    @Option(help: "Nonces of a scan.") var nonces: Int = 64
    @Option(help: "Directory with a postdata_0.bin of any bytes, for `file`.") var dir: String?
    @Flag(help: "Measure RandomX in fast mode too: 2,336 MiB, and a minute or two to fill them.") var fast =
        false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard dir != nil || !only.contains(.file) else { throw ValidationError("--only file wants --dir") }
        guard threads.allSatisfy({ (1...1024).contains($0) }) else {
            throw ValidationError("--threads must be from 1 to 1024")
        }
        guard (16...4096).contains(nonces), nonces.isMultiple(of: 16), seconds > 0, seconds <= 600 else {
            throw ValidationError("--nonces must be a multiple of 16 up to 4096, --seconds above 0 up to 600")
        }
    }

    func run() throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let counts = threads.isEmpty ? (cores > 1 ? [1, cores] : [1]) : threads
        let bench = Bench(seconds: seconds, scryptN: scryptN, nonces: nonces, directory: dir, fast: fast) {
            name in
            path.isEmpty || path.contains(name)
        }
        var rows: [BenchRow] = []
        for part in only.isEmpty ? BenchPart.allCases.filter({ $0 != .file || dir != nil }) : only {
            for count in counts {
                note("measuring \(part.rawValue) on \(count) thread\(count == 1 ? "" : "s")")
                rows += try bench.measure(part, threads: count)
            }
        }
        if json {
            try printJSON(rows)
        } else {
            BenchRow.table(rows).forEach(say)
        }
    }
}

/// What can be measured.
enum BenchPart: String, CaseIterable, ExpressibleByArgument, Codable {
    case labels, scan, file, work, verify
}

/// One figure.
struct BenchRow: Encodable {
    let part: BenchPart
    let path: String
    let threads: Int
    let unit: String
    /// By the wall clock.
    let value: Double
    /// By the processor time of the threads; for rates, of all threads together.
    let cpu: Double

    /// The rows as aligned lines.
    static func table(_ rows: [BenchRow]) -> [String] {
        let cells =
            [["part", "path", "threads", "value", "cpu", "unit"]]
            + rows.map { row in
                [
                    row.part.rawValue, row.path, "\(row.threads)", number(row.value), number(row.cpu),
                    row.unit,
                ]
            }
        let widths = (0..<6).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { line in
            zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").replacing(/\s+$/, with: "")
        }
    }

    private static func number(_ value: Double) -> String {
        String(format: value >= 100 ? "%.0f" : "%.2f", value)
    }
}
