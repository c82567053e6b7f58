internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// A block cut into parts, by whoever has the whole of it.
package struct BlockParts: Hashable, Sendable {
    /// The block as it travels.
    package let bytes: [UInt8]
    /// How votes name the block.
    package let reference: BlockReference

    private let pieces: [[UInt8]]

    /// The parts of a block; nil when it is larger than blocks may be.
    package init?(_ block: Block) {
        let bytes = block.wire
        guard bytes.count <= BlockLimit.bytes else { return nil }
        self.bytes = bytes
        pieces = stride(from: 0, to: bytes.count, by: BlockLimit.partBytes).map {
            Array(bytes[$0..<min($0 + BlockLimit.partBytes, bytes.count)])
        }
        reference = BlockReference(
            hash: block.header.hash, partsTotal: UInt32(truncatingIfNeeded: pieces.count),
            partsHash: MerkleTree.root(of: pieces))
    }

    /// How many parts there are.
    package var count: Int { pieces.count }

    /// A part with its proof; nil when there is no such part.
    package func part(_ index: Int, height: UInt64, round: UInt32) -> BlockPart? {
        guard let proof = MerkleTree.proof(of: index, in: pieces) else { return nil }
        return BlockPart(
            height: height, round: round, index: UInt32(truncatingIfNeeded: index),
            total: reference.partsTotal, bytes: pieces[index], proof: proof)
    }
}

/// What became of a part that came.
package enum PartOutcome: Hashable, Sendable {
    /// It is new and right.
    case added
    /// It was here already.
    case known
    /// It is not a part of this block: whoever sent it is to blame.
    case refused(PartFault)
}

/// Why a part is not one of a block.
package enum PartFault: Hashable, Sendable {
    /// The block has another number of parts.
    case total
    /// The block has no such part.
    case index
    /// All parts but the last are full, and the last is not empty.
    case size
    /// Its proof does not lead to the root over the parts.
    case proof
}

/// Why all parts together are not the block that they were announced as.
package enum BlockFault: Error, Hashable, Sendable {
    /// A part is missing.
    case unfinished
    /// The bytes are no block.
    case encoding(ScaleFault)
    /// The header has another hash than the block was voted on by.
    case hash
    /// The header is not that of the body, the evidence or the commit.
    case body
}

/// The parts of a block as they come in, from anybody and in any order.
package struct PartSet: Hashable, Sendable {
    /// The block that they are of.
    package let reference: BlockReference
    /// The parts that are here.
    package private(set) var present: MemberBitmap

    private var pieces: [[UInt8]]

    /// No parts yet; nil when no block has so many parts.
    package init?(_ reference: BlockReference) {
        guard reference.partsTotal > 0, reference.partsTotal <= UInt32(BlockLimit.parts) else { return nil }
        self.reference = reference
        let count = Int(reference.partsTotal)
        present = MemberBitmap(count: count)
        pieces = [[UInt8]](repeating: [], count: count)
    }

    /// All parts of a block that was made here.
    package init(_ parts: BlockParts) {
        reference = parts.reference
        present = MemberBitmap(count: parts.count)
        pieces = []
        for index in 0..<parts.count {
            pieces.append(parts.part(index, height: 0, round: 0)?.bytes ?? [])
            present.insert(index)
        }
    }

    /// Whether all parts are here.
    package var isComplete: Bool { present.members == present.count }

    /// Takes a part in when it belongs to the block.
    package mutating func add(_ part: BlockPart) -> PartOutcome {
        if let fault = fault(of: part) { return .refused(fault) }
        let index = Int(part.index)
        guard present.insert(index) else { return .known }
        pieces[index] = part.bytes
        return .added
    }

    /// A part that is here, with its proof; nil when it is not, or others that its proof needs are missing.
    package func part(_ index: Int, height: UInt64, round: UInt32) -> BlockPart? {
        guard isComplete, let proof = MerkleTree.proof(of: index, in: pieces) else { return nil }
        return BlockPart(
            height: height, round: round, index: UInt32(truncatingIfNeeded: index),
            total: reference.partsTotal, bytes: pieces[index], proof: proof)
    }

    /// The block of all parts.
    ///
    /// - Throws: `BlockFault` when they are not the block that was announced.
    package func block() throws(BlockFault) -> Block {
        guard isComplete else { throw .unfinished }
        let block: Block
        do {
            block = try Block(wire: pieces.flatMap(\.self))
        } catch {
            throw .encoding(error)
        }
        guard block.header.hash == reference.hash else { throw .hash }
        guard block.isWhole else { throw .body }
        return block
    }

    private func fault(of part: BlockPart) -> PartFault? {
        guard part.total == reference.partsTotal else { return .total }
        guard part.index < part.total else { return .index }
        let isLast = part.index == part.total - 1
        guard isLast ? !part.bytes.isEmpty : part.bytes.count == BlockLimit.partBytes,
            part.bytes.count <= BlockLimit.partBytes
        else { return .size }
        let holds = MerkleTree.verify(
            MerkleTree.leafHash(part.bytes), at: UInt64(part.index), of: UInt64(part.total),
            proof: part.proof, root: reference.partsHash)
        return holds ? nil : .proof
    }
}
