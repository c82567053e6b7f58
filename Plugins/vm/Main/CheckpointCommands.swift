internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeOperator
internal import NodeProtocol
internal import Synchronization
internal import VmCore

/// `spacenode checkpoint`.
struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "The state in one file that proves itself.",
        discussion: """
            A checkpoint is every record of the state with the root that they give. Whoever reads it computes the root anew. \
            Compare the root with a header that you trust: the file cannot say whether the chain had it.
            """,
        subcommands: [CheckpointCreate.self, CheckpointVerify.self, CheckpointRestore.self])
}

/// What commands say of a checkpoint.
private struct Report: Encodable {
    let file: String
    let network: String
    let height: UInt64
    let time: UInt64
    let root: String
    let leaves: UInt64
    let bytes: UInt64
    /// Units of all rows: the space that stands behind it.
    var units: UInt64?
    var valid: Bool?

    init(_ file: String, _ head: CheckpointHead, leaves: UInt64, bytes: UInt64) {
        self.file = file
        network = Hexadecimal.text(of: head.genesisID)
        height = head.height
        time = head.time / 1000
        root = head.appHash.description
        self.leaves = leaves
        self.bytes = bytes
    }

    func print(json: Bool, _ verdict: String) throws {
        if json { return try printJSON(self) }
        say("\(file): \(verdict)")
        say("  genesis id  \(network)")
        say("  height      \(height), \(Date(timeIntervalSince1970: Double(time)).formatted(.iso8601))")
        say("  root        \(root)")
        say("  leaves      \(leaves), \(bytes) bytes")
        if let units { say("  space       \(units) units, all rows of all epochs together") }
    }
}

/// How far something is, for whoever looks every second.
private final class Progress: Sendable {
    private let state = Mutex((leaves: UInt64(0), bytes: UInt64(0)))

    func set(_ leaves: UInt64, _ bytes: UInt64) { state.withLock { $0 = (leaves, bytes) } }

    var text: String {
        let (leaves, bytes) = state.withLock { $0 }
        return "\(leaves) leaves, \(bytes >> 20) MiB"
    }
}

/// `spacenode checkpoint create`.
struct CheckpointCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Writes the state of the running node into a file.")
    @OptionGroup var place: OperatorPlace
    @Argument(help: "The file to make.") var file: String
    @Option(help: "Which height, of those that are kept; 0: the newest.") var height: UInt64 = 0

    func run() async throws {
        let (paths, file, height, progress) = (try place.paths(), file, height, Progress())
        let report = try await withProgress({ "checkpoint: \(progress.text)" }) {
            try await withBus(paths) { bus in
                try await Self.write(bus, file, height, progress)
            }
        }
        try report.print(json: place.json, "written")
    }

    private static func write(
        _ bus: BusClient, _ file: String, _ height: UInt64, _ progress: Progress
    ) async throws -> Report {
        var request = Spacenode_Vm_V1_SnapshotRequest()
        request.height = height
        let stream = try await bus.open(VmContract.snapshot, request)
        guard let first = try await stream.next(), first.hasHead else {
            throw CommandFault("the ledger gave no head: is its version this one's?")
        }
        let head = try CheckpointHead(first.head)
        let writer = try CheckpointFileWriter(file, head)
        do {
            while let item = try await stream.next() {
                try writer.add([UInt8](item.leaves))
                progress.set(writer.leaves, writer.bytes)
            }
            try writer.finish()
        } catch {
            writer.discard()
            throw error
        }
        return Report(file, head, leaves: writer.leaves, bytes: writer.bytes)
    }
}

/// `spacenode checkpoint verify`.
struct CheckpointVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Computes the root of a checkpoint anew; needs no node.",
        discussion: "Exit status: 0 the leaves give the root, 1 they do not or the file is damaged, 2 error.")
    @Argument(help: "The file.") var file: String
    @Option(help: "The root that it must have, from a header that you trust: 64 digits in base 16.")
    var root: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let (file, progress) = (file, Progress())
        if let root, Bytes32(hexadecimal: root) == nil {
            throw CommandFault("--root \(root) is no root: 64 digits in base 16")
        }
        let reader = try CheckpointFileReader(file)
        let wanted = root.flatMap { Bytes32(hexadecimal: $0) } ?? reader.head.appHash
        do {
            let (found, units) = try await withProgress({ "verify: \(progress.text)" }) {
                try Self.compute(file, progress)
            }
            var report = Report(file, reader.head, leaves: found.leaves, bytes: reader.size)
            report.units = units
            report.valid = found.root == wanted && found.root == reader.head.appHash
            let verdict =
                report.valid == true
                ? "its leaves give its root"
                : "its leaves give the root \(found.root), not \(wanted): it is damaged or forged"
            try report.print(json: json, verdict)
            if report.valid != true { throw ExitCode(1) }
        } catch let fault as CommandFault {
            note("\(fault)")
            throw ExitCode(1)
        }
    }

    private static func compute(
        _ file: String, _ progress: Progress
    ) throws -> (found: (root: Bytes32, leaves: UInt64), units: UInt64) {
        let reader = try CheckpointFileReader(file)
        var builder = TreeBuilder(version: reader.head.height)
        var units: UInt64 = 0
        while let run = try reader.next() {
            for leaf in run.leaves {
                do {
                    try builder.add(leaf)
                } catch {
                    throw CommandFault("\(file) is damaged: \(error)")
                }
                if case .row? = StateKey(bytes: leaf.preimage), let row = try? RowRecord(bytes: leaf.value) {
                    units &+= UInt64(row.units)
                }
            }
            progress.set(reader.leaves, reader.bytes)
        }
        return ((builder.finish(), reader.leaves), units)
    }
}

/// `spacenode checkpoint restore`.
struct CheckpointRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a checkpoint into a running node that has no blocks yet.",
        discussion: """
            What breaks off begins anew: until it is done the ledger serves nothing else. Then consensus begins anew, and goes on behind \
            the checkpoint as soon as a peer has the next block.
            """)
    @OptionGroup var place: OperatorPlace
    @Argument(help: "The file.") var file: String
    @Flag(help: "Also in place of a state at a lower height, which is dropped.") var replace = false

    func run() async throws {
        let (paths, file, progress, replace) = (try place.paths(), file, Progress(), replace)
        let reader = try CheckpointFileReader(file)
        let reply = try await withProgress({ "restore: \(progress.text)" }) {
            try await withBus(paths) { bus in try await Self.send(bus, file, replace, progress) }
        }
        guard reply.appHash == Data(reader.head.appHash.bytes) else {
            throw CommandFault("the ledger has another root than the file: stop the node and restore again")
        }
        try Report(file, reader.head, leaves: reply.leaves, bytes: reader.size)
            .print(json: place.json, "restored")
    }

    private static func send(
        _ bus: BusClient, _ file: String, _ replace: Bool, _ progress: Progress
    ) async throws -> Spacenode_Vm_V1_RestoreReply {
        let reader = try CheckpointFileReader(file)
        let upload = try await bus.open(VmContract.restore)
        var item = Spacenode_Vm_V1_SnapshotItem()
        item.head = reader.head.wire
        item.replace = replace
        try await upload.send(item)
        while let run = try reader.next() {
            var item = Spacenode_Vm_V1_SnapshotItem()
            item.leaves = Data(run.bytes)
            try await upload.send(item)
            progress.set(reader.leaves, reader.bytes)
        }
        return try await upload.finish()
    }
}
