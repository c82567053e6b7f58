extension Identify {
    /// The message, without its length.
    package var bytes: [UInt8] {
        var writer = FieldWriter()
        if let peer { writer.bytes(1, peer.keyMessage) }
        for address in listenAddresses { writer.bytes(2, address.bytes) }
        for name in protocols { writer.text(3, name) }
        if let observedAddress { writer.bytes(4, observedAddress.bytes) }
        writer.text(5, protocolVersion)
        writer.text(6, agentVersion)
        if let signedPeerRecord { writer.bytes(8, signedPeerRecord) }
        return writer.bytes
    }

    /// Reads a message, without its length.
    ///
    /// Fields that are not known, addresses of kinds that are not taken, and what is over the limits of a list are
    /// passed over.
    /// - Throws: `WireFault` when it is no such message, over 8 KiB, or of a key that is not taken.
    package init(bytes: [UInt8]) throws(WireFault) {
        self.init()
        guard bytes.count <= Self.largest else {
            throw .tooLarge(UInt64(bytes.count), limit: Self.largest)
        }
        var reader = FieldReader(bytes, fields: 1_024)
        while let field = try reader.next() { try take(field) }
    }

    private mutating func take(_ field: WireField) throws(WireFault) {
        switch field.number {
        case 1:
            guard let key = try? PeerID(keyMessage: try field.slice(limit: Self.largest)) else {
                throw .invalid(offset: field.offset, what: "the key is not one of Ed25519")
            }
            peer = key
        case 2:
            let bytes = try field.slice(limit: Self.largest)
            if listenAddresses.count < Self.mostAddresses, let address = try? Multiaddress(bytes: bytes) {
                listenAddresses.append(address)
            }
        case 3:
            let name = try field.text(limit: Self.longestText)
            if protocols.count < Self.mostProtocols { protocols.append(name) }
        case 4: observedAddress = try? Multiaddress(bytes: try field.slice(limit: Self.largest))
        case 5: protocolVersion = try field.text(limit: Self.longestText)
        case 6: agentVersion = try field.text(limit: Self.longestText)
        case 8: signedPeerRecord = try field.bytes(limit: Self.largest)
        default: break
        }
    }
}
