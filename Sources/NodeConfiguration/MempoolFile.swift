internal import Foundation

/// What `mempool.yaml` says; nil: the default.
package struct MempoolFile: Sendable, Equatable {
    /// Transactions that may wait.
    package var maxTransactions: Int?
    /// Their bytes.
    package var maxBytes: Int?
    /// Transactions of one account.
    package var maxPerAccount: Int?
    /// Milliseconds until what was taken in is on the disk.
    package var syncMilliseconds: Int?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> MempoolFile {
        guard let data = FileManager.default.contents(atPath: path) else { return MempoolFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> MempoolFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = MempoolFile()
        result.maxTransactions = root.integer("max_transactions", 1...1 << 20)
        result.maxBytes = root.integer("max_bytes", 1 << 16...1 << 30)
        result.maxPerAccount = root.integer("max_per_account", 1...10_000)
        result.syncMilliseconds = root.integer("sync_ms", 10...1_000)
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }
}
