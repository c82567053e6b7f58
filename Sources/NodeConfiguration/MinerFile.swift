internal import Foundation
package import NodeDomain
internal import NodeEncoding

/// What `miner.yaml` says; nil: the default.
package struct MinerFile: Sendable, Equatable {
    /// A plot that is to be mined.
    package struct Plot: Sendable, Equatable {
        /// As the operator calls it.
        package let name: String
        /// Where all of it is, on this node's worker; nil: `segments` say.
        package let directory: String?
        /// Which worker holds which of its files.
        package let segments: [FleetFile.Segment]
        package let units: UInt32?
        package let identity: Bytes32?
        package let commitmentATX: Bytes32?
        package let coinbase: String?
        package let maxFileSize: UInt64?
        /// Where it stands in the file; 0: it does not.
        package let line: Int

        /// A plot of the default size in a directory of this node.
        package init(name: String, directory: String) {
            self.init(
                name: name, directory: directory, segments: [], units: nil, identity: nil, commitmentATX: nil,
                coinbase: nil, maxFileSize: nil, line: 0)
        }

        fileprivate init(
            name: String, directory: String?, segments: [FleetFile.Segment], units: UInt32?,
            identity: Bytes32?,
            commitmentATX: Bytes32?, coinbase: String?, maxFileSize: UInt64?, line: Int
        ) {
            self.name = name
            self.directory = directory
            self.segments = segments
            self.units = units
            self.identity = identity
            self.commitmentATX = commitmentATX
            self.coinbase = coinbase
            self.maxFileSize = maxFileSize
            self.line = line
        }
    }

    /// Where rewards go: an address, of whatever network.
    package var coinbase: String?
    /// Whether activations say that this operator runs a validator.
    package var votes: Bool?
    /// PoETs at which the chain's challenge is registered, besides this node's own.
    package var poets: [String] = []
    /// Nonces of one pass over a plot.
    package var nonces: UInt32?
    /// nil: what the network has by default.
    package var plots: [Plot]?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> MinerFile {
        guard let data = FileManager.default.contents(atPath: path) else { return MinerFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> MinerFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = MinerFile()
        result.coinbase = address(root)
        result.votes = root.bool("votes")
        result.poets = root.strings("poets")
        if let bad = result.poets.first(where: { !$0.hasPrefix("http://") && !$0.hasPrefix("https://") }) {
            root.fault(root.line(of: "poets"), "`poets` has \(bad): write the address, http://HOST:PORT")
        }
        if let nonces = root.integer("nonces", 16...4096) {
            result.nonces = UInt32(nonces)
            if nonces % 16 != 0 {
                root.fault(root.line(of: "nonces"), "`nonces` is \(nonces): give a multiple of 16")
            }
        }
        let entries = root.mappings("plots")
        var inner = entries
        if root.node("plots") != nil { result.plots = entries.map { plot($0, &inner) } }
        unique(entries.map { $0.string("name") ?? "" }, entries, "name")
        for reader in inner { _ = reader.finish() }
        let faults = root.finish(with: inner)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    private static func address(_ reader: MappingReader) -> String? {
        guard let text = reader.string("coinbase") else { return nil }
        // Which network it is of, the ledger says.
        do {
            _ = try Address(text: text)
        } catch {
            reader.fault(reader.line(of: "coinbase"), "`coinbase` \(text): \(error)")
        }
        return text
    }

    private static func plot(_ reader: MappingReader, _ inner: inout [MappingReader]) -> Plot {
        reader.require("name", "as you call it, such as attic-1")
        let directory = reader.string("directory")
        let segments = reader.mappings("segments")
        if (directory == nil) == segments.isEmpty {
            reader.fault(
                reader.line,
                "a plot has either `directory`, on this node's worker, or `segments` over workers")
        }
        if let directory, !directory.hasPrefix("/") {
            reader.fault(
                reader.line(of: "directory"), "`directory` \(directory): write the path from / on")
        }
        let key = { (name: String) -> Bytes32? in
            guard reader.string(name) != nil else { return nil }
            return Bytes32(hexadecimal: FleetFile.hex(reader, name, "of the plot"))
        }
        inner += segments
        return Plot(
            name: reader.string("name") ?? "", directory: directory,
            segments: segments.map { FleetFile.segment($0) },
            units: reader.integer("units", 1...1 << 30).map { UInt32($0) }, identity: key("identity"),
            commitmentATX: key("commitment_atx"), coinbase: address(reader),
            maxFileSize: reader.integer("max_file_size", 1024...1 << 60).map { UInt64($0) }, line: reader.line
        )
    }
}
