internal import Foundation
internal import NodeDomain
package import PostWorkerCore

/// The bytes of `postdata_metadata.json`, as the original writes and reads them.
package enum MetadataFile {
    /// Largest file that is read.
    private static let limit = 64 << 10

    /// The names are the original's.
    private enum Name: String, CodingKey {
        case Version, NodeId, CommitmentAtxId, LabelsPerUnit, NumUnits, MaxFileSize, Nonce, NonceValue,
            LastPosition
    }

    /// What is wrong with a field.
    private struct FieldFault: Error {
        let text: String
    }

    /// The fields as they stand there.
    private struct Fields: Decodable {
        let metadata: PlotMetadata

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Name.self)
            func optional<Value: Decodable>(_ name: Name) throws -> Value? {
                do {
                    return try fields.decodeIfPresent(Value.self, forKey: name)
                } catch {
                    throw FieldFault(text: "\(name.rawValue) is no value of its kind")
                }
            }
            func needed<Value: Decodable>(_ name: Name) throws -> Value {
                guard let value: Value = try optional(name) else {
                    throw FieldFault(text: "\(name.rawValue) is missing")
                }
                return value
            }
            func key(_ name: Name) throws -> Bytes32 {
                guard let value = Bytes32(try needed(name) as Data) else {
                    throw FieldFault(text: "\(name.rawValue) must be base64 of 32 bytes")
                }
                return value
            }
            metadata = PlotMetadata(
                identity: try key(.NodeId), commitmentATX: try key(.CommitmentAtxId),
                labelsPerUnit: try needed(.LabelsPerUnit), units: try needed(.NumUnits),
                maxFileSize: try needed(.MaxFileSize), nonce: try optional(.Nonce),
                nonceValue: try MetadataFile.value(of: try optional(.NonceValue) ?? ""),
                lastPosition: try optional(.LastPosition), version: try optional(.Version))
        }
    }

    /// The nonce's label: sixteen bytes; of a whole label the first sixteen would do.
    private static func value(of text: String) throws -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        guard let bytes = Hexadecimal.bytes(of: text), [16, 32].contains(bytes.count) else {
            throw FieldFault(text: "NonceValue must be 32 hexadecimal digits")
        }
        return Array(bytes.prefix(Int(PlotLayout.labelBytes)))
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
        do {
            return try JSONDecoder().decode(Fields.self, from: Data(text)).metadata
        } catch let fault as FieldFault {
            throw .metadata(directory: directory, reason: fault.text)
        } catch {
            throw .metadata(directory: directory, reason: "it is no JSON object")
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
