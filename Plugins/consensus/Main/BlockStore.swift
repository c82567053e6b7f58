internal import ConsensusCore
internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import StorageClient
internal import StorageWire

/// A decided block and what decided it.
struct DecidedBlock: Sendable {
    let block: Block
    let commit: Certificate
}

/// Decided blocks in storage: `blocks` and `certificates` by height, big-endian.
struct BlockStore: Sendable {
    let storage: StorageClient

    /// Writes a block and its certificate together.
    ///
    /// - Parameter durable: wait until they are on the disk, with all that was written before them.
    func put(_ block: Block, _ commit: Certificate, durable: Bool = true) async throws {
        let key = Self.key(block.header.height)
        var batch = StorageBatch()
        try batch.put(.blocks, key, block.wire)
        try batch.put(.certificates, key, commit.wire)
        try await storage.write(batch, durable: durable)
    }

    /// A decided block; nil: there is none of that height.
    /// - Throws: `ConsensusFault.damaged` when what is there is none.
    func block(_ height: UInt64) async throws -> DecidedBlock? {
        let key = Self.key(height)
        async let body = storage.get(.blocks, key)
        async let proof = storage.get(.certificates, key)
        guard let bytes = try await body, let certificate = try await proof else { return nil }
        do {
            return DecidedBlock(block: try Block(wire: bytes), commit: try Certificate(wire: certificate))
        } catch {
            throw ConsensusFault.damaged("block \(height) in storage cannot be read: \(error)")
        }
    }

    private static func key(_ height: UInt64) -> [UInt8] {
        withUnsafeBytes(of: height.bigEndian) { Array($0) }
    }
}

/// Why this node takes no part.
enum ConsensusFault: Error, CustomStringConvertible {
    /// What somebody asked for cannot be; the sentence says why.
    case refused(String)
    /// What is stored is not what was written.
    case damaged(String)

    var description: String {
        switch self {
        case .refused(let text): text
        case .damaged(let text):
            "\(text): stop the node, and restore a checkpoint into an empty data directory"
        }
    }
}

extension BusError {
    /// Whether asking again would give the same: somebody understood the question and said no.
    var isFinal: Bool {
        [.failed, .forbidden, .schema, .version, .unknownType, .tooLarge].contains(code)
    }
}
