internal import Foundation
internal import NodeDomain

/// Reads the files below `Vectors/post`.
enum Vectors {
    static func decode<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/post")
        return try JSONDecoder().decode(
            type, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }
}

/// Thirty-two bytes as the vectors write them.
struct Hex32: Decodable {
    let value: Bytes32

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Bytes32(hexadecimal: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self.value = value
    }
}

/// Any bytes as the vectors write them.
struct HexBytes: Decodable {
    let value: [UInt8]

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Hexadecimal.bytes(of: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self.value = value
    }
}
