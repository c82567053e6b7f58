internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeOperator
internal import NodeProtocol
internal import SwiftProtobuf

/// `spacenode storage stats`.
struct StatsQuery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "How the running storage is, and what its keyspaces hold.",
        discussion: "Exit status: 0 ready, 1 something needs attention, 2 error.")
    @OptionGroup var asker: OperatorPlace

    func run() async throws {
        let stats = try await asker.ask(StorageContract.stats, Spacenode_Storage_V1_StatsRequest())
        if asker.json { print(try stats.jsonString()) } else { print(text(stats)) }
        if stats.condition != .ready { throw ExitCode(1) }
    }

    private func text(_ stats: Spacenode_Storage_V1_StatsReply) -> String {
        var lines = ["condition   \("\(stats.condition)")"]
        if !stats.reason.isEmpty { lines += ["why         \(stats.reason)", "fix         \(stats.fix)"] }
        lines += [
            "operations  \(stats.sequence), on the disk up to \(stats.durableSequence)",
            "batches     \(stats.writes) written, \(size(stats.writtenBytes)); \(stats.durableWrites) durable in \(stats.syncs) syncs",
            "reads       \(stats.reads) keys, \(stats.openScans) scans open",
            "disk        \(size(stats.diskFreeBytes)) free, log \(size(stats.walBytes)), ballast \(size(stats.ballastBytes))",
            "memory      \(size(stats.cacheBytes)) of blocks, \(size(stats.uploadBytes)) of uploads", "",
            "KEYSPACE        NUMBER        KEYS        DISK      MEMORY",
        ]
        lines += stats.keyspaces.map { keyspace in
            let number = keyspace.number == 0 ? "-" : "\(keyspace.number)"
            let cells = [number, "~\(keyspace.keys)", size(keyspace.diskBytes), size(keyspace.memoryBytes)]
            let widths = [10, 12, 12, 12]
            return keyspace.name.padding(toLength: 12, withPad: " ", startingAt: 0)
                + zip(cells, widths).map { cell, width in
                    String(repeating: " ", count: max(1, width - cell.count)) + cell
                }.joined()
        }
        return lines.joined(separator: "\n")
    }
}

/// `spacenode storage checkpoint`.
struct CheckpointQuery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Makes a copy of the running database by hard links.",
        discussion: """
            The directory must lie on the database's file system and must not be there yet. It takes space only for what \
            changes later. To go back: stop storage, move DATA/storage away, make it anew, and copy the checkpoint to \
            DATA/storage/db.
            """)
    @OptionGroup var asker: OperatorPlace
    @Argument(help: "The directory to make.") var directory: String

    func run() async throws {
        var request = Spacenode_Storage_V1_CheckpointRequest()
        request.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        let reply = try await withProgress({ "checkpoint: writing out what is in memory, then linking" }) {
            [asker, request] in try await asker.ask(StorageContract.checkpoint, request)
        }
        if asker.json { return print(try reply.jsonString()) }
        print(
            "\(request.directory): \(reply.files) files, \(size(reply.bytes)), up to operation \(reply.sequence)"
        )
    }
}

/// Bytes for people.
private func size(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return unit == 0 ? "\(bytes) B" : String(format: "%.1f %@", value, units[unit])
}
