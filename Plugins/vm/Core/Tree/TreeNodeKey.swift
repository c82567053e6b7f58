internal import NodeDomain

/// Where a node is stored: the version that wrote it, and its place in the tree.
///
/// A node is never written twice, so a version, once written, stays as it is until it is pruned.
package struct TreeNodeKey: Hashable, Sendable {
    /// The version, which is the height of the block, that wrote the node.
    package let version: UInt64
    /// The place.
    package let path: NibblePath

    /// A version and a place.
    package init(version: UInt64, path: NibblePath) {
        self.version = version
        self.path = path
    }

    /// The root of a version.
    package static func root(_ version: UInt64) -> TreeNodeKey {
        TreeNodeKey(version: version, path: .root)
    }

    /// The key in storage: version in 8 bytes, big-endian, the depth in one, then the nibbles, two a byte.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 + path.byteCount)
        withUnsafeBytes(of: version.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(path.depth))
        bytes.append(contentsOf: path.bits.bytes.prefix(path.byteCount))
        return bytes
    }

    /// A key as storage holds it.
    ///
    /// - Throws: `TreeNodeFault` for anything that `bytes` does not give.
    package init(bytes: [UInt8]) throws(TreeNodeFault) {
        guard bytes.count >= 9 else { throw .length(bytes.count) }
        let depth = Int(bytes[8])
        guard depth <= NibblePath.longest else { throw .depth(depth) }
        guard bytes.count == 9 + (depth + 1) / 2 else { throw .length(bytes.count) }
        version = UInt64(bigEndianBytes: bytes[..<8])
        path = try NibblePath(packed: bytes[9...], depth: depth)
    }
}

extension TreeNodeKey: CustomStringConvertible {
    /// The version, and the nibbles in hexadecimal.
    package var description: String {
        "\(version)/\(path.bits.description.prefix(path.depth))"
    }
}

extension NibblePath {
    /// How many bytes the nibbles take, two a byte.
    var byteCount: Int { (depth + 1) / 2 }

    /// Nibbles, two a byte; the last half of an odd number of them must be 0.
    init(packed bytes: some Collection<UInt8>, depth: Int) throws(TreeNodeFault) {
        guard let key = Bytes32(Array(bytes) + [UInt8](repeating: 0, count: max(0, 32 - bytes.count)))
        else { throw .length(bytes.count) }
        self.init(of: key, depth: depth)
        guard bits == key else { throw .padding }
    }
}
