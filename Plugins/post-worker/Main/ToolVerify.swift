internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

/// Judges a proof.
struct ToolVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Judge a proof of space: exit status 0 valid, 1 invalid.",
        discussion: """
            The proof is JSON: {"nonce": N, "indices": "BASE64", "pow": N}. By default it is judged by the strict rules
            for proofs made anywhere: distinct indices below the number of labels, pow below 2^56, zero padding.
            --chain-rules adds those of proofs on the chain; --loose takes away the strict ones, and accepts forgeries.
            """)

    @Option(help: "File with the proof, or - for standard input.") var proof: String
    @Option(help: "Public key of the identity, 64 hexadecimal digits.") var id: Bytes32
    @Option(help: "Commitment activation id, 64 hexadecimal digits.") var commitmentAtx: Bytes32
    @Option(help: "Size of the plot in units.") var units: UInt32
    @Option(help: "Labels of a unit.") var labelsPerUnit: UInt64
    @Option(help: "Cost of a label: a power of two.") var scryptN: UInt32
    @Option(help: "The challenge, 64 hexadecimal digits.") var challenge: Bytes32
    @Option(help: "Labels expected to be good for a nonce.") var k1: UInt32
    @Option(help: "Indices of a proof.") var k2: Int
    @Option(help: "Compute only so many labels, picked at random (default: all).") var k3: Int?
    @Option(help: "Difficulty of the proof of work for one unit, 64 hexadecimal digits.")
    var powDifficulty: Bytes32
    @Flag(help: "Judge as the original did. It accepts forgeries: only for proofs that were made for it.")
    var loose = false
    @Flag(help: "Judge as the chain does: ascending indices and a nonce below --max-nonces besides.")
    var chainRules = false
    @Option(help: "With --chain-rules: nonces that may win.") var maxNonces: UInt32 = 288
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard !(loose && chainRules) else {
            throw ValidationError("--loose and --chain-rules exclude each other")
        }
        guard (1...65_535).contains(k2), (k3 ?? 1) >= 1 else {
            throw ValidationError("--k2 must be from 1 to 65535, and --k3 at least 1")
        }
    }

    func run() throws {
        let post = try ProofFile.read(proof)
        let plot = try Plot(
            identity: id, commitmentATX: commitmentAtx, units: units, labelsPerUnit: labelsPerUnit,
            scryptN: scryptN)
        let rules = ProofRules(k1: k1, k2: k2, powDifficulty: powDifficulty, units: 1...UInt32.max)
        let verifier =
            chainRules
            ? ProofVerifier(rules: rules, chain: ChainRules(maxNonces: maxNonces))
            : ProofVerifier(importing: loose ? .loose : .strict, rules: rules)
        let refusal = try judge(post, plot, verifier)
        try report(refusal)
        if refusal != nil { throw ExitCode(1) }
    }

    /// The refusal; nil when the proof is valid.
    ///
    /// RandomX's memory is made only for proofs whose shape is right.
    private func judge(_ post: PostProof, _ plot: Plot, _ verifier: ProofVerifier) throws -> ProofRefusal? {
        do throws(ProofRefusal) { _ = try verifier.checkShape(post, of: plot) } catch { return error }
        if isatty(STDERR_FILENO) == 1 { note("filling RandomX's 256 MiB, then one hash and the labels") }
        var machine = try RandomXMachine(try RandomXCache(allocated: HugePages.advise))
        let worker = try LabelProviders.expected.makeWorker(scryptN: plot.scryptN)
        let sample = k3.map { count in
            ProofSample.some(count, seed: (0..<32).map { _ in UInt8.random(in: 0...255) })
        }
        do throws(ProofRefusal) {
            try verifier.verify(
                post, of: plot, challenge: challenge, sample: sample ?? .all, on: &machine, by: worker)
            return nil
        } catch {
            return error
        }
    }

    /// The verdict as JSON.
    private struct Verdict: Encodable {
        let valid: Bool
        let reason: String?
        let index: UInt64?
    }

    private func report(_ refusal: ProofRefusal?) throws {
        if json {
            try printJSON(
                Verdict(valid: refusal == nil, reason: refusal?.description, index: refusal?.index))
        } else if let refusal {
            say("invalid: \(refusal)")
        } else {
            say("valid")
        }
    }
}

/// A proof in the original's JSON.
struct ProofFile: Decodable {
    /// Largest file that is read.
    static let limit = 64 << 10

    private let nonce: UInt32
    private let indices: Data
    private let pow: UInt64

    /// Reads a file, or standard input for `-`.
    static func read(_ path: String) throws -> PostProof {
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let file else { throw CommandFault("post: cannot read \(path): is the path right?") }
        let bytes = try file.read(upToCount: limit + 1) ?? Data()
        guard bytes.count <= limit else {
            throw CommandFault("post: \(path) is over \(limit) bytes: that is no proof")
        }
        do {
            let read = try JSONDecoder().decode(ProofFile.self, from: bytes)
            return PostProof(nonce: read.nonce, indices: Array(read.indices), pow: read.pow)
        } catch {
            throw CommandFault(
                "post: \(path) holds no proof: it must be {\"nonce\": N, \"indices\": \"BASE64\", \"pow\": N}"
            )
        }
    }
}
