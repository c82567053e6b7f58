package import NodeDomain

extension BlockItem {
    /// Tag and body: what is hashed to the item's id.
    package var bytes: [UInt8] {
        switch self {
        case .system(let record): [tag, SystemRecord.version] + record.proof
        case .malfeasance(let evidence): [tag] + evidence.scale
        case .poetProof(let proof): [tag] + proof.scale
        case .activation(let activation): [tag] + activation.scale
        case .transaction(let raw): raw
        }
    }

    /// Reads an item from anybody; a transaction is only known by its first byte.
    /// - Throws: `ScaleFault` when the bytes are no item in its one encoding.
    package init(bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        let tag = try reader.byte()
        switch tag {
        case 0:
            guard bytes.count <= largestTransaction else {
                throw .tooLarge(offset: 0, limit: UInt64(largestTransaction))
            }
            self = .transaction(bytes)
            return
        case 1:
            try reader.version(SystemRecord.version)
            self = .system(SystemRecord(proof: try reader.bytes(SystemRecord.proofBytes)))
        case 2: self = .malfeasance(try Malfeasance(from: &reader))
        case 3: self = .poetProof(try PoetProof(from: &reader))
        case 4: self = .activation(try Activation(from: &reader))
        default:
            throw .invalid(offset: 1, what: "there is no item with tag \(tag): 0 to 4 are known")
        }
        try reader.finish()
    }
}
