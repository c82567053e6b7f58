import Foundation
import Logging
import NodeBus
import NodeProtocol
import StorageClient
import StorageWire
import Testing

/// A router, a storage of its own, and clients of any role.
final class TestStorage {
    let router: TestRouter
    private(set) var process: Process
    let log: String

    init(router: TestRouter? = nil, config: String = "ballast_bytes: 1048576\n") throws {
        self.router = try router ?? TestRouter()
        log = "\(self.router.folder)/storage.log"
        try config.write(toFile: "\(self.router.data)/config/storage.yaml", atomically: true, encoding: .utf8)
        process = Process()
        try start()
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-storage")
        process.arguments = ["--bus", "ipc:\(router.run)", "--data", router.data]
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let file = FileHandle(forWritingAtPath: log)
        file?.seekToEndOfFile()
        process.standardError = file
        try process.run()
    }

    /// Ends it, by a signal, and waits.
    @discardableResult
    func stop(_ signal: Int32 = SIGKILL) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    var database: String { "\(router.data)/storage/db" }

    func text() -> String {
        (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    }

    /// Runs `body` with a session of a role, once storage answers.
    func with<Value: Sendable>(
        _ role: BusRole, _ body: @escaping @Sendable (StorageClient, BusClient) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let bus = BusClient(
            options: BusOptions(
                address: .ipc(directory: router.run), name: "test-\(UInt32.random(in: 0 ... .max))",
                role: role),
            logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            try await bus.waitUntilReady()
            try await waitForStorage(bus)
            let value = try await body(StorageClient(bus), bus)
            bus.drain()
            try await group.waitForAll()
            return value
        }
    }

    private func waitForStorage(_ bus: BusClient) async throws {
        let end = Date() + 10
        while true {
            do {
                _ = try await StorageClient(bus).get(.example, [0])
                return
            } catch let error as StorageError where error.code != .closed {
                return
            } catch {
                if Date() > end { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Everything of a keyspace.
    static func all(_ storage: StorageClient, _ range: StorageRange) async throws -> [StorageEntry] {
        var scan = storage.scan(range)
        var entries: [StorageEntry] = []
        while let entry = try await scan.next() { entries.append(entry) }
        return entries
    }
}

/// What a call threw, by storage's code word; nil: it did not.
private func refusal<Value>(_ body: () async throws -> Value) async -> StorageError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as StorageError {
        return error.code
    } catch {
        return StorageError.Code(rawValue: "\(error)")
    }
}

/// Reads, writes and scans over the real bus.
@Suite("Storage", .serialized)
struct StorageTests {
    @Test("batches over keyspaces, reads of one and many keys, deletes")
    func batches() async throws {
        let storage = try TestStorage()
        try await storage.with(.vm) { storage, _ in
            var batch = StorageBatch()
            for number in 0..<50 {
                try batch.put(.state, [UInt8(number)], [UInt8](repeating: 1, count: number))
            }
            try batch.put(.tree, Array("root".utf8), [9])
            let first = try await storage.write(batch, durable: true)
            #expect(first == 51)
            #expect(try await storage.get(.state, [7]) == [UInt8](repeating: 1, count: 7))
            #expect(try await storage.get(.state, [0]) == [])
            #expect(try await storage.get(.state, [77]) == nil)
            #expect(try await storage.get(.tree, Array("root".utf8)) == [9])
            let values = try await storage.multiGet(.state, [[3], [99], [1]])
            #expect(values == [[1, 1, 1], nil, [1]])
            var second = StorageBatch()
            try second.deleteRange(.state, from: [10], to: [20])
            try second.delete(.state, [3])
            // Later operations count over earlier ones of the same batch.
            try second.put(.state, [15], [5])
            #expect(try await storage.write(second, durable: false) == first + 3)
            #expect(
                try await storage.multiGet(.state, [[9], [10], [15], [19], [20], [3]])
                    == [
                        [UInt8](repeating: 1, count: 9), nil, [5], nil, [UInt8](repeating: 1, count: 20), nil,
                    ])
            // Nothing to write, but all before it becomes durable.
            #expect(try await storage.write(StorageBatch(), durable: true) == first + 3)
        }
    }

    @Test("many keys at once, in any order and twice, deleted one by one and by range; also from tables")
    func many() async throws {
        let storage = try TestStorage()
        try await storage.with(.vm) { storage, _ in
            var batch = StorageBatch()
            for number in 0..<200 { try batch.put(.state, [UInt8(number)], [UInt8(number), 1]) }
            try await storage.write(batch, durable: false)
            var second = StorageBatch()
            try second.deleteRange(.state, from: [40], to: [90])
            for number in stride(from: 0, to: 200, by: 7) { try second.delete(.state, [UInt8(number)]) }
            try second.put(.state, [60], [6])
            try await storage.write(second, durable: true)
        }
        let keys = (0..<250).map { UInt8($0 * 37 % 250) } + [60, 60, 41, 199]
        let wanted: [[UInt8]?] = keys.map { key in
            if key == 60 { return [6] }
            return key >= 200 || key % 7 == 0 || (40..<90).contains(key) ? nil : [key, 1]
        }
        for _ in 0..<2 {
            let values = try await storage.with(.vm) { storage, _ in
                try await storage.multiGet(.state, keys.map { [$0] })
            }
            #expect(values == wanted)
            // At its start storage writes what the log holds into tables.
            storage.stop()
            try storage.start()
        }
    }

    @Test("a role writes its own keyspaces alone, and a batch with one foreign operation does nothing")
    func roles() async throws {
        let storage = try TestStorage()
        try await storage.with(.example) { storage, _ in
            var batch = StorageBatch()
            try batch.put(.example, [1], [1])
            try await storage.write(batch, durable: false)
            try batch.put(.example, [2], [2])
            try batch.put(.blocks, [2], [2])
            let mixed = batch
            #expect(await refusal { try await storage.write(mixed, durable: false) } == .forbidden)
            #expect(try await storage.get(.example, [2]) == nil)
            #expect(await refusal { try await storage.get(.blocks, [2]) } == .forbidden)
            #expect(await refusal { try await storage.get(Keyspace(rawValue: 99), [2]) } == .forbidden)
            #expect(await refusal { try await TestStorage.all(storage, StorageRange(.state)) } == .forbidden)
        }
        try await storage.with(.operator) { storage, bus in
            #expect(try await storage.get(.example, [1]) == [1])
            // The router itself refuses what the contract does not give the role.
            var batch = StorageBatch()
            try batch.put(.example, [1], [2])
            let write = batch
            #expect(
                await refusal { try await storage.write(write, durable: false) }?.rawValue.hasPrefix(
                    "FORBIDDEN") == true)
            _ = try await bus.call(StorageContract.stats, Spacenode_Storage_V1_StatsRequest())
        }
    }

    @Test("what is no batch is refused with the place of the fault")
    func invalid() async throws {
        let storage = try TestStorage()
        try await storage.with(.example) { storage, bus in
            var request = Spacenode_Storage_V1_WriteRequest()
            request.batch = Data([1, 240, 1, 9, 1, 9, 7])
            do {
                _ = try await bus.call(StorageContract.write, request)
                Issue.record("it was taken")
            } catch let error as BusError {
                #expect(error.text == "INVALID: batch, byte 6: an operation is cut off")
            }
            // The whole operation before the fault was not written either.
            #expect(try await storage.get(.example, [9]) == nil)
            var range = Spacenode_Storage_V1_DeleteRangeRequest()
            range.keyspace = 240
            range.from = Data([2])
            range.to = Data([1])
            await #expect(throws: BusError.self) { try await bus.call(StorageContract.deleteRange, range) }
            #expect(await refusal { try await storage.get(.example, []) } == .invalid)
            let long = [UInt8](repeating: 1, count: StorageLimit.keyBytes + 1)
            #expect(await refusal { try await storage.get(.example, long) } == .invalid)
        }
    }

    @Test("scans: both directions, prefix, bounds, limit, keys alone, from where one left off")
    func scans() async throws {
        let storage = try TestStorage()
        try await storage.with(.example) { storage, bus in
            var batch = StorageBatch()
            // More than one item, with keys of two lengths.
            for number in 0..<3000 {
                let key = Array("key\(String(format: "%04d", number))".utf8)
                try batch.put(.example, key, [UInt8](repeating: UInt8(number & 255), count: 300))
            }
            try batch.put(.example, Array("zebra".utf8), [1])
            try await storage.write(batch, durable: false)
            var range = StorageRange(.example)
            let forward = try await TestStorage.all(storage, range)
            #expect(forward.count == 3001)
            #expect(forward.map(\.key) == forward.map(\.key).sorted { $0.lexicographicallyPrecedes($1) })
            #expect(forward[5].value == [UInt8](repeating: 5, count: 300))
            range.isReverse = true
            let backward = try await TestStorage.all(storage, range)
            #expect(backward.map(\.key) == forward.map(\.key).reversed())
            range.prefix = Array("key01".utf8)
            range.isKeysOnly = true
            let some = try await TestStorage.all(storage, range)
            #expect(some.count == 100 && some.first?.key == Array("key0199".utf8) && some[0].value == [])
            range = StorageRange(.example)
            range.from = Array("key2000".utf8)
            range.to = Array("key2500".utf8)
            range.limit = 20
            #expect(try await TestStorage.all(storage, range).last?.key == Array("key2019".utf8))
            // By hand, item by item, as another language would.
            var request = Spacenode_Storage_V1_ScanRequest()
            request.keyspace = 240
            var seen = 0
            while true {
                let stream = try await bus.open(StorageContract.scan, request)
                guard let item = try await stream.next() else { break }
                seen += try item.entries.withUnsafeBytes { bytes in
                    var reader = BatchReader(bytes)
                    while try reader.next() != nil {}
                    return reader.operations
                }
                request.after = item.resume
            }
            #expect(seen == 3001)
        }
    }

    @Test("a scan sees one moment, and one too many is refused until one ends")
    func moments() async throws {
        let storage = try TestStorage(config: "max_scans: 2\n")
        try await storage.with(.example) { storage, _ in
            for round in 0..<40 {
                var batch = StorageBatch()
                for number in 0..<100 {
                    try batch.put(
                        .example, [UInt8(round), UInt8(number)], [UInt8](repeating: 0, count: 1200))
                }
                try await storage.write(batch, durable: false)
            }
            var first = storage.scan(StorageRange(.example))
            var entries = try await first.nextEntries() ?? []
            var second = storage.scan(StorageRange(.example))
            _ = try await second.next()
            #expect(await refusal { try await TestStorage.all(storage, StorageRange(.example)) } == .limit)
            var batch = StorageBatch()
            try batch.deleteRange(.example, from: [], to: [0xff])
            try batch.put(.example, [0xff, 1], [1])
            try await storage.write(batch, durable: false)
            while let more = try await first.nextEntries() { entries += more }
            #expect(entries.count == 4000 && first.moments == 1)
            #expect(try await TestStorage.all(storage, StorageRange(.example)).count == 1)
        }
    }

    @Test("large values: each comes whole, and a reply holds as many as fit")
    func large() async throws {
        let storage = try TestStorage()
        try await storage.with(.vm) { storage, _ in
            let keys = (0..<5).map { [UInt8($0)] }
            var batch = StorageBatch()
            for key in keys {
                try batch.put(.history, key, [UInt8](repeating: key[0], count: StorageLimit.valueBytes))
            }
            #expect(batch.bytes.count > 3 * StorageLimit.batchBytes)
            // Over the frame limit: an upload of several items.
            try await storage.write(batch, durable: true)
            let values = try await storage.multiGet(.history, keys)
            #expect(values.compactMap { $0?.last } == [0, 1, 2, 3, 4])
            #expect(values.allSatisfy { $0?.count == StorageLimit.valueBytes })
            #expect(
                try await TestStorage.all(storage, StorageRange(.history)).map(\.value.count).reduce(0, +)
                    == 5 * StorageLimit.valueBytes)
        }
    }

    @Test("a plugin in Python that knows the page alone", .enabled(if: PythonExample.isPossible))
    func python() async throws {
        let storage = try TestStorage()
        try await storage.with(.example) { _, _ in }
        let (status, output) = try Programs.run(
            PythonExample.interpreter,
            ["\(Programs.root)/Tests/python/store.py", "--bus", "ipc:\(storage.router.run)"], timeout: 30)
        #expect(status == 0, "\(output)")
        let line = try #require(output.split(separator: "\n").last { $0.hasPrefix("{") }, "\(output)")
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(found["sequence"] as? Int == 4)
        #expect(found["height"] as? String == "00000007")
        #expect(found["found"] as? [Bool] == [false, true])
        #expect(found["up"] as? [String] == ["p0-000", "p1-050", "p2-100", "p3-150"])
        #expect("\(found["down"] ?? "")".contains("p4-199"))
        let refused = found["refused"] as? String ?? ""
        #expect(refused.contains("FORBIDDEN: keyspace blocks is written by consensus, not by role example"))
    }
}
