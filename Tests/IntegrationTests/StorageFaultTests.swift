import Foundation
import NodeBus
import NodeProtocol
import StorageClient
import StorageWire
import Testing

/// Second processes, damage, checkpoints and bad configuration.
@Suite("Storage and its directory", .serialized)
struct StorageFaultTests {
    /// Writes numbered entries, each batch durable.
    private func fill(_ storage: TestStorage, _ count: Int, from start: Int = 0, bytes: Int = 500)
        async throws
    {
        try await storage.with(.example) { storage, _ in
            for number in start..<start + count {
                var batch = StorageBatch()
                let key = Array(String(format: "%06d", number).utf8)
                try batch.put(.example, key, [UInt8](repeating: UInt8(number & 127), count: bytes))
                try await storage.write(batch, durable: true)
            }
        }
    }

    private func count(_ storage: TestStorage) async throws -> Int {
        try await storage.with(.example) { storage, _ in
            try await TestStorage.all(storage, StorageRange(.example)).count
        }
    }

    private func stats(_ storage: TestStorage) async throws -> Spacenode_Storage_V1_StatsReply {
        try await storage.with(.operator) { _, bus in
            try await bus.call(StorageContract.stats, Spacenode_Storage_V1_StatsRequest())
        }
    }

    private func files(_ storage: TestStorage, _ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: storage.database)
            .filter { $0.hasSuffix(suffix) }.sorted().map { "\(storage.database)/\($0)" }
    }

    /// The log that was written last, and holds something.
    private func newestLog(_ storage: TestStorage) throws -> String {
        try #require(try files(storage, ".log").last)
    }

    private func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    @Test("a second process on one directory is refused at once, by name")
    func second() async throws {
        let storage = try TestStorage()
        try await fill(storage, 1)
        let start = Date()
        let (status, output) = try Programs.run(
            "spacenode-storage",
            ["--bus", "ipc:\(storage.router.run)", "--data", storage.router.data])
        #expect(status == 2)
        #expect(Date().timeIntervalSince(start) < 3)
        let holder = "process \(storage.process.processIdentifier) (spacenode-storage)"
        #expect(output.contains("is in use by \(holder): stop it first"), "\(output)")
        let tool = try Programs.run("spacenode-storage", ["tool", "recover", "--data", storage.router.data])
        #expect(tool.status == 2 && tool.output.contains(holder))
        // It had the same name, and has not taken the first one's session.
        #expect(try await count(storage) == 1)
        #expect(storage.process.isRunning)
    }

    @Test("faults of the configuration come all at once, and the database is not touched")
    func configuration() throws {
        let storage = try TestStorage(config: "max_scan: 3\nlog_bytes: much\n")
        storage.process.waitUntilExit()
        #expect(storage.process.terminationStatus == 2)
        #expect(
            storage.text().contains("storage.yaml:1: `max_scan` is not known here: did you mean `max_scans`?")
        )
        #expect(storage.text().contains("storage.yaml:2: `log_bytes` is much: give a whole number"))
        #expect(!FileManager.default.fileExists(atPath: storage.database))
    }

    @Test("SIGTERM ends it with status 0, and everything is there again")
    func restart() async throws {
        let storage = try TestStorage()
        try await fill(storage, 50)
        #expect(storage.stop(SIGTERM) == 0)
        try storage.start()
        #expect(try await count(storage) == 50)
    }

    @Test("a torn end of the log is dropped with a word, and what was durable is there")
    func torn() async throws {
        let storage = try TestStorage()
        try await fill(storage, 50)
        storage.stop()
        // What a power cut leaves of a write that was not synced: the first half of a record.
        try change(try newestLog(storage)) { data in
            let record = data.prefix(400)
            data.append(record)
        }
        try storage.start()
        #expect(try await count(storage) == 50)
        #expect(storage.text().contains("the log was cut off after operation 50"), "\(storage.text())")
        #expect(try await stats(storage).condition == .ready)
    }

    @Test("damage in the log is refused and told, and nothing is thrown away before a person says so")
    func damagedLog() async throws {
        let storage = try TestStorage()
        try await fill(storage, 50)
        storage.stop()
        let log = try newestLog(storage)
        try change(log) { $0[$0.count / 2] ^= 0x40 }
        let before = try Data(contentsOf: URL(fileURLWithPath: log))
        try storage.start()
        let state = try await stats(storage)
        #expect(state.condition == .corrupt)
        #expect(state.reason.contains("but 50 were acknowledged as durable"), "\(state.reason)")
        #expect(state.fix.contains("spacenode-storage tool recover"))
        try await storage.with(.example) { client, _ in
            do {
                _ = try await client.get(.example, [1])
                Issue.record("a read was answered")
            } catch let error as StorageError {
                #expect(error.code == .corrupt)
            }
        }
        storage.stop()
        #expect(try Data(contentsOf: URL(fileURLWithPath: log)) == before)
        let recovered = try Programs.run(
            "spacenode-storage", ["tool", "recover", "--json", "--data", storage.router.data])
        #expect(recovered.status == 0)
        let fields = try JSONSerialization.jsonObject(with: Data(recovered.output.utf8)) as? [String: Int]
        let reached = try #require(fields?["sequence"])
        #expect((10..<40).contains(reached) && fields?["lost"] == 50 - reached)
        try storage.start()
        #expect(try await count(storage) == reached)
        try await fill(storage, 5, from: 100)
    }

    @Test("a log that is gone is missed")
    func missingLog() async throws {
        let storage = try TestStorage()
        try await fill(storage, 50)
        storage.stop()
        for log in try files(storage, ".log") { try FileManager.default.removeItem(atPath: log) }
        try storage.start()
        storage.process.waitUntilExit()
        #expect(storage.process.terminationStatus == 2)
        #expect(storage.text().contains("but 50 were acknowledged as durable: the log is missing"))
    }

    @Test("damage in a table is found when it is read: writes stop, the rest can be read")
    func damagedTable() async throws {
        let storage = try TestStorage(
            config:
                "write_buffer_bytes: 1048576\nlog_bytes: 1048576\ncache_bytes: 1048576\nballast_bytes: 0\n")
        try await fill(storage, 400, bytes: 10_000)
        storage.stop(SIGTERM)
        try storage.start()
        _ = try await count(storage)
        storage.stop(SIGTERM)
        let table = try #require(
            try files(storage, ".sst").max {
                (try? Data(contentsOf: URL(fileURLWithPath: $0)).count) ?? 0
                    < (try? Data(contentsOf: URL(fileURLWithPath: $1)).count) ?? 0
            })
        try change(table) { data in for place in 3000..<3100 { data[place] ^= 0xff } }
        try storage.start()
        await #expect(throws: StorageError.self) { try await count(storage) }
        let state = try await stats(storage)
        #expect(state.condition == .corrupt)
        #expect(state.reason.contains(".sst"), "\(state.reason)")
        try await storage.with(.example) { client, _ in
            var batch = StorageBatch()
            try batch.put(.example, [1], [1])
            let write = batch
            do {
                try await client.write(write, durable: false)
                Issue.record("a write was taken")
            } catch let error as StorageError {
                #expect(error.code == .corrupt)
            }
            // Far from the damage.
            #expect(try await client.get(.example, Array("999999".utf8)) == nil)
        }
        let listed = try Programs.run(
            "spacenode", ["bus", "ls", "--run-dir", storage.router.run, "--data", storage.router.data])
        #expect(
            listed.output.contains("DEGRADED") && listed.output.contains("damaged data"), "\(listed.output)")
    }

    @Test("a checkpoint holds what was there, is a database by itself, and is refused where it cannot be")
    func checkpoint() async throws {
        let storage = try TestStorage()
        let router = storage.router
        try await fill(storage, 30)
        let target = "\(router.folder)/checkpoint"
        let words = ["--run-dir", router.run, "--data", router.data]
        let made = try Programs.run("spacenode", ["storage", "checkpoint", target, "--json"] + words)
        #expect(made.status == 0, "\(made.output)")
        #expect(made.output.contains("\"sequence\":\"30\""), "\(made.output)")
        try await fill(storage, 10, from: 30)
        for (place, why) in [
            (target, "is there already"), ("/dev/shm/checkpoint", "on another file system"),
            ("\(router.folder)/none/below", "is not there: make it first"),
            ("\(router.data)/storage/inside", "lies in storage's own directory"),
        ] {
            let refused = try Programs.run("spacenode", ["storage", "checkpoint", place] + words)
            #expect(refused.status == 2 && refused.output.contains(why), "\(place): \(refused.output)")
        }
        let stats = try Programs.run("spacenode", ["storage", "stats"] + words)
        #expect(stats.status == 0 && stats.output.contains("condition   ready"), "\(stats.output)")
        #expect(stats.output.contains("example"))
        storage.stop(SIGTERM)
        // Back to the checkpoint, as the command's help says.
        try FileManager.default.removeItem(atPath: "\(router.data)/storage")
        try FileManager.default.createDirectory(
            atPath: "\(router.data)/storage", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: target, toPath: storage.database)
        try storage.start()
        #expect(try await count(storage) == 30)
        try await fill(storage, 1, from: 500)
    }

    @Test("storage outlives its router")
    func router() async throws {
        let storage = try TestStorage()
        try await fill(storage, 5)
        storage.router.restart()
        #expect(try await count(storage) == 5)
        try await fill(storage, 5, from: 5)
        #expect(storage.process.isRunning)
    }
}
