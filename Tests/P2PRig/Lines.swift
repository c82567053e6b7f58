import Foundation
import NodeCrypto

/// A line of what happens, as the peer of the other make prints it too.
struct Line: Encodable {
    let event: String
    var peer: String?
    var address: String?
    var what: String?
    var why: String?
    var blame: String?
    var outbound: Bool?
    var agent: String?
    var version: String?
    var protocols: [String]?
    var observed: String?
    var topic: String?
    var count: Int?
    var sha256: String?
    var id: String?
    var equal: Bool?
    var refused: Bool?
    var ms: [UInt64]?
    var topics: [String: [String]]?
    var control: Control?
    var status: Status?

    /// What a peer wants of gossip.
    struct Control: Encodable {
        var graft: [String]
        var prune: [String]
        var idontwant: [String]

        var isEmpty: Bool { graft.isEmpty && prune.isEmpty && idontwant.isEmpty }
    }

    /// What there is, to see whether anything is left.
    struct Status: Encodable {
        var connections: Int
        var pending: Int
        var dialling: Int
        var leaving: Int
        var links: Int
        var streams: Int
        var accepted: UInt64
        var refused: UInt64
        var displaced: UInt64
        var received: UInt64
        var sent: UInt64
    }

    /// Prints it at once.
    func say() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return }
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }
}

/// A line of what is to be done.
struct Order: Decodable, Sendable {
    let `do`: String
    var to: String?
    var peer: String?
    var topic: String?
    var count: Int?
    var seed: UInt64?
}

/// Bytes that are the same for the same seed, on both sides of the rig: SHA-256 of seed and place.
func payload(_ count: Int, seed: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for place in 0..<UInt64(count / 32 + 1) {
        let block = withUnsafeBytes(of: (seed.littleEndian, place.littleEndian)) { Array($0) }
        bytes += SHA2.sha256(block)
    }
    return Array(bytes.prefix(count))
}
