internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import NodePoet

/// `spacenode poet verify`.
struct ToolVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Judge a proof of sequential work: exit status 0 valid, 1 invalid.",
        discussion: """
            The proof is JSON, hashes in hexadecimal: {"root": "…", "proven_leaves": ["…"], "proof_nodes": \
            ["…"], "leaves": N}. Its \
            reference is printed, whether it is valid or not.
            """)

    @Option(help: "What was worked on, hexadecimal: the root of the round's members.") var statement: String
    @Option(help: "File with the proof, or - for standard input.") var proof: String
    @Option(help: "Leaves that a proof shows.") var t = 150
    @Flag(help: "Print JSON.") var json = false

    private struct Verdict: Encodable {
        let valid: Bool
        let reason: String?
        let reference: String
    }

    func validate() throws {
        guard (1...PoetProof.shownLeaves).contains(t) else {
            throw ValidationError("--t must be from 1 to \(PoetProof.shownLeaves)")
        }
    }

    func run() throws {
        guard let statement = Hexadecimal.bytes(of: statement), !statement.isEmpty, statement.count <= 1024
        else { throw CommandFault("poet: --statement must be hexadecimal, 32 bytes as a rule") }
        let work = try ProofFile.read(proof)
        var reason: String?
        do throws(PoetRefusal) {
            try work.check(statement: statement, shown: t)
        } catch {
            reason = error.description
        }
        if json {
            try printJSON(
                Verdict(valid: reason == nil, reason: reason, reference: "\(work.reference)"))
        } else {
            say(reason.map { "invalid: \($0)" } ?? "valid")
            say("reference \(work.reference)")
        }
        if reason != nil { throw ExitCode(1) }
    }
}

/// A proof as the tool reads it.
private struct ProofFile: Decodable {
    /// Largest file that is read.
    private static let limit = 4 << 20

    private let root: String
    private let proven_leaves: [String]
    private let proof_nodes: [String]
    private let leaves: UInt64

    /// Reads a file, or standard input for `-`.
    static func read(_ path: String) throws -> WorkProof {
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let file else { throw CommandFault("poet: cannot read \(path): is the path right?") }
        // A pipe gives pieces.
        var bytes = Data()
        while bytes.count <= limit, let piece = try file.read(upToCount: limit + 1 - bytes.count),
            !piece.isEmpty
        { bytes += piece }
        guard bytes.count <= limit else {
            throw CommandFault("poet: \(path) is over \(limit) bytes: that is no proof")
        }
        guard let read = try? JSONDecoder().decode(ProofFile.self, from: bytes) else {
            throw CommandFault(
                "poet: \(path) holds no proof: it must be JSON with root, proven_leaves, proof_nodes and leaves"
            )
        }
        return WorkProof(
            root: try hash(read.root), leaves: try read.proven_leaves.map(hash),
            nodes: try read.proof_nodes.map(hash), leafCount: read.leaves)
    }

    private static func hash(_ text: String) throws -> Bytes32 {
        guard let value = Bytes32(hexadecimal: text) else {
            throw CommandFault("poet: \(text.prefix(70)) is no hash: 64 hexadecimal digits")
        }
        return value
    }
}
