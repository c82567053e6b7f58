internal import Foundation
internal import Logging
internal import StorageCore
internal import StorageWire
internal import Synchronization

/// One batch on its way to the storage thread.
struct WriteJob: Sendable {
    enum Content: Sendable {
        case packed(Data, role: UInt32)
        case built(RocksBatch, bytes: Int)
    }

    let content: Content
    let isDurable: Bool
    let reply: @Sendable (Result<UInt64, StorageRefusal>) -> Void
}

/// What the storage thread is given.
enum StorageJob: Sendable {
    case write(WriteJob)
    case readFailed(StorageFailure)
}

/// Storage as the handlers see it: reads on threads of their own, writes through the storage thread.
///
/// `@unchecked Sendable`: `database` is changed by the storage thread alone, inside `gate.alone`, and used inside
/// `gate.shared`; the rest is locked or never changes.
final class StorageEngine: @unchecked Sendable {
    let settings: StorageSettings
    let table = KeyspaceTable.node
    let logger: Logger
    let jobs = BlockingQueue<StorageJob>()
    let status = Mutex(StorageStatus())
    let uploads: Mutex<UploadBudget>
    private let lock: DirectoryLock
    private let readers: ReaderPool
    private let gate = ReadWriteGate()
    private var database: RocksDatabase?
    private let cursors = Mutex<[ObjectIdentifier: RocksCursor]>([:])

    /// Takes the folder for this process.
    /// - Throws: `StorageFailure` when another process has it, or it cannot be made.
    init(_ settings: StorageSettings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        try settings.directory.make()
        lock = try DirectoryLock(settings.directory)
        readers = ReaderPool(threads: settings.readerThreads)
        uploads = Mutex(UploadBudget(limit: settings.uploadBytes))
    }

    // MARK: - For the storage thread

    /// Puts another database in place, or none; whoever scans the old one is told.
    func replace(with next: RocksDatabase?) {
        gate.alone {
            cursors.withLock { open in
                for cursor in open.values { cursor.close() }
                open.removeAll()
            }
            database = next
        }
    }

    // MARK: - Writing

    /// Writes one packed batch.
    /// - Returns: the number of its last operation.
    func write(_ batch: Data, role: UInt32, durable: Bool) async throws -> UInt64 {
        try await submit(.packed(batch, role: role), durable)
    }

    /// Writes what an upload has built.
    func write(_ batch: RocksBatch, bytes: Int, durable: Bool) async throws -> UInt64 {
        try await submit(.built(batch, bytes: bytes), durable)
    }

    private func submit(_ content: WriteJob.Content, _ durable: Bool) async throws -> UInt64 {
        try await withCheckedThrowingContinuation { continuation in
            let job = WriteJob(content: content, isDurable: durable) { continuation.resume(with: $0) }
            if !jobs.add(.write(job)) {
                continuation.resume(throwing: StorageRefusal(.closed, "storage is ending"))
            }
        }
    }

    /// Adds packed operations to an upload's batch.
    /// - Returns: how many there were.
    func build(_ batch: RocksBatch, _ packed: Data, role: UInt32) async throws -> Int {
        try await read { database in
            try batch.add(packed, table: self.table, role: role, to: database)
        }
    }

    // MARK: - Reading

    /// Runs `body` with the database, on a thread that may wait for the disk.
    func read<Value: Sendable>(_ body: @escaping @Sendable (RocksDatabase) throws -> Value) async throws
        -> Value
    {
        try await readers.run { [self] in
            try gate.shared {
                guard let database else { throw closed() }
                do {
                    return try body(database)
                } catch let failure as StorageFailure {
                    _ = jobs.add(.readFailed(failure))
                    throw failure.refusal(whileWriting: false)
                }
            }
        }
    }

    private func closed() -> StorageRefusal {
        let condition = status.withLock { $0.condition }
        return condition.refusal
            ?? StorageRefusal(.closed, "storage is opening its database: again in a moment")
    }

    /// Opens a scan; `endScan` must follow.
    func beginScan(_ keyspace: Keyspace, _ bounds: ScanBounds, isReverse: Bool) async throws -> RocksCursor {
        try await read { [self] database in
            try cursors.withLock { open in
                guard open.count < settings.maxScans else {
                    throw StorageRefusal(
                        .limit, "\(settings.maxScans) scans are open (max_scans): end one, or wait")
                }
                let cursor = try database.cursor(keyspace, bounds, isReverse: isReverse)
                open[ObjectIdentifier(cursor)] = cursor
                return cursor
            }
        }
    }

    /// Lets go of a scan.
    func endScan(_ cursor: RocksCursor) async {
        _ = try? await readers.run { [self] in
            gate.shared {
                _ = cursors.withLock { $0.removeValue(forKey: ObjectIdentifier(cursor)) }
                cursor.close()
            }
        }
    }

    var openScans: Int { cursors.withLock { $0.count } }
}
