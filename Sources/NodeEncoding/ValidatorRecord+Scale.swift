package import NodeDomain

extension ValidatorRecord {
    private var unsignedScale: [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(term)
        writer.write(`operator`)
        writer.writeSlice(peer)
        writer.writeCompact(UInt64(addresses.count))
        for address in addresses { writer.writeSlice(address) }
        writer.writeCompact(sequence)
        return writer.bytes
    }

    /// Canonical bytes.
    package var scale: [UInt8] { unsignedScale + signature }

    /// What the operator signs.
    /// - Parameter genesis: 20 bytes that keep networks apart.
    package func signedBytes(genesis: [UInt8]) -> [UInt8] { genesis + [0x52] + unsignedScale }

    /// Reads a record from anybody.
    /// - Throws: `ScaleFault` when the bytes are none in its one encoding.
    package init(bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        let term = try reader.compact()
        let `operator` = try reader.bytes32()
        let peer = try reader.slice(limit: ValidatorRecord.longestPeer)
        var addresses: [[UInt8]] = []
        for _ in 0..<(try reader.compact(limit: UInt64(ValidatorRecord.mostAddresses))) {
            addresses.append(try reader.slice(limit: ValidatorRecord.longestAddress))
        }
        self.init(
            term: term, operator: `operator`, peer: peer, addresses: addresses,
            sequence: try reader.compact(), signature: try reader.signature())
        try reader.finish()
        guard isWellFormed else {
            throw .invalid(offset: reader.offset, what: "a peer id and each address have at least one byte")
        }
    }
}
