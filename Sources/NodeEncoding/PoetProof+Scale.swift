package import NodeDomain

extension PoetProof {
    /// Canonical bytes, without the tag of the item.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        writer.write(PoetProof.version)
        writer.writeCompact(UInt64(epoch))
        writer.writeCompact(index)
        writer.write(path)
        writer.write(root)
        writer.write(leaves)
        writer.write(nodes)
        writer.writeCompact(leafCount)
        return writer.bytes
    }

    /// What the proof's reference is the hash of: the original's encoding, where each of the 32 bytes is a slice.
    package var referenceScale: [UInt8] {
        var writer = ScaleWriter()
        writer.writeSlice(root.bytes)
        for list in [leaves, nodes] {
            writer.writeCompact(UInt64(list.count))
            for node in list { writer.writeSlice(node.bytes) }
        }
        writer.writeCompact(leafCount)
        return writer.bytes
    }

    init(from reader: inout ScaleReader) throws(ScaleFault) {
        try reader.version(PoetProof.version)
        self.init(
            epoch: try reader.compact32(), index: try reader.compact(),
            path: try reader.nodes(limit: PoetProof.mostPath), root: try reader.bytes32(),
            leaves: try reader.nodes(limit: PoetProof.shownLeaves),
            nodes: try reader.nodes(limit: PoetProof.mostNodes),
            leafCount: try reader.compact(limit: PoetProof.mostLeaves))
        guard UInt64(leaves.count) == min(leafCount, UInt64(PoetProof.shownLeaves)) else {
            throw .invalid(
                offset: reader.offset,
                what: "\(leaves.count) leaves are shown of \(leafCount): show 150, or all if they are fewer")
        }
    }
}
