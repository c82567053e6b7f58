internal import NodeDomain
internal import NodeEncoding

/// The nodes that a version made superfluous.
///
/// With them deleted, older versions cannot be read any more; that version and all later ones can.
package struct StaleList: Hashable, Sendable {
    /// Most nodes of one list.
    package static let limit = 1 << 22

    /// The nodes in the order of their places, each place once.
    package let nodes: [TreeNodeKey]

    /// The stale nodes of an update.
    package init(_ result: TreeUpdateResult) {
        nodes = result.stale.sorted { $0.path < $1.path }
    }

    /// The bytes in storage: the number of nodes, then of each version, depth and nibbles, two a byte.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(UInt64(nodes.count))
        for node in nodes {
            writer.writeCompact(node.version)
            writer.write(UInt8(truncatingIfNeeded: node.path.depth))
            for byte in node.path.bits.bytes.prefix(node.path.byteCount) { writer.write(byte) }
        }
        return writer.bytes
    }

    /// A list as storage holds it.
    ///
    /// - Throws: `TreeNodeFault` for anything that `bytes` does not give.
    package init(bytes: [UInt8]) throws(TreeNodeFault) {
        self = try decoding(bytes) { reader throws(TreeNodeFault) in try StaleList(&reader) }
    }

    private init(_ reader: inout ScaleReader) throws(TreeNodeFault) {
        let count = try scaled { () throws(ScaleFault) in
            try reader.compact(limit: UInt64(StaleList.limit))
        }
        // Room is made for what is read, not for what is said to come.
        var nodes: [TreeNodeKey] = []
        for _ in 0..<count {
            let (version, depth, packed) = try scaled { () throws(ScaleFault) in try fields(&reader) }
            guard depth <= NibblePath.longest else { throw .depth(depth) }
            let path = try NibblePath(packed: packed, depth: depth)
            if let last = nodes.last, path <= last.path { throw .order }
            nodes.append(TreeNodeKey(version: version, path: path))
        }
        self.nodes = nodes
    }
}

private func fields(_ reader: inout ScaleReader) throws(ScaleFault) -> (UInt64, Int, [UInt8]) {
    let version = try reader.compact()
    let depth = Int(try reader.byte())
    var packed: [UInt8] = []
    for _ in 0..<(min(depth, NibblePath.longest) + 1) / 2 { packed.append(try reader.byte()) }
    return (version, depth, packed)
}
