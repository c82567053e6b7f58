import Foundation
import NodeDomain
import Testing

/// Files below `Vectors/p2p`.
enum VectorFile {
    static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Vectors/p2p/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

func hex(_ text: String?) throws -> [UInt8] {
    let text = try #require(text)
    return try #require(Hexadecimal.bytes(of: text))
}
