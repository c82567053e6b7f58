internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

/// Makes the labels of a plot.
struct ToolInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the labels of a plot, or of some of its files.",
        discussion: """
            The same command goes on where it was interrupted. Nothing that is there is overwritten: a directory of another
            plot is refused. Several machines may each make a part (--from-file, --to-file, counted from 0, both included);
            `merge` then finds the smallest VRF nonce of all.
            Exit status: 0 finished, 1 stopped before the end, 2 error.
            """)

    @Option(help: "Directory; it is made when it is not there.") var dir: String
    @Option(help: "Public key of the identity, 64 hexadecimal digits.") var id: Bytes32
    @Option(help: "Commitment activation id, 64 hexadecimal digits.") var commitmentAtx: Bytes32
    @Option(help: "Size of the plot in units.") var units: UInt32
    @Option(help: "Labels of a unit.") var labelsPerUnit: UInt64
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @Option(help: "Largest size of a file in bytes, a multiple of 128.")
    var maxFileSize: UInt64 = PlotLayout.usualFile
    @Option(help: "First file to make.") var fromFile: UInt64?
    @Option(help: "Last file to make.") var toFile: UInt64?
    @OptionGroup var work: WorkOptions
    @Flag(help: "Print JSON.") var json = false

    /// The result as JSON.
    private struct Row: Encodable {
        let directory: String
        let firstFile: UInt64
        let lastFile: UInt64
        let finished: Bool
        let madeLabels: UInt64
        let nonce: UInt64?
    }

    func run() throws {
        let plot = try Plot(
            identity: id, commitmentATX: commitmentAtx, units: units, labelsPerUnit: labelsPerUnit,
            scryptN: scryptN)
        let layout = try PlotLayout(plot: plot, maxFileSize: maxFileSize)
        let (first, last) = (fromFile ?? 0, toFile ?? layout.files - 1)
        guard first <= last, last < layout.files else {
            throw PlotFileFault.fileRange(first: first, last: last, files: layout.files)
        }
        let control = work.control()
        let initializer = try PlotInitializer(
            directory: dir, layout: layout, files: first..<last + 1, threads: work.threadCount,
            provider: work.provider, control: control)
        warnOfRoom(layout, first..<last + 1)
        let progress = ToolProgress()
        let start = wallSeconds()
        let result = try initializer.run { ToolInit.show($0, progress, since: start) }
        progress.end()
        try report(result, first, last)
        if !result.isFinished { throw ExitCode(1) }
    }

    /// Says beforehand that the disk will be full before the plot is.
    private func warnOfRoom(_ layout: PlotLayout, _ files: Range<UInt64>) {
        let place =
            FileManager.default.fileExists(atPath: dir) ? dir : (dir as NSString).deletingLastPathComponent
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: place.isEmpty ? "." : place)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.uint64Value else { return }
        let needed = UInt64(layout.labels(of: files).count) * PlotLayout.labelBytes
        let there = (try? PlotDirectory(dir, scryptN: scryptN))?.listing.present(in: files) ?? 0
        let missing = needed - min(there * PlotLayout.labelBytes, needed)
        if missing > free {
            note(
                """
                \(ToolProgress.text(bytes: missing)) are still to be written and \(ToolProgress.text(bytes: free)) are free: \
                it will stop when the disk is full, and go on when there is room
                """)
        }
    }

    private static func show(_ state: InitializeProgress, _ progress: ToolProgress, since start: Double) {
        let made = state.done - state.before
        let rate = Double(made) / max(wallSeconds() - start, 0.001)
        let nonce = state.nonce.map { ", nonce \($0)" } ?? ""
        if let beyond = state.beyond {
            progress.show("searching a nonce beyond the plot", share: nil, detail: ": label \(beyond)")
        } else {
            progress.show(
                "labels", share: Double(state.done) / Double(max(state.all, 1)),
                detail: "\(state.done) of \(state.all), \(Int(rate))/s\(nonce)")
        }
    }

    private func report(_ result: InitializeResult, _ first: UInt64, _ last: UInt64) throws {
        if json {
            try printJSON(
                Row(
                    directory: dir, firstFile: first, lastFile: last, finished: result.isFinished,
                    madeLabels: result.made, nonce: result.nonce.index))
            return
        }
        let nonce = result.nonce.index.map { "VRF nonce \($0)" } ?? "no VRF nonce among them"
        let names = PlotLayout.names(of: first..<last + 1)
        if result.isFinished {
            say("finished: \(names) in \(dir), \(result.made) labels made now, \(nonce)")
        } else {
            say("stopped: \(result.made) labels made now; the same command goes on from there")
        }
    }
}

/// What tools that compute for long have in common.
struct WorkOptions: ParsableArguments {
    @Option(help: "Threads (default: all cores).") var threads: Int?
    @Option(help: "Go no faster than so many bytes a second; a label is 16 bytes.") var limit: UInt64?
    @Option(help: "Instructions: \(InstructionSet.allCases.map(\.name).joined(separator: ", ")).")
    var path: InstructionSet?

    func validate() throws {
        guard (1...1024).contains(threads ?? 1), (limit ?? 1) >= 1 else {
            throw ValidationError("--threads must be from 1 to 1024, --limit at least 1")
        }
    }

    /// How many threads to use.
    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
    /// What computes labels.
    var provider: any LabelProvider { path ?? LabelProviders.expected }

    /// The reins of the work, which signals and the limit pull.
    func control() -> WorkControl {
        let control = WorkControl(bytesPerSecond: limit)
        StopSignals.stop(control)
        return control
    }
}
