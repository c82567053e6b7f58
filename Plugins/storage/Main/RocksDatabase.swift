internal import CRocksDB
internal import Foundation
internal import StorageCore
internal import StorageWire

/// An open RocksDB.
///
/// RocksDB's calls may come from any thread; opening and closing are for one owner alone, while nobody else is inside
/// (`@unchecked Sendable`: `StorageEngine` sees to that).
final class RocksDatabase: @unchecked Sendable {
    let directory: String
    private let options: RocksOptions
    private let pointer: OpaquePointer
    private var families: [OpaquePointer?] = Array(repeating: nil, count: 256)
    private var others: [(name: String, pointer: OpaquePointer)] = []

    /// Opens, or makes, the database; whatever column families there are stay.
    ///
    /// - Parameter forReading: nothing on the disk is changed, and the log is read into memory.
    init(
        _ directory: String, _ settings: StorageSettings, recovery: LogRecovery, forReading: Bool = false
    ) throws(StorageFailure) {
        self.directory = directory
        let options = RocksOptions(settings, recovery: recovery)
        let names = try Self.names(directory, options.options, onlyExisting: forReading)
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        let opened = try Self.open(
            directory, options.options, names, names.map { options.options(of: $0) }, &handles, forReading)
        guard let opened else { throw StorageFailure(.other, "RocksDB gave no database") }
        self.options = options
        pointer = opened
        for (name, handle) in zip(names, handles) {
            guard let handle else { continue }
            if let keyspace = Keyspace(name: name) {
                families[Int(keyspace.rawValue)] = handle
            } else {
                others.append((name, handle))
            }
        }
    }

    /// Must be the last use; RocksDB ends its own threads here.
    deinit {
        rocksdb_cancel_all_background_work(pointer, 1)
        for family in families { if let family { rocksdb_column_family_handle_destroy(family) } }
        for other in others { rocksdb_column_family_handle_destroy(other.pointer) }
        rocksdb_close(pointer)
    }

    private static func names(_ directory: String, _ options: OpaquePointer, onlyExisting: Bool)
        throws(StorageFailure) -> [String]
    {
        var names = ["default"]
        if FileManager.default.fileExists(atPath: "\(directory)/CURRENT") {
            var count = 0
            let list = try rocks { rocksdb_list_column_families(options, directory, &count, $0) }
            names = (0..<count).compactMap { list?[$0].map { String(cString: $0) } }
            rocksdb_list_column_families_destroy(list, count)
        }
        if onlyExisting { return names }
        return names + Keyspace.all.map(\.name).filter { !names.contains($0) }
    }

    private static func open(
        _ directory: String, _ options: OpaquePointer, _ names: [String], _ each: [OpaquePointer?],
        _ handles: inout [OpaquePointer?], _ forReading: Bool
    ) throws(StorageFailure) -> OpaquePointer? {
        let words = names.map { strdup($0) }
        defer { for word in words { free(word) } }
        let pointers = words.map { UnsafePointer($0) }
        return try rocks { error in
            forReading
                ? rocksdb_open_for_read_only_column_families(
                    options, directory, Int32(names.count), pointers, each, &handles, 0, error)
                : rocksdb_open_column_families(
                    options, directory, Int32(names.count), pointers, each, &handles, error)
        }
    }

    /// The column family of a keyspace.
    @inline(__always)
    func family(_ keyspace: Keyspace) -> OpaquePointer? {
        families[Int(keyspace.rawValue)]
    }

    /// - Throws: `StorageFailure` when this database has no such keyspace.
    private func existing(_ keyspace: Keyspace) throws(StorageFailure) -> OpaquePointer {
        guard let family = family(keyspace) else {
            throw StorageFailure(.other, "keyspace \(keyspace.name) is not open")
        }
        return family
    }

    // MARK: - Writing

    /// Hands a batch to the log and the memory tables, all or nothing; a power cut may still lose it.
    func write(_ batch: RocksBatch) throws(StorageFailure) {
        guard !batch.isEmpty else { return }
        try rocks { rocksdb_write(pointer, options.writes, batch.pointer, $0) }
    }

    /// Returns when everything written is on the disk.
    func sync() throws(StorageFailure) {
        try rocks { rocksdb_flush_wal(pointer, 1, $0) }
    }

    /// Number of the last operation written.
    var sequence: UInt64 { rocksdb_get_latest_sequence_number(pointer) }

    // MARK: - Reading

    func get(_ keyspace: Keyspace, _ key: Data) throws(StorageFailure) -> PinnedValue? {
        let family = try existing(keyspace)
        let slice = try rocks { error in
            key.withUnsafeBytes {
                rocksdb_get_pinned_cf(pointer, options.reads, family, chars($0), $0.count, error)
            }
        }
        return PinnedValue(slice)
    }

    func cursor(_ keyspace: Keyspace, _ bounds: ScanBounds, isReverse: Bool) throws(StorageFailure)
        -> RocksCursor
    {
        RocksCursor(pointer, try existing(keyspace), bounds, isReverse: isReverse)
    }

    // MARK: - The whole

    /// Makes a copy by hard links.
    func checkpoint(_ target: String) throws(StorageFailure) {
        let object = try rocks { rocksdb_checkpoint_object_create(pointer, $0) }
        defer { rocksdb_checkpoint_object_destroy(object) }
        try rocks { rocksdb_checkpoint_create(object, target, 0, $0) }
    }

    /// One of RocksDB's figures of a keyspace.
    func figure(_ name: String, _ family: OpaquePointer) -> UInt64 {
        var value: UInt64 = 0
        return rocksdb_property_int_cf(pointer, family, name, &value) == 0 ? value : 0
    }

    /// Every column family: number 0 when this version does not serve it.
    var allFamilies: [(number: UInt32, name: String, pointer: OpaquePointer)] {
        let served = Keyspace.all.compactMap { entry in
            family(entry.keyspace).map { (UInt32(entry.keyspace.rawValue), entry.name, $0) }
        }
        return served + others.filter { $0.name != "default" }.map { (0, $0.name, $0.pointer) }
    }

    var cacheBytes: UInt64 { options.cacheUsage }

    /// Sum of the log's files.
    static func logBytes(_ directory: String) -> UInt64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(".log") }.reduce(0) { sum, name in
            var status = stat()
            return lstat("\(directory)/\(name)", &status) == 0 ? sum + UInt64(status.st_size) : sum
        }
    }
}
