internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

/// Proves from files.
struct ToolProve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Make a proof of space from the files of a plot.",
        discussion: """
            Prints {"nonce": N, "indices": "BASE64", "pow": N}, after the strict verifier and the chain's rules accepted it.
            Several --dir hold the plot together; each physical disk has a reader of its own.
            Exit status: 0 proved, 1 no nonce below --max-nonces had enough labels or it was stopped, 2 error.
            """)

    @Option(help: "Directory with files of the plot; may be given again.") var dir: [String]
    @Option(help: "The challenge, 64 hexadecimal digits.") var challenge: Bytes32
    @Option(help: "Labels expected to be good for a nonce.") var k1: UInt32
    @Option(help: "Indices of a proof.") var k2: Int
    @Option(help: "Difficulty of the proof of work for one unit, 64 hexadecimal digits.")
    var powDifficulty: Bytes32
    @Option(help: "Nonces of a pass over the plot, a multiple of 16.") var nonces: UInt32 = 64
    @Option(help: "Nonces that may win, a multiple of 16.") var maxNonces: UInt32 = 288
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32 = 8192
    @Option(help: "RandomX: light (256 MiB), fast (2,336 MiB), or automatic: fast when it pays and fits.")
    var randomx: RandomXChoice = .automatic
    @Flag(help: "Prove with the files that are there, though others of the plot are missing.")
    var partial = false
    @OptionGroup var work: WorkOptions
    @Flag(help: "Print JSON when there is no proof, too.") var json = false

    func validate() throws {
        guard (16...4096).contains(nonces), nonces.isMultiple(of: 16), (16...4096).contains(maxNonces),
            maxNonces.isMultiple(of: 16)
        else { throw ValidationError("--nonces and --max-nonces must be multiples of 16 up to 4096") }
        guard (1...65_535).contains(k2) else { throw ValidationError("--k2 must be from 1 to 65535") }
        guard !dir.isEmpty else { throw ValidationError("--dir must be given") }
    }

    /// The proof in the original's JSON.
    private struct Row: Encodable {
        let nonce: UInt32
        let indices: Data
        let pow: UInt64
    }

    func run() throws {
        let control = work.control()
        let segments = try PlotSet(dir, scryptN: scryptN, provider: work.provider).segments(partial: partial)
        let rules = ProofRules(k1: k1, k2: k2, powDifficulty: powDifficulty, units: 1...UInt32.max)
        let prover = PlotProver(
            segments,
            request: ProofRequest(challenge: challenge, rules: rules, nonces: nonces, maxNonces: maxNonces),
            threads: work.threadCount, memory: randomx, control: control)
        let bytes = segments.reduce(0) { $0 + $1.bytes }
        let progress = ToolProgress()
        let outcome: ProveOutcome
        do {
            outcome = try prover.run { show($0, of: bytes, progress) }
        } catch let refusal as ProofRefusal {
            progress.end()
            throw CommandFault(explain(refusal, segments))
        }
        progress.end()
        switch outcome {
        case .proof(let proof, let isDirect):
            if !isDirect { note("this file system cannot be read past its cache: it was read through it") }
            try printJSON(Row(nonce: proof.nonce, indices: Data(proof.indices), pow: proof.pow))
        case .none(let best):
            note(
                "no proof: of the nonces below \(maxNonces) none had \(k2) good labels; the best had \(best)")
            throw ExitCode(1)
        case .stopped:
            note("stopped: nothing is kept of an unfinished proof")
            throw ExitCode(1)
        }
    }

    private func show(_ state: ProveProgress, of all: UInt64, _ progress: ToolProgress) {
        switch state {
        case .preparing(let share): progress.show("filling RandomX's memory", share: share, detail: "")
        case .work(let pass, let hashes, let expected):
            progress.show(
                "pass \(pass + 1): proofs of work", share: min(Double(hashes) / max(expected, 1), 0.999),
                detail: "\(hashes) hashes, about \(Int(min(expected, 1e15))) expected")
        case .scan(let pass, let bytes, let best):
            progress.show(
                "pass \(pass + 1): scan", share: Double(bytes) / Double(max(all, 1)),
                detail: "\(ToolProgress.text(bytes: bytes)), best nonce has \(best) of \(k2)")
        case .verifying: progress.show("verifying", share: nil, detail: "")
        }
    }

    /// A proof that our own verifier refuses: most likely a label is damaged, so where it lies is what matters.
    private func explain(_ refusal: ProofRefusal, _ segments: [PlotSegment]) -> String {
        guard case .label(_, let index, _) = refusal,
            let segment = segments.first(where: { $0.labels.contains(index) })
        else { return "post: \(refusal)" }
        let file = index / segment.layout.labelsPerFile
        let place = LabelPlace(file: file, label: index - segment.layout.labels(of: file).lowerBound)
        return """
            post: \(segment.path(of: file)), \(PlotFileFault.text(of: place.bytes)), holds a damaged label, so the proof is not \
            valid (\(refusal)): find how much is damaged with `post check`, and have it made again
            """
    }
}

/// Directories of one plot.
struct PlotSet {
    let directories: [PlotDirectory]

    /// Opens them; all must be of the plot of the first, and some of their labels are computed anew.
    init(_ paths: [String], scryptN: UInt32, provider: any LabelProvider) throws {
        directories = try paths.map { try PlotDirectory($0, scryptN: scryptN) }
        for directory in directories {
            if let first = directories.first {
                try directory.metadata.check(isOf: first.layout, directory: directory.path)
            }
            try directory.probe(.plot, by: provider)
        }
    }

    /// Their segments, which together must be the plot, unless only a part is wanted.
    func segments(partial: Bool) throws -> [PlotSegment] {
        let segments = try directories.map { try $0.segment() }
        let missing = try PlotSegment.missing(from: segments)
        guard partial || missing.isEmpty else { throw PlotFileFault.absent(files: missing) }
        return segments
    }
}
