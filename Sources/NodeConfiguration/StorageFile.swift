internal import Foundation

/// What `storage.yaml` says; nil: the default.
package struct StorageFile: Sendable, Equatable {
    package var cacheBytes: Int?
    package var writeBufferBytes: Int?
    package var logBytes: Int?
    package var uploadBytes: Int?
    package var ballastBytes: Int?
    package var backgroundJobs: Int?
    package var readerThreads: Int?
    package var maxScans: Int?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> StorageFile {
        guard let data = FileManager.default.contents(atPath: path) else { return StorageFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> StorageFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = StorageFile()
        result.cacheBytes = root.integer("cache_bytes", 1 << 20...1 << 40)
        result.writeBufferBytes = root.integer("write_buffer_bytes", 1 << 20...1 << 36)
        result.logBytes = root.integer("log_bytes", 1 << 20...1 << 36)
        result.uploadBytes = root.integer("upload_bytes", 4 << 20...1 << 31)
        result.ballastBytes = root.integer("ballast_bytes", 0...1 << 36)
        result.backgroundJobs = root.integer("background_jobs", 1...64)
        result.readerThreads = root.integer("reader_threads", 1...64)
        result.maxScans = root.integer("max_scans", 1...1024)
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }
}
