internal import ArgumentParser
internal import ConsensusCore
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding

/// The light client.
struct ToolLight: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "light", abstract: "Check headers and state without a node.",
        subcommands: [ToolLightVerify.self])
}

/// Whether a chain of light blocks leads from a trusted head to its last one.
struct ToolLightVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Follow headers from one that you trust; 1 if they do not verify.",
        discussion: """
            FILE is JSON: the trusted head and the light blocks from it on. What is trusted must come from people you trust, not \
            from whoever gave you the file: pass it with --trust, or compare what is printed. docs/light.md has the form.
            """)

    @Argument(help: "The chain.") var file: String
    @Option(help: "HEIGHT:HEADER-HASH:SET-HASH that you trust (default: what the file says).")
    var trust: Checkpoint?
    @Option(help: "A record with its proof, checked against the last header's app hash.") var proof: String?
    @Option(help: "The time to go by, such as 2027-01-15T12:00:00Z (default: now).") var at: Moment?
    @Option(help: "How many days a trusted head may be old.") var trustingDays: UInt16 = 18
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let chain = try LightFile.read(file)
        let record = try proof.map { try RecordFile.read($0) }
        let checkpoint = try trust?.value ?? chain.trusted()
        let rules = LightRules(trustingSeconds: Int64(trustingDays) * 86_400)
        var report = LightReport(checkpoint, blocks: chain.blocks.count, isFromFile: trust == nil)
        do throws(LightChainFault) {
            let head = try chain.chain.verified(
                from: checkpoint, now: at?.value ?? .now, rules: rules,
                by: { Ed25519.verify($0, of: $1, by: $2) })
            report.take(head.header)
            if let record { report.take(record, of: head.header) }
        } catch {
            report.reason = "\(error)"
        }
        try report.print(asJSON: json)
        if !report.valid { throw ExitCode(1) }
    }
}

/// A checkpoint as the command line has it.
struct Checkpoint: ExpressibleByArgument {
    let value: LightCheckpoint

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let height = UInt64(parts[0]), let hash = Bytes32(hexadecimal: parts[1]),
            let setHash = Bytes32(hexadecimal: parts[2])
        else { return nil }
        value = LightCheckpoint(height: height, hash: hash, setHash: setHash)
    }
}

/// A moment as the command line has it: whole seconds in UTC.
struct Moment: ExpressibleByArgument {
    let value: Timestamp

    init?(argument: String) {
        guard let date = ISO8601DateFormatter().date(from: argument) else { return nil }
        value = Timestamp(seconds: Int64(date.timeIntervalSince1970), nanoseconds: 0)
    }
}

extension Timestamp {
    /// By this machine's clock.
    static var now: Timestamp {
        Timestamp(milliseconds: UInt64(max(0, Date().timeIntervalSince1970 * 1000)))
    }
}
