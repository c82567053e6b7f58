import Foundation
import NodeBus
import NodeProtocol
import StorageClient
import StorageWire
import Testing

/// Uploads: all or nothing, in bounds.
@Suite("Storage uploads", .serialized)
struct StorageUploadTests {
    private func item(_ keys: [UInt8], commit: Bool = false) throws -> Spacenode_Storage_V1_WriteItem {
        var batch = StorageBatch()
        for key in keys { try batch.put(.example, [key], [UInt8](repeating: key, count: 200_000)) }
        var item = Spacenode_Storage_V1_WriteItem()
        item.batch = Data(batch.bytes)
        item.commit = commit
        item.durable = true
        return item
    }

    private func fault(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "none"
        } catch let error as BusError {
            return error.text
        } catch {
            return "\(error)"
        }
    }

    @Test("nothing is there before the item that commits, and all of it after")
    func commit() async throws {
        let storage = try TestStorage()
        try await storage.with(.example) { storage, bus in
            let upload = try await bus.open(StorageContract.writeLarge)
            for key: UInt8 in 0..<10 { try await upload.send(try item([key])) }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await TestStorage.all(storage, StorageRange(.example)).isEmpty)
            try await upload.send(try item([10, 11], commit: true))
            let reply = try await upload.finish()
            #expect(reply.sequence == 12)
            #expect(try await TestStorage.all(storage, StorageRange(.example)).count == 12)
        }
    }

    @Test(
        "an upload given up, ended without commit, or with a fault leaves nothing, and its room is free again"
    )
    func nothing() async throws {
        let storage = try TestStorage(config: "upload_bytes: 4194304\n")
        try await storage.with(.example) { storage, bus in
            for _ in 0..<4 {
                let upload = try await bus.open(StorageContract.writeLarge)
                for key: UInt8 in 0..<15 { try await upload.send(try item([key])) }
                // Dropped here, with 3 MB held.
            }
            let ended = await fault {
                let upload = try await bus.open(StorageContract.writeLarge)
                try await upload.send(try item([1]))
                _ = try await upload.finish()
            }
            #expect(ended == "INVALID: the upload ended without an item that commits: nothing was written")
            let after = await fault {
                let upload = try await bus.open(StorageContract.writeLarge)
                var empty = Spacenode_Storage_V1_WriteItem()
                empty.commit = true
                try await upload.send(empty)
                try await upload.send(try item([1]))
                _ = try await upload.finish()
            }
            #expect(after == "INVALID: an item came after the one that commits")
            let broken = await fault {
                let upload = try await bus.open(StorageContract.writeLarge)
                try await upload.send(try item([1, 2]))
                var bad = try item([3], commit: true)
                bad.batch.removeLast()
                try await upload.send(bad)
                _ = try await upload.finish()
            }
            #expect(broken.hasPrefix("INVALID: batch, byte "))
            #expect(try await TestStorage.all(storage, StorageRange(.example)).isEmpty)
            try await Task.sleep(for: .milliseconds(200))
            let stats = try await bus.call(StorageContract.stats, Spacenode_Storage_V1_StatsRequest())
            #expect(stats.uploadBytes == 0)
        }
    }

    @Test("uploads over their common bound are refused")
    func bound() async throws {
        let storage = try TestStorage(config: "upload_bytes: 4194304\n")
        try await storage.with(.example) { storage, bus in
            let text = await fault {
                let upload = try await bus.open(StorageContract.writeLarge)
                for key: UInt8 in 0..<30 { try await upload.send(try item([key], commit: key == 29)) }
                _ = try await upload.finish()
            }
            #expect(text.hasPrefix("LIMIT: uploads under way would hold "), "\(text)")
            let entries = try await TestStorage.all(storage, StorageRange(.example))
            #expect(entries.isEmpty)
        }
    }

    @Test("an upload whose sender dies leaves nothing")
    func lost() async throws {
        let storage = try TestStorage()
        // The session ends with the upload open.
        try await storage.with(.example) { _, bus in
            let upload = try await bus.open(StorageContract.writeLarge)
            for key: UInt8 in 0..<5 { try await upload.send(try item([key])) }
            withExtendedLifetime(upload) {}
        }
        try await storage.with(.example) { storage, bus in
            #expect(try await TestStorage.all(storage, StorageRange(.example)).isEmpty)
            let stats = try await bus.call(StorageContract.stats, Spacenode_Storage_V1_StatsRequest())
            #expect(stats.uploadBytes == 0)
        }
    }

    @Test("what is left unread in a stream costs no room for good")
    func unread() async throws {
        let storage = try TestStorage(config: "upload_bytes: 4194304\n")
        try await storage.with(.example) { storage, bus in
            // Each refused at its first item with megabytes behind it: more than a window in all.
            for _ in 0..<6 {
                _ = await fault {
                    let upload = try await bus.open(StorageContract.writeLarge)
                    for key: UInt8 in 0..<16 {
                        var item = try item([key])
                        if key == 0 { item.batch.removeLast() }
                        try await upload.send(item)
                    }
                    _ = try await upload.finish()
                }
            }
            var batch = StorageBatch()
            for key: UInt8 in 0..<15 { try batch.put(.example, [key], [UInt8](repeating: 1, count: 200_000)) }
            try await storage.write(batch, durable: false)
            let upload = try await bus.open(StorageContract.writeLarge)
            try await upload.send(try item([20], commit: true))
            #expect(try await upload.finish().sequence == 16)
            // Each dropped after one item, when all of it has come.
            for _ in 0..<6 {
                var request = Spacenode_Storage_V1_ScanRequest()
                request.keyspace = 240
                let scan = try await bus.open(StorageContract.scan, request)
                _ = try await scan.next()
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(try await TestStorage.all(storage, StorageRange(.example)).count == 16)
        }
    }
}
