internal import Foundation

/// What `signer.yaml` says; nil: the default.
package struct SignerFile: Sendable, Equatable {
    /// Path of the passphrase's file, from the data directory on.
    package var passphraseFile: String?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> SignerFile {
        guard let data = FileManager.default.contents(atPath: path) else { return SignerFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> SignerFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = SignerFile()
        result.passphraseFile = root.string("passphrase_file")
        if let path = result.passphraseFile, path.isEmpty {
            root.fault(root.line(of: "passphrase_file"), "`passphrase_file` is empty: give a path")
        }
        let faults = root.finish()
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    /// The path, with the default filled in.
    package func passphrasePath(_ paths: NodePaths) -> String {
        let path = passphraseFile ?? "signer/passphrase"
        return path.hasPrefix("/") ? path : "\(paths.data)/\(path)"
    }
}
