package import NodeDomain

private enum EndKind {
    static let record: UInt8 = 0
    static let other: UInt8 = 1
    static let nothing: UInt8 = 2
}

extension StateProof {
    /// Most bytes of a proof: kind, count, bits, all siblings, and another record.
    package static let byteLimit = 1 + 2 + siblingLimit / 8 + (siblingLimit + 2) * Bytes32.count

    /// The proof's bytes.
    ///
    /// The end's kind; the number of levels as a compact integer; a bit for each level that has a sibling, the first in
    /// the lowest place; the siblings; and key and value hash of another record where the way ends at one.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        switch end {
        case .record: writer.write(EndKind.record)
        case .other: writer.write(EndKind.other)
        case .nothing: writer.write(EndKind.nothing)
        }
        writer.writeCompact(UInt64(siblings.count))
        var bits = [UInt8](repeating: 0, count: (siblings.count + 7) / 8)
        for (place, sibling) in siblings.enumerated() where sibling != StateProof.emptyHash {
            bits[place / 8] |= 1 << UInt8(place % 8)
        }
        for byte in bits { writer.write(byte) }
        for sibling in siblings where sibling != StateProof.emptyHash { writer.write(sibling) }
        if case .other(let key, let valueHash) = end {
            writer.write(key)
            writer.write(valueHash)
        }
        return writer.bytes
    }

    /// A proof from anywhere.
    ///
    /// - Throws: `ScaleFault` for anything that `scale` does not give for the proof of some tree.
    package init(scale bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        try self.init(&reader)
        try reader.finish()
    }

    private init(_ reader: inout ScaleReader) throws(ScaleFault) {
        let kind = try reader.byte()
        guard kind <= EndKind.nothing else {
            throw .invalid(
                offset: reader.offset, what: "there is no end \(kind): 0 record, 1 another, 2 nothing")
        }
        let siblings = try readSiblings(&reader)
        switch kind {
        case EndKind.record: self.init(siblings: siblings, end: .record)
        case EndKind.nothing: self.init(siblings: siblings, end: .nothing)
        default:
            let (key, valueHash) = (try reader.bytes32(), try reader.bytes32())
            self.init(siblings: siblings, end: .other(key: key, valueHash: valueHash))
        }
    }
}

private func readSiblings(_ reader: inout ScaleReader) throws(ScaleFault) -> [Bytes32] {
    let count = Int(try reader.compact(limit: UInt64(StateProof.siblingLimit)))
    let bits = try reader.bytes((count + 7) / 8)
    func isSet(_ place: Int) -> Bool { bits[place / 8] & 1 << UInt8(place % 8) != 0 }
    guard (count..<8 * bits.count).allSatisfy({ !isSet($0) }) else {
        throw .invalid(offset: reader.offset, what: "bits beyond the last level are set: they must be 0")
    }
    // A way that goes one level further than it must has nothing beside its end.
    guard count == 0 || isSet(count - 1) else {
        throw .invalid(offset: reader.offset, what: "the last level has nothing beside the way: leave it out")
    }
    var siblings: [Bytes32] = []
    for place in 0..<count {
        guard isSet(place) else {
            siblings.append(StateProof.emptyHash)
            continue
        }
        let sibling = try reader.bytes32()
        guard sibling != StateProof.emptyHash else {
            throw .invalid(offset: reader.offset, what: "the hash of nothing stands where something is")
        }
        siblings.append(sibling)
    }
    return siblings
}
