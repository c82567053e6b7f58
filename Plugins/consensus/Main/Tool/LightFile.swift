internal import ConsensusCore
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding

/// A chain of light blocks as it is handed over: JSON around canonical bytes.
struct LightFile {
    /// Most bytes of a file.
    static let mostBytes = 64 << 20

    private struct Text: Decodable {
        struct Trusted: Decodable {
            let height: UInt64
            let headerHash: String
            let setHash: String
        }
        let trusted: Trusted?
        let blocks: [String]
    }

    let path: String
    let chain: LightChain
    private let text: Text

    var blocks: [LightBlock] { chain.blocks }

    /// Reads a file.
    ///
    /// - Throws: `CommandFault` that says what is no chain in it.
    static func read(_ path: String) throws -> LightFile {
        let text: Text = try decode(path, limit: mostBytes)
        guard text.blocks.count <= LightChain.mostBlocks else {
            throw CommandFault("\(path): \(text.blocks.count) blocks are over \(LightChain.mostBlocks)")
        }
        var blocks: [LightBlock] = []
        for (place, hex) in text.blocks.enumerated() {
            guard let bytes = Hexadecimal.bytes(of: hex) else {
                throw CommandFault("\(path): block \(place + 1) is not in hexadecimal digits")
            }
            do {
                blocks.append(try LightBlock(wire: bytes))
            } catch {
                throw CommandFault("\(path): block \(place + 1) is no light block: \(error)")
            }
        }
        return LightFile(path: path, chain: LightChain(blocks: blocks), text: text)
    }

    /// The head that the file says to trust.
    ///
    /// - Throws: `CommandFault` when it names none.
    func trusted() throws -> LightCheckpoint {
        guard let trusted = text.trusted else {
            throw CommandFault("\(path) names no trusted head: give --trust HEIGHT:HEADER-HASH:SET-HASH")
        }
        guard let hash = Bytes32(hexadecimal: trusted.headerHash),
            let setHash = Bytes32(hexadecimal: trusted.setHash)
        else { throw CommandFault("\(path): the trusted head's hashes have 64 hexadecimal digits each") }
        return LightCheckpoint(height: trusted.height, hash: hash, setHash: setHash)
    }
}

/// A record of the state with its proof.
struct RecordFile {
    /// Most bytes of a file: the largest record of the ledger twice, and a proof.
    static let mostBytes = 16 << 20

    private struct Text: Decodable {
        let key: String
        let value: String?
        let proof: String
    }

    /// The record's tag and fields, of which the hash is its place.
    let key: [UInt8]
    /// What it holds; nil: there is no such record.
    let value: [UInt8]?
    let proof: StateProof

    /// Reads a file.
    ///
    /// - Throws: `CommandFault` that says what is no record or proof in it.
    static func read(_ path: String) throws -> RecordFile {
        let text: Text = try decode(path, limit: mostBytes)
        let value = text.value.map { Hexadecimal.bytes(of: $0) }
        guard let key = Hexadecimal.bytes(of: text.key), let bytes = Hexadecimal.bytes(of: text.proof),
            value != .some(nil)
        else { throw CommandFault("\(path): key, value and proof are in hexadecimal digits") }
        do {
            return RecordFile(key: key, value: value ?? nil, proof: try StateProof(scale: bytes))
        } catch {
            throw CommandFault("\(path): it holds no proof: \(error)")
        }
    }
}

private func decode<Value: Decodable>(_ path: String, limit: Int) throws -> Value {
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw CommandFault("\(path) cannot be read: give a file that exists")
    }
    defer { try? file.close() }
    let data = try file.read(upToCount: limit + 1) ?? Data()
    guard data.count <= limit else { throw CommandFault("\(path) is larger than \(limit) bytes") }
    let decoder = JSONDecoder()
    do {
        return try decoder.decode(Value.self, from: data)
    } catch {
        throw CommandFault("\(path) has not the form that docs/light.md describes: \(error)")
    }
}
