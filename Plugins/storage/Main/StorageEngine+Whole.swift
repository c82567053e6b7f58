internal import Foundation
internal import NodeProtocol
internal import StorageCore
internal import StorageWire
internal import Synchronization

extension StorageEngine {
    /// The next item of a scan, and how many entries it has.
    func scanItem(_ cursor: RocksCursor, _ keyspace: Keyspace, limit: UInt64, keysOnly: Bool) async throws
        -> (
            Spacenode_Storage_V1_ScanItem, Int
        )
    {
        try await read { _ in
            var packer = EntryPacker(keyspace)
            let last = try cursor.next(&packer, limit: limit, keysOnly: keysOnly)
            if packer.entries == 0 { try cursor.check() }
            var item = Spacenode_Storage_V1_ScanItem()
            item.entries = Data(packer.bytes)
            item.resume = Data(last)
            return (item, packer.entries)
        }
    }

    /// Makes a copy of the database by hard links.
    func checkpoint(_ target: String) async throws -> Spacenode_Storage_V1_CheckpointReply {
        let directory = settings.directory
        return try await read { database in
            try Self.check(target, directory)
            var reply = Spacenode_Storage_V1_CheckpointReply()
            reply.sequence = database.sequence
            try database.checkpoint(target)
            StorageDirectory.sync((target as NSString).deletingLastPathComponent)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: target)) ?? [] {
                var status = stat()
                guard lstat("\(target)/\(name)", &status) == 0 else { continue }
                reply.files += 1
                reply.bytes += UInt64(status.st_size)
            }
            return reply
        }
    }

    /// - Throws: `StorageRefusal` when no checkpoint can be made there.
    private static func check(_ target: String, _ directory: StorageDirectory) throws(StorageRefusal) {
        guard target.hasPrefix("/"), target.utf8.count <= 1024, !target.utf8.contains(0) else {
            throw StorageRefusal(.invalid, "the directory must be an absolute path")
        }
        var status = stat()
        guard lstat(target, &status) != 0 else {
            throw StorageRefusal(.invalid, "\(target) is there already: name a directory that is not")
        }
        let parent = (target as NSString).deletingLastPathComponent
        guard stat(parent, &status) == 0 else {
            throw StorageRefusal(.invalid, "\(parent) is not there: make it first")
        }
        var own = stat()
        guard stat(directory.path, &own) == 0, own.st_dev == status.st_dev else {
            throw StorageRefusal(
                .invalid,
                "\(parent) is on another file system than \(directory.path): hard links need the same one")
        }
        let inside = URL(fileURLWithPath: target).standardizedFileURL.path
        guard !inside.hasPrefix(directory.path + "/") else {
            throw StorageRefusal(.invalid, "\(target) lies in storage's own directory: name another place")
        }
    }

    /// What there is to know.
    func stats() async -> Spacenode_Storage_V1_StatsReply {
        let held = uploads.withLock { $0.used }
        let status = status.withLock { $0 }
        var reply = Spacenode_Storage_V1_StatsReply()
        reply.condition = status.condition.wire
        reply.reason = status.condition.reason
        reply.fix = status.condition.fix
        reply.durableSequence = status.durableSequence
        reply.diskFreeBytes = status.space.free
        reply.walBytes = status.space.log
        reply.ballastBytes = status.ballastBytes
        reply.writes = status.writes
        reply.writtenBytes = status.writtenBytes
        reply.syncs = status.syncs
        reply.durableWrites = status.durableWrites
        reply.reads = status.reads
        reply.openScans = UInt32(clamping: openScans)
        reply.uploadBytes = UInt64(held)
        let base = reply
        let full = try? await read { database in
            var reply = base
            reply.sequence = database.sequence
            reply.cacheBytes = database.cacheBytes
            reply.keyspaces = database.allFamilies.map { family in
                var keyspace = Spacenode_Storage_V1_KeyspaceStats()
                keyspace.number = family.number
                keyspace.name = family.name
                keyspace.keys = database.figure("rocksdb.estimate-num-keys", family.pointer)
                keyspace.diskBytes = database.figure("rocksdb.live-sst-files-size", family.pointer)
                keyspace.memoryBytes = database.figure("rocksdb.cur-size-all-mem-tables", family.pointer)
                return keyspace
            }
            return reply
        }
        return full ?? base
    }
}

extension StorageCondition {
    var wire: Spacenode_Storage_V1_Condition {
        switch self {
        case .opening: .opening
        case .ready: .ready
        case .attention: .attention
        case .full: .full
        case .failing: .failing
        case .corrupt: .corrupt
        }
    }
}
