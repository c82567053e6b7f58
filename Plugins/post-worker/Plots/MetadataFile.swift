internal import Foundation
internal import NodeDomain
package import PostWorkerCore

/// The bytes of `postdata_metadata.json`, as the original writes and reads them.
package enum MetadataFile {
    /// Largest file that is read.
    private static let limit = 64 << 10

    /// The names are the original's.
    private struct Fields: Decodable {
        let Version: Int64?
        let NodeId: Data
        let CommitmentAtxId: Data
        let LabelsPerUnit: UInt64
        let NumUnits: UInt32
        let MaxFileSize: UInt64
        let Nonce: UInt64?
        let NonceValue: String?
        let LastPosition: UInt64?
    }

    /// The text, with tabs and in the order of the original.
    package static func text(of metadata: PlotMetadata) -> String {
        func base64(_ bytes: Bytes32) -> String { "\"\(Data(bytes.bytes).base64EncodedString())\"" }
        let fields: [(String, String?)] = [
            ("Version", metadata.version.map { "\($0)" }), ("NodeId", base64(metadata.identity)),
            ("CommitmentAtxId", base64(metadata.commitmentATX)),
            ("LabelsPerUnit", "\(metadata.labelsPerUnit)"), ("NumUnits", "\(metadata.units)"),
            ("MaxFileSize", "\(metadata.maxFileSize)"), ("Nonce", metadata.nonce.map { "\($0)" }),
            ("NonceValue", metadata.nonceValue.map { "\"\(Hexadecimal.text(of: $0))\"" }),
            ("LastPosition", metadata.lastPosition.map { "\($0)" }),
        ]
        let lines = fields.compactMap { name, value in value.map { "\t\"\(name)\": \($0)" } }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    /// Reads the text.
    ///
    /// - Throws: `PlotFileFault.metadata` that says what is wrong.
    package static func metadata(of text: [UInt8], directory: String) throws(PlotFileFault) -> PlotMetadata {
        let fields: Fields
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(text))
        } catch {
            throw .metadata(directory: directory, reason: reason(error))
        }
        guard let identity = Bytes32(fields.NodeId), let commitment = Bytes32(fields.CommitmentAtxId) else {
            throw .metadata(
                directory: directory, reason: "NodeId and CommitmentAtxId must be base64 of 32 bytes")
        }
        var value: [UInt8]?
        if let text = fields.NonceValue, !text.isEmpty {
            // Sixteen bytes; of a whole label the first sixteen would do.
            guard let bytes = Hexadecimal.bytes(of: text), [16, 32].contains(bytes.count) else {
                throw .metadata(directory: directory, reason: "NonceValue must be 32 hexadecimal digits")
            }
            value = Array(bytes.prefix(Int(PlotLayout.labelBytes)))
        }
        return PlotMetadata(
            identity: identity, commitmentATX: commitment, labelsPerUnit: fields.LabelsPerUnit,
            units: fields.NumUnits, maxFileSize: fields.MaxFileSize, nonce: fields.Nonce, nonceValue: value,
            lastPosition: fields.LastPosition, version: fields.Version)
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            context.codingPath.last.map { "\($0.stringValue) is no value of its kind" }
                ?? "it is no JSON object"
        default: "it is no JSON object"
        }
    }

    /// Reads the file of a directory; nil when there is none.
    ///
    /// - Throws: `PlotFileFault` when it cannot be read or understood.
    package static func read(in directory: String) throws(PlotFileFault) -> PlotMetadata? {
        let path = "\(directory)/\(PlotMetadata.fileName)"
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        let file = try OpenFile(path, O_RDONLY)
        let size = try file.size()
        guard size <= UInt64(limit) else {
            throw .metadata(directory: directory, reason: "it is over \(limit) bytes")
        }
        return try metadata(of: file.bytes(0..<size), directory: directory)
    }

    /// Puts a new file in the place of the old one, at once: a reader sees one of them, whole, whatever happens.
    ///
    /// - Throws: `PlotFileFault` when it cannot be written; the old one is there then.
    package static func write(_ metadata: PlotMetadata, in directory: String) throws(PlotFileFault) {
        let path = "\(directory)/\(PlotMetadata.fileName)"
        let fresh = path + ".new"
        let file = try OpenFile(fresh, O_WRONLY | O_CREAT | O_TRUNC, action: "write")
        try file.write(Array(text(of: metadata).utf8), at: 0)
        try file.sync()
        guard rename(fresh, path) == 0 else { throw OpenFile.fault(path, "write", nil, errno) }
        try OpenFile(directory, O_RDONLY | O_DIRECTORY).sync()
    }
}
