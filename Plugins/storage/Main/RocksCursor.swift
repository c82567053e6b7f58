internal import CRocksDB
internal import StorageCore
internal import StorageWire

/// A scan under way: RocksDB's iterator over one moment of one keyspace.
///
/// Used by one scan at a time, closed by the scan or by the engine, never by both at once (`@unchecked Sendable`).
final class RocksCursor: @unchecked Sendable {
    private var iterator: OpaquePointer?
    private let reads: OpaquePointer
    private let lower: UnsafeMutablePointer<CChar>
    private let upper: UnsafeMutablePointer<CChar>
    private let isReverse: Bool
    private var hasBegun = false

    init(_ database: OpaquePointer, _ family: OpaquePointer, _ bounds: ScanBounds, isReverse: Bool) {
        self.isReverse = isReverse
        reads = rocksdb_readoptions_create()
        // RocksDB keeps the address of a bound, so the bounds live as long as the iterator.
        lower = Self.copy(bounds.lower)
        upper = Self.copy(bounds.upper ?? [])
        if !bounds.lower.isEmpty {
            rocksdb_readoptions_set_iterate_lower_bound(reads, lower, bounds.lower.count)
        }
        if let bound = bounds.upper { rocksdb_readoptions_set_iterate_upper_bound(reads, upper, bound.count) }
        // A scan must not push out of the cache what single reads need.
        rocksdb_readoptions_set_fill_cache(reads, 0)
        rocksdb_readoptions_set_readahead_size(reads, 1 << 20)
        iterator = rocksdb_create_iterator_cf(database, reads, family)
    }

    deinit {
        close()
        rocksdb_readoptions_destroy(reads)
        lower.deallocate()
        upper.deallocate()
    }

    /// Lets go of what the iterator holds.
    func close() {
        if let iterator { rocksdb_iter_destroy(iterator) }
        iterator = nil
    }

    /// Packs the next entries: about one item's worth, at most `limit`; none at the end.
    func next(_ packer: inout EntryPacker, limit: UInt64, keysOnly: Bool) throws(StorageRefusal) -> [UInt8] {
        guard let iterator else {
            throw StorageRefusal(.reopened, "storage was opened anew: go on with `after` the last key")
        }
        seekOnce(iterator)
        var last: [UInt8] = []
        while rocksdb_iter_valid(iterator) != 0 {
            var count = 0
            let key = bytes(rocksdb_iter_key(iterator, &count), count)
            var valueCount = 0
            let value = bytes(rocksdb_iter_value(iterator, &valueCount), valueCount)
            // The first always fits; the iterator waits on one that would grow the item over a frame.
            if packer.entries > 0,
                packer.bytes.count + value.count + 2 * StorageLimit.keyBytes > StorageLimit.batchBytes
            {
                break
            }
            packer.add(key: key, value: keysOnly ? bytes(nil, 0) : value)
            last = [UInt8](key)
            move(iterator)
            if packer.bytes.count >= StorageLimit.scanItemBytes || UInt64(packer.entries) >= limit { break }
        }
        return last
    }

    private func seekOnce(_ iterator: OpaquePointer) {
        guard !hasBegun else { return }
        hasBegun = true
        if isReverse { rocksdb_iter_seek_to_last(iterator) } else { rocksdb_iter_seek_to_first(iterator) }
    }

    private func move(_ iterator: OpaquePointer) {
        if isReverse { rocksdb_iter_prev(iterator) } else { rocksdb_iter_next(iterator) }
    }

    /// What the iterator met, if it ended early.
    func check() throws(StorageFailure) {
        guard let iterator else { return }
        try rocks { rocksdb_iter_get_error(iterator, $0) }
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, bytes.count))
        for (place, byte) in bytes.enumerated() { copy[place] = CChar(bitPattern: byte) }
        return copy
    }
}
