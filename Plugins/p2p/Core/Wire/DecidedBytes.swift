/// A decided block and what decided it, in bytes: as a direct message, and as one thing of an answer.
package struct DecidedBytes: Hashable, Sendable {
    /// Its height.
    package var height: UInt64
    /// The block.
    package var block: [UInt8]
    /// The certificate.
    package var certificate: [UInt8]

    /// Of these.
    package init(height: UInt64, block: [UInt8], certificate: [UInt8]) {
        self.height = height
        self.block = block
        self.certificate = certificate
    }

    /// The bytes, without a length.
    package var bytes: [UInt8] {
        var writer = FieldWriter()
        writer.number(1, height)
        writer.bytes(2, block)
        writer.bytes(3, certificate)
        return writer.bytes
    }

    /// What a stranger sent, without its length; what block and certificate hold is not looked at.
    ///
    /// - Throws: `WireFault` when one of the three is not there, there twice, or over `DirectLimit.message`.
    package init(bytes: some Collection<UInt8>) throws(WireFault) {
        var reader = FieldReader(Array(bytes), fields: 3)
        var (height, block, certificate): (UInt64?, [UInt8]?, [UInt8]?) = (nil, nil, nil)
        while let field = try reader.next() {
            switch field.number {
            case 1 where height == nil: height = try field.integer()
            case 2 where block == nil: block = try field.bytes(limit: DirectLimit.message)
            case 3 where certificate == nil: certificate = try field.bytes(limit: DirectLimit.message)
            default:
                throw .invalid(offset: field.offset, what: "field \(field.number) is unknown, or there twice")
            }
        }
        guard let height, let block, let certificate else {
            throw .invalid(offset: 0, what: "a decided block has a height, a block and a certificate")
        }
        self.init(height: height, block: block, certificate: certificate)
    }
}
