internal import CRocksDB
internal import Foundation
internal import StorageCore
internal import StorageWire

/// RocksDB's form of a batch, filled from packed ones.
///
/// One owner at a time; `@unchecked Sendable` because it is handed from thread to thread.
final class RocksBatch: @unchecked Sendable {
    let pointer: OpaquePointer

    init() {
        pointer = rocksdb_writebatch_create()
    }

    deinit {
        rocksdb_writebatch_destroy(pointer)
    }

    func clear() {
        rocksdb_writebatch_clear(pointer)
    }

    var isEmpty: Bool { rocksdb_writebatch_count(pointer) == 0 }

    /// Adds the operations of a packed batch, read in place.
    ///
    /// After a throw the batch holds a part of them: clear it.
    /// - Returns: how many there were.
    func add(_ packed: Data, table: KeyspaceTable, role: UInt32, to database: RocksDatabase)
        throws(StorageRefusal) -> Int
    {
        var outcome = Result<Int, StorageRefusal>.success(0)
        packed.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            do throws(StorageRefusal) {
                outcome = .success(try add(bytes, table, role, database))
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }

    private func add(
        _ bytes: UnsafeRawBufferPointer, _ table: KeyspaceTable, _ role: UInt32, _ database: RocksDatabase
    ) throws(StorageRefusal) -> Int {
        var reader = BatchReader(bytes)
        do {
            while let operation = try reader.next() {
                let keyspace = operation.keyspace
                try table.checkWrite(keyspace, role: role)
                guard let family = database.family(keyspace) else {
                    throw StorageRefusal(.forbidden, "keyspace \(keyspace.name) is not open")
                }
                append(operation, family)
            }
        } catch let fault as BatchFault {
            throw StorageRefusal(.invalid, fault.description)
        } catch let refusal as StorageRefusal {
            throw refusal
        } catch {
            throw StorageRefusal(.invalid, "\(error)")
        }
        return reader.operations
    }

    @inline(__always)
    private func append(_ operation: StorageOperation, _ family: OpaquePointer) {
        switch operation {
        case .put(_, let key, let value):
            rocksdb_writebatch_put_cf(
                pointer, family, chars(key), key.count, chars(value), value.count)
        case .delete(_, let key):
            rocksdb_writebatch_delete_cf(pointer, family, chars(key), key.count)
        case .deleteRange(_, let from, let to):
            rocksdb_writebatch_delete_range_cf(
                pointer, family, chars(from), from.count, chars(to), to.count)
        }
    }
}

/// Bytes as C's char; never nil, as RocksDB copies from the address even when the length is 0.
@inline(__always)
func chars(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar> {
    bytes.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) } ?? emptyChars
}

nonisolated(unsafe) private let emptyChars: UnsafePointer<CChar> = {
    let one = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    one.initialize(to: 0)
    return UnsafePointer(one)
}()
