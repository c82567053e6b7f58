internal import Foundation
package import NodeDomain

/// What `poet.yaml` says; nil: the default.
package struct PoetFile: Sendable, Equatable {
    /// Whether it works; without it only on a network that this node launches itself.
    package var work: Bool?
    /// Where the REST face listens.
    package var listen: String?
    /// Leading zero bits of a registration's proof of work.
    package var difficulty: Int?
    /// Whose certificates are taken in place of work.
    package var certifier: Bytes32?
    /// Where they are to be had.
    package var certifierURL: String?
    /// Members of a round.
    package var maxMembers: Int?
    /// Seconds between two checkpoints of the work.
    package var checkpointSeconds: Int?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> PoetFile {
        guard let data = FileManager.default.contents(atPath: path) else { return PoetFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> PoetFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = PoetFile()
        result.work = root.bool("work")
        result.listen = root.string("listen")
        if let listen = result.listen, listen.wholeMatch(of: /.+:\d{1,5}/) == nil {
            root.fault(root.line(of: "listen"), "`listen` is \(listen): write HOST:PORT")
        }
        result.difficulty = root.integer("pow_difficulty", 0...40)
        if let text = root.string("certifier") {
            result.certifier = Bytes32(hexadecimal: text)
            if result.certifier == nil {
                root.fault(
                    root.line(of: "certifier"), "`certifier` is no key: give 64 hexadecimal digits")
            }
        }
        result.certifierURL = root.string("certifier_url")
        result.maxMembers = root.integer("max_members", 1...1 << 20)
        result.checkpointSeconds = root.integer("checkpoint_seconds", 1...3_600)
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }
}
