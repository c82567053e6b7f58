internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

/// Measures scanning from a file, reading included.
struct BenchFile {
    let directory: String
    let nonces: Int

    /// The difficulty is that of four units; whether the bytes are labels is no matter for the time.
    func row(threads: Int, path: ScanPath) throws -> BenchRow? {
        let plot = try Plot(
            identity: .zero, commitmentATX: .zero, units: 4, labelsPerUnit: 1 << 32, scryptN: 8192)
        let name = PlotLayout.name(of: 0)
        let entries = try PlotDirectory.entries(of: directory)
        guard let entry = entries.first(where: { $0.name == name }), entry.bytes >= 1 << 20 else {
            throw CommandFault("post: --dir must hold a \(name) of 1 MiB or more: put one there")
        }
        let layout = try PlotLayout(plot: plot, maxFileSize: entry.bytes)
        guard let difficulty = ProvingDifficulty(k1: 26, labels: plot.labels) else { return nil }
        let groups = (0..<nonces / 16).map { ScanGroup(number: UInt8($0), pow: UInt64($0)) }
        let scanner = PlotScanner(
            pass: ScanPass(challenge: .largest, groups: groups, difficulty: difficulty), needed: Int.max,
            threads: threads, path: path)
        let (wall, cpu) = (wallSeconds(), processSeconds())
        let outcome = try scanner.scan([
            ScanPart(PlotSegment(directory: directory, layout: layout, files: 0..<1))
        ])
        let gibibytes = Double(outcome.bytes) / Double(1 << 30)
        return BenchRow(
            part: .file, path: "\(path.rawValue), \(outcome.isDirect ? "O_DIRECT" : "cached")",
            threads: threads, unit: "GiB/s of \(nonces) nonces", value: gibibytes / (wallSeconds() - wall),
            cpu: gibibytes / (processSeconds() - cpu))
    }
}
