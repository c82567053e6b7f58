internal import Foundation

/// What `p2p.yaml` says; nil: the default.
package struct P2PFile: Sendable, Equatable {
    /// Where others may call; nil: at all addresses, at the port that follows from the port base.
    package var listen: [String]?
    /// Whom to call.
    package var peers: [String] = []
    /// What others are told of where this node is.
    package var announce: [String] = []
    /// Whether only those of `peers` are taken.
    package var isPrivate: Bool?
    /// Connections besides those.
    package var maxPeers: Int?
    /// Whether addresses count that only a house or a lab reaches.
    package var isLocal: Bool?
    /// Kilobytes that any second may send to the Internet; 0: any number.
    package var maxUpload: Int?
    /// Kilobytes a second that are taken in from the Internet; 0: any number.
    package var maxDownload: Int?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> P2PFile {
        guard let data = FileManager.default.contents(atPath: path) else { return P2PFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> P2PFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = P2PFile()
        result.listen = root.optionalStrings("listen")
        result.peers = root.strings("peers")
        result.announce = root.strings("announce")
        result.isPrivate = root.bool("private")
        result.maxPeers = root.integer("max_peers", 0...200)
        result.isLocal = root.bool("local")
        result.maxUpload = root.integer("max_upload", 0...1_000_000)
        result.maxDownload = root.integer("max_download", 0...1_000_000)
        for (key, list) in [
            ("listen", result.listen ?? []), ("peers", result.peers), ("announce", result.announce),
        ] {
            for address in list where !address.hasPrefix("/") {
                root.fault(
                    root.line(of: key),
                    "`\(key)` has \(address), which is no multiaddress such as /ip4/192.0.2.1/tcp/7610")
            }
        }
        if result.announce.count > 4 {
            root.fault(
                root.line(of: "announce"),
                "`announce` has \(result.announce.count) addresses: others are told four at most")
        }
        for address in result.peers where !address.contains("/p2p/") {
            root.fault(
                root.line(of: "peers"),
                "`peers` has \(address), which does not say whose key is there: end it with /p2p/12D3KooW...")
        }
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }
}
