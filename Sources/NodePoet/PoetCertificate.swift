internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// A certifier's word that somebody has space, which the original's servers take instead of work.
package struct PoetCertificate: Hashable, Sendable {
    /// Whose it is.
    package let node: Bytes32
    /// Unix seconds of its end; nil: none.
    package let expiry: UInt64?

    /// A certificate.
    package init(node: Bytes32, expiry: UInt64?) {
        self.node = node
        self.expiry = expiry
    }

    /// Reads the original's bytes.
    ///
    /// - Throws: `ScaleFault` when they are none.
    package init(scale: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(scale)
        let bytes = try reader.slice(limit: Bytes32.count)
        guard let node = Bytes32(bytes) else {
            throw .invalid(offset: reader.offset, what: "a public key has 32 bytes, not \(bytes.count)")
        }
        let expiry = try reader.option { (reader: inout ScaleReader) throws(ScaleFault) in
            try reader.compact()
        }
        try reader.finish()
        self.init(node: node, expiry: expiry)
    }

    /// The original's bytes, which are signed.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        writer.writeSlice(node.bytes)
        writer.writeOption(expiry) { $0.writeCompact($1) }
        return writer.bytes
    }

    /// Whether some bytes are a certifier's certificate for a node at a time, in Unix seconds.
    package static func holds(
        _ scale: [UInt8], signature: [UInt8], certifier: Bytes32, node: Bytes32, at seconds: UInt64
    ) -> Bool {
        guard let certificate = try? PoetCertificate(scale: scale), certificate.node == node,
            seconds <= certificate.expiry ?? .max
        else { return false }
        return Ed25519.verify(signature, of: scale, by: certifier)
    }
}
