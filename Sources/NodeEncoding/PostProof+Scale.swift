package import NodeDomain

extension PostProof {
    /// Canonical bytes: compact nonce, indices as a slice, compact pow.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the three fields as part of a larger value.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(nonce))
        writer.writeSlice(indices)
        writer.writeCompact(pow)
    }

    /// Reads the three fields as part of a larger value.
    ///
    /// - Throws: `ScaleFault` when the bytes are not canonical or the indices take more than 800 bytes.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            nonce: try reader.compact32(), indices: try reader.slice(limit: PostProof.largestIndices),
            pow: try reader.compact())
    }

    /// Reads a proof that stands alone.
    ///
    /// - Throws: `ScaleFault` as above, and when bytes are left.
    package init(scale bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        try self.init(from: &reader)
        try reader.finish()
    }
}
