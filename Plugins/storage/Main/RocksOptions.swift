internal import CRocksDB
internal import StorageWire

/// RocksDB's options for all keyspaces, and the block cache that they share.
struct RocksOptions: ~Copyable {
    let options: OpaquePointer
    /// The same for keyspaces of hashes and signatures, where compression costs time and saves nothing.
    private let uncompressed: OpaquePointer
    private let cache: OpaquePointer
    private let table: OpaquePointer
    let reads: OpaquePointer
    let writes: OpaquePointer

    init(_ settings: StorageSettings, recovery: LogRecovery) {
        options = rocksdb_options_create()
        cache = rocksdb_cache_create_lru(settings.cacheBytes)
        table = rocksdb_block_based_options_create()
        uncompressed = RocksOptions.complete(options, cache, table, settings, recovery)
        reads = rocksdb_readoptions_create()
        writes = rocksdb_writeoptions_create()
    }

    /// Sets everything, and gives a copy without compression.
    private static func complete(
        _ options: OpaquePointer, _ cache: OpaquePointer, _ table: OpaquePointer, _ settings: StorageSettings,
        _ recovery: LogRecovery
    ) -> OpaquePointer {
        setTables(options, cache, table)
        setLimits(options, settings)
        rocksdb_options_set_wal_recovery_mode(options, recovery.rawValue)
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
        let uncompressed: OpaquePointer = rocksdb_options_create_copy(options)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        return uncompressed
    }

    /// The options of a column family.
    func options(of family: String) -> OpaquePointer {
        switch Keyspace(name: family) {
        case .tree, .receipts, .blocks, .certificates: uncompressed
        default: options
        }
    }

    deinit {
        rocksdb_writeoptions_destroy(writes)
        rocksdb_readoptions_destroy(reads)
        rocksdb_options_destroy(uncompressed)
        rocksdb_options_destroy(options)
        rocksdb_block_based_options_destroy(table)
        rocksdb_cache_destroy(cache)
    }

    private static func setTables(
        _ options: OpaquePointer, _ cache: OpaquePointer, _ table: OpaquePointer
    ) {
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        // Indexes and filters count as cache, so that one figure bounds what reading holds.
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1)
        rocksdb_options_set_block_based_table_factory(options, table)
    }

    private static func setLimits(_ options: OpaquePointer, _ settings: StorageSettings) {
        rocksdb_options_set_write_buffer_size(options, settings.writeBufferBytes / 2)
        rocksdb_options_set_db_write_buffer_size(options, settings.writeBufferBytes)
        rocksdb_options_set_max_total_wal_size(options, UInt64(settings.logBytes))
        rocksdb_options_set_max_background_jobs(options, Int32(settings.backgroundJobs))
        rocksdb_options_set_max_open_files(options, 512)
        // RocksDB 7.8 aborts the process when a line of its own event log meets a full disk (an assertion in EnvLogger), so
        // nothing is written there: 6 is above every level. What matters comes back from the calls.
        rocksdb_options_set_info_log_level(options, 6)
        rocksdb_options_set_max_log_file_size(options, 0)
        rocksdb_options_set_keep_log_file_num(options, 1)
        rocksdb_options_set_stats_dump_period_sec(options, 0)
        // Writes tables out as they grow, so that no sync has to wait for all of one.
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
    }

    var cacheUsage: UInt64 { UInt64(rocksdb_cache_get_usage(cache)) }
}
