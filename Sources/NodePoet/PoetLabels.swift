package import NodeCrypto
package import NodeDomain

/// How leaves and nodes of a PoET's work are hashed, for one statement (spec: post-poet, §4.1).
package struct PoetLabels: Sendable {
    /// Hashes of one leaf.
    package static let hashesOfLeaf: UInt32 = 400

    /// What the work is of: the root of the members; 32 bytes, but old vectors have others.
    package let statement: [UInt8]
    /// How it is computed.
    package let path: SHA256

    /// Of a statement.
    package init(statement: [UInt8], path: SHA256 = .expected) {
        self.statement = statement
        self.path = path
    }

    /// The leaf at an index.
    ///
    /// - Parameter left: the left siblings on its way to the root, from the bottom up.
    package func leaf(_ index: UInt64, left: [Bytes32]) -> Bytes32 {
        path.chain(beginning(index, left: left), times: PoetLabels.hashesOfLeaf - 1)
    }

    /// Several leaves, faster than one by one.
    package func leaves(_ leaves: [(index: UInt64, left: [Bytes32])]) -> [Bytes32] {
        path.chains(
            leaves.map { beginning($0.index, left: $0.left) }, times: PoetLabels.hashesOfLeaf - 1)
    }

    /// A node of its halves.
    package func join(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        let (size, count) = (Bytes32.count, statement.count)
        return withUnsafeTemporaryAllocation(byteCount: count + 2 * size, alignment: 1) { bytes in
            bytes.copyBytes(from: statement)
            bytes.store(left, at: count)
            bytes.store(right, at: count + size)
            return path.hash(UnsafeBufferPointer(bytes.bindMemory(to: UInt8.self)))
        }
    }

    /// The first of a leaf's hashes.
    private func beginning(_ index: UInt64, left: [Bytes32]) -> Bytes32 {
        let (size, count) = (Bytes32.count, statement.count)
        let whole = count + 8 + left.count * size
        return withUnsafeTemporaryAllocation(byteCount: whole, alignment: 1) { bytes in
            bytes.copyBytes(from: statement)
            bytes.storeBytes(of: index.bigEndian, toByteOffset: count, as: UInt64.self)
            for (place, node) in left.enumerated() { bytes.store(node, at: count + 8 + place * size) }
            return path.hash(UnsafeBufferPointer(bytes.bindMemory(to: UInt8.self)))
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Puts the 32 bytes of a value at an offset.
    fileprivate func store(_ value: Bytes32, at offset: Int) {
        storeBytes(of: value.word0.bigEndian, toByteOffset: offset, as: UInt64.self)
        storeBytes(of: value.word1.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
        storeBytes(of: value.word2.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
        storeBytes(of: value.word3.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
    }
}
