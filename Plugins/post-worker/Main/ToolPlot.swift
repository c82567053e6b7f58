internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

/// Finds a lost VRF nonce.
struct ToolFindNonce: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-nonce", abstract: "Find the VRF nonce of labels that are made.",
        discussion: """
            The smallest label of the files is the nonce, if it is small enough. It is written into the metadata of each
            directory. When all files of the plot are there and none of their labels is small enough, the search goes on
            beyond the plot; interrupted, the same command goes on from there.
            Exit status: 0 found, 1 not found in these files or stopped, 2 error.
            """)

    @Option(help: "Directory with files of the plot; may be given again.") var dir: [String]
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @OptionGroup var work: WorkOptions
    @Flag(help: "Print JSON.") var json = false

    /// The result as JSON.
    private struct Row: Encodable {
        let nonce: UInt64?
        let label: String?
    }

    func run() throws {
        let control = work.control()
        let set = try PlotSet(dir, scryptN: scryptN, provider: work.provider)
        let bytes = try set.segments(partial: true).reduce(0) { $0 + $1.bytes }
        let progress = ToolProgress()
        let finder = NonceFinder(
            set.directories, threads: work.threadCount, provider: work.provider, control: control)
        let found = try finder.run { state in
            switch state {
            case .files(let done):
                progress.show(
                    "reading", share: Double(done) / Double(max(bytes, 1)),
                    detail: "\(ToolProgress.text(bytes: done))")
            case .beyond(let label):
                progress.show("searching beyond the plot", share: nil, detail: ": label \(label)")
            }
        }
        progress.end()
        if json {
            try printJSON(Row(nonce: found?.index, label: found.map { "\($0.label)" }))
        } else if let index = found?.index {
            say("nonce \(index)")
        } else {
            say(
                control.isStopped
                    ? "stopped: the same command goes on"
                    : "no label of these files is small enough: look in the other directories of the plot as well"
            )
        }
        if found == nil { throw ExitCode(1) }
    }
}

/// Checks stored labels.
struct ToolCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compute stored labels anew and compare: names every bad range of bytes.",
        discussion: """
            All labels take as long as making them; --sample takes a share, from every part of every file.
            Exit status: 0 all good, 1 bad labels found or stopped, 2 error.
            """)

    @Option(help: "Directory with files of a plot.") var dir: String
    @Option(help: "Share of the labels to look at, above 0 up to 1 (default: all).") var sample: Double?
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @OptionGroup var work: WorkOptions
    @Flag(help: "Print JSON.") var json = false

    /// A bad range as JSON.
    private struct Part: Encodable {
        let file: String
        let firstByte: UInt64
        let lastByte: UInt64
        let readable: Bool
    }

    /// The result as JSON.
    private struct Row: Encodable {
        let finished: Bool
        let checkedLabels: UInt64
        let badLabels: UInt64
        let bad: [Part]
        let nonceIsValid: Bool?
    }

    func validate() throws {
        guard sample.map({ CheckSample(share: $0) != nil }) ?? true else {
            throw ValidationError("--sample must be above 0 and up to 1")
        }
    }

    func run() throws {
        let control = work.control()
        let directory = try PlotDirectory(dir, scryptN: scryptN)
        try directory.probe(.cost, by: work.provider)
        let nonce = try directory.isNonceValid(work.provider)
        let checker = PlotChecker(
            directory, sample: sample.flatMap { CheckSample(share: $0) } ?? .all, threads: work.threadCount,
            provider: work.provider, control: control)
        let progress = ToolProgress()
        let result = try checker.run { state in
            progress.show(
                "checking", share: state.share, detail: "\(state.checked) labels, \(state.bad) bad")
        }
        progress.end()
        try report(result, nonce)
        if !result.isFinished || result.bad.count > 0 || nonce == false { throw ExitCode(1) }
    }

    private func report(_ result: CheckResult, _ nonce: Bool?) throws {
        let parts = result.bad.parts.map { part in
            Part(
                file: "\(dir)/\(PlotLayout.name(of: part.file))", firstByte: part.bytes.lowerBound,
                lastByte: part.bytes.upperBound - 1, readable: part.isReadable)
        }
        if json {
            try printJSON(
                Row(
                    finished: result.isFinished, checkedLabels: result.checked, badLabels: result.bad.count,
                    bad: parts, nonceIsValid: nonce))
            return
        }
        for part in parts {
            say(
                "\(part.readable ? "bad" : "unreadable"): \(part.file), bytes \(part.firstByte) to \(part.lastByte)"
            )
        }
        if result.bad.parts.count == BadLabels.limit {
            say("and perhaps more: only so many ranges are named")
        }
        if nonce == false { say("bad: the nonce of the metadata is none of this plot: see `find-nonce`") }
        let end = result.isFinished ? "checked" : "stopped:"
        say("\(end) \(result.checked) labels, \(result.bad.count) bad")
    }
}

/// Makes the metadata of several directories one.
struct ToolMerge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Write the smallest VRF nonce of all directories of a plot to each of them.",
        discussion: """
            For plots whose files were made on several machines. Label files are not touched; a directory of another plot is
            refused, and nothing is written then.
            Exit status: 0 all files are there and the nonce is valid, 1 something is missing, 2 error.
            """)

    @Argument(help: "Directories with files of the plot.") var dir: [String]
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @Flag(help: "Print JSON.") var json = false

    /// The result as JSON.
    private struct Row: Encodable {
        let nonce: UInt64?
        let nonceIsValid: Bool
        let missingFiles: [String]
        let unfinishedFiles: [String]
    }

    func run() throws {
        let merge = try PlotMerge(dir, scryptN: scryptN)
        let missing = merge.missing.map(PlotLayout.names)
        if json {
            try printJSON(
                Row(
                    nonce: merge.nonce.index, nonceIsValid: merge.isNonceValid, missingFiles: missing,
                    unfinishedFiles: merge.unfinished))
        } else {
            let nonce = merge.nonce.index.map { "\($0)" }
            let verdict = merge.isNonceValid ? "valid" : "not small enough"
            say(nonce.map { "nonce \($0), \(verdict)" } ?? "no nonce in any of them: see `find-nonce`")
            for names in missing { say("missing: \(names)") }
            for path in merge.unfinished { say("unfinished: \(path)") }
        }
        if !merge.isNonceValid || !missing.isEmpty || !merge.unfinished.isEmpty { throw ExitCode(1) }
    }
}
