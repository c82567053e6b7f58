internal import CRocksDB
internal import StorageCore

/// Runs a RocksDB call that reports through an error pointer.
@inline(__always)
func rocks<Result>(_ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result)
    throws(StorageFailure) -> Result
{
    var error: UnsafeMutablePointer<CChar>?
    let result = call(&error)
    guard let error else { return result }
    defer { rocksdb_free(error) }
    throw StorageFailure(rocksDB: String(cString: error))
}

/// RocksDB's recovery modes of the log, by its numbers.
enum LogRecovery: Int32 {
    /// Every record must be whole.
    case absolute = 1
    /// Reads up to the first record that is not, and drops the rest without a word.
    case upToFault = 2
}

/// Takes RocksDB's bytes as they lie.
@inline(__always)
func bytes(_ pointer: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer, count: pointer == nil ? 0 : count)
}

/// A value that RocksDB keeps in place while it is looked at.
struct PinnedValue: ~Copyable {
    private let slice: OpaquePointer

    /// Takes what `rocksdb_get_pinned_cf` gave; nil: not found.
    init?(_ slice: OpaquePointer?) {
        guard let slice else { return nil }
        self.slice = slice
    }

    deinit {
        rocksdb_pinnableslice_destroy(slice)
    }

    var bytes: UnsafeRawBufferPointer {
        var count = 0
        let pointer = rocksdb_pinnableslice_value(slice, &count)
        return StorageMain.bytes(pointer, count)
    }
}
