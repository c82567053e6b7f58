internal import NodeDomain
internal import NodeEncoding

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
        for (place, sibling) in siblings.enumerated() where sibling != TreeHash.empty {
            bits[place / 8] |= 1 << UInt8(place % 8)
        }
        for byte in bits { writer.write(byte) }
        for sibling in siblings where sibling != TreeHash.empty { writer.write(sibling) }
        if case .other(let key, let valueHash) = end {
            writer.write(key)
            writer.write(valueHash)
        }
        return writer.bytes
    }

    /// A proof from anywhere.
    ///
    /// - Throws: `TreeNodeFault` for anything that `scale` does not give for the proof of some tree.
    package init(scale bytes: [UInt8]) throws(TreeNodeFault) {
        self = try decoding(bytes) { reader throws(TreeNodeFault) in try StateProof(&reader) }
    }

    private init(_ reader: inout ScaleReader) throws(TreeNodeFault) {
        let kind = try scaled { () throws(ScaleFault) in try reader.byte() }
        guard kind <= EndKind.nothing else { throw .kind(kind) }
        let siblings = try readSiblings(&reader)
        switch kind {
        case EndKind.record: self.init(siblings: siblings, end: .record)
        case EndKind.nothing: self.init(siblings: siblings, end: .nothing)
        default:
            let (key, valueHash) = try scaled { () throws(ScaleFault) in
                (try reader.bytes32(), try reader.bytes32())
            }
            self.init(siblings: siblings, end: .other(key: key, valueHash: valueHash))
        }
    }
}

private func readSiblings(_ reader: inout ScaleReader) throws(TreeNodeFault) -> [Bytes32] {
    let (count, bits) = try scaled { () throws(ScaleFault) in
        let count = Int(try reader.compact(limit: UInt64(StateProof.siblingLimit)))
        var bits: [UInt8] = []
        for _ in 0..<(count + 7) / 8 { bits.append(try reader.byte()) }
        return (count, bits)
    }
    func isSet(_ place: Int) -> Bool { bits[place / 8] & 1 << UInt8(place % 8) != 0 }
    guard (count..<8 * bits.count).allSatisfy({ !isSet($0) }) else { throw .padding }
    // A way that goes one level further than it must has nothing beside its end.
    guard count == 0 || isSet(count - 1) else { throw .children }
    var siblings: [Bytes32] = []
    for place in 0..<count {
        guard isSet(place) else {
            siblings.append(TreeHash.empty)
            continue
        }
        let sibling = try scaled { () throws(ScaleFault) in try reader.bytes32() }
        guard sibling != TreeHash.empty else { throw .emptyHash }
        siblings.append(sibling)
    }
    return siblings
}
