internal import Foundation

/// What `vm.yaml` says; nil: the default.
package struct VmFile: Sendable, Equatable {
    /// Name of a network, or the path of its file.
    package var network: String?
    /// Whether old versions of the state are kept for ever.
    package var archive: Bool?
    /// Bytes of nodes of the tree kept in memory.
    package var treeCacheBytes: Int?
    /// Bytes of records of the state kept in memory.
    package var recordCacheBytes: Int?
    /// Threads that check signatures; 0: all cores.
    package var signatureThreads: Int?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> VmFile {
        guard let data = FileManager.default.contents(atPath: path) else { return VmFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> VmFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = VmFile()
        result.network = root.string("network")
        if let network = result.network, !network.contains("/"), !NetworkFile.known.contains(network) {
            let near = nearest(network, among: NetworkFile.known).map { ": did you mean `\($0)`?" }
            root.fault(
                root.line(of: "network"),
                "`network` is \(network)"
                    + (near ?? ": give \(NetworkFile.known.joined(separator: ", ")), or a path with a /"))
        }
        result.archive = root.bool("archive")
        result.treeCacheBytes = root.integer("tree_cache_bytes", 1 << 20...1 << 36)
        result.recordCacheBytes = root.integer("record_cache_bytes", 1 << 20...1 << 36)
        result.signatureThreads = root.integer("signature_threads", 0...1024)
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }
}
