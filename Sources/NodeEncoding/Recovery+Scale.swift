package import NodeDomain

/// A recovery in canonical bytes: what operators agree on is their hash.
extension Recovery: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 8 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        writer.writeSlice(Array(chain.utf8))
        writer.writeCompact(height)
        writer.write(appHash)
        writer.writeCompact(UInt64(revision))
        writer.writeCompact(UInt64(seats.count))
        for seat in seats {
            writer.write(seat.operator)
            writer.write(seat.vrfKey)
            writer.writeCompact(seat.power)
        }
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or no chain can go on with them.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let name = String(decoding: try reader.slice(limit: ChainRevision.longestName), as: UTF8.self)
        self.init(
            chain: name, height: try reader.height(), appHash: try reader.bytes32(),
            revision: try reader.compact32(), seats: [])
        guard ChainRevision(name: name, revision: revision) != nil, revision > 0 else {
            throw .invalid(
                offset: reader.offset, what: "a recovery has a chain's name and a revision from 1 on")
        }
        let count = try reader.compact(limit: UInt64(MemberBitmap.mostMembers))
        for _ in 0..<count {
            let seat = RecoverySeat(
                operator: try reader.bytes32(), vrfKey: try reader.bytes32(),
                power: try reader.compact(limit: Recovery.mostPower))
            guard seat.power > 0, seats.last.map({ $0.operator < seat.operator }) ?? true else {
                throw .invalid(
                    offset: reader.offset, what: "members stand by rising keys, each with a seat or more")
            }
            seats.append(seat)
        }
        guard !seats.isEmpty else {
            throw .invalid(offset: reader.offset, what: "a chain without a committee could never go on")
        }
    }
}
