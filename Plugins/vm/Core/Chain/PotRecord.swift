package import NodeDomain
package import NodeEncoding

/// Where the chain stands and its sums: with the other records it is all that execution needs to go on.
package struct PotRecord: StateRecord {
    /// Height of the last block; 0: genesis.
    package var height: UInt64 = 0
    /// Its time.
    package var time: UInt64 = 0
    /// The last layer that has a block; nil: none has.
    package var layer: UInt64?
    /// The epoch of the last block.
    package var epoch: UInt32 = 0
    /// R of the last block.
    package var beacon: Bytes32
    /// The epoch of the last height that ends a term: the next draw is from its frozen set.
    package var drawEpoch: UInt32 = 0
    /// Parts of subsidies that wait for the end of the term.
    package var seatPot: UInt64 = 0
    /// Commits of the current term that were seen.
    package var commits: UInt64 = 0
    /// How many of them each member of the term's committee signed.
    package var presence: [UInt32] = []
    /// What all accounts held at genesis.
    package var genesis: UInt64 = 0
    /// Minted since.
    package var minted: UInt64 = 0
    /// Burnt since.
    package var burnt: UInt64 = 0
    /// The oldest epoch that has rows which are not paid, or not yet due.
    package var dueEpoch: UInt32 = 0
    /// How far rows that do not vote are paid: they are due before the others.
    package var early = RowCursor()
    /// The oldest epoch whose lapsed plots are not all dropped.
    package var expiryEpoch: UInt32 = 0
    /// The oldest term whose committee is kept.
    package var oldestTerm: UInt32 = 0
    /// The oldest epoch whose frozen set is kept.
    package var oldestFrozen: UInt32 = 0

    /// Genesis, with nothing in it.
    package init(beacon: Bytes32) {
        self.beacon = beacon
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        height = try reader.compact()
        time = try reader.compact()
        layer = try reader.option { reader throws(ScaleFault) in try reader.compact() }
        epoch = try reader.compact32()
        beacon = try reader.bytes32()
        drawEpoch = try reader.compact32()
        seatPot = try reader.compact()
        commits = try reader.compact()
        for _ in 0..<(try reader.compact(limit: UInt64(FrozenRecord.most))) {
            presence.append(try reader.compact32())
        }
        genesis = try reader.compact()
        minted = try reader.compact()
        burnt = try reader.compact()
        dueEpoch = try reader.compact32()
        early = RowCursor(
            epoch: try reader.compact32(),
            after: try reader.option { reader throws(ScaleFault) in try reader.bytes32() })
        expiryEpoch = try reader.compact32()
        oldestTerm = try reader.compact32()
        oldestFrozen = try reader.compact32()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(height)
        writer.writeCompact(time)
        writer.writeOption(layer) { writer, layer in writer.writeCompact(layer) }
        writer.writeCompact(UInt64(epoch))
        writer.write(beacon)
        writer.writeCompact(UInt64(drawEpoch))
        writer.writeCompact(seatPot)
        writer.writeCompact(commits)
        writer.writeCompact(UInt64(presence.count))
        for count in presence { writer.writeCompact(UInt64(count)) }
        writer.writeCompact(genesis)
        writer.writeCompact(minted)
        writer.writeCompact(burnt)
        writer.writeCompact(UInt64(dueEpoch))
        writer.writeCompact(UInt64(early.epoch))
        writer.writeOption(early.after) { writer, plot in writer.write(plot) }
        writer.writeCompact(UInt64(expiryEpoch))
        writer.writeCompact(UInt64(oldestTerm))
        writer.writeCompact(UInt64(oldestFrozen))
    }
}

/// A place among the rows of an epoch.
package struct RowCursor: Hashable, Sendable {
    /// The epoch.
    package var epoch: UInt32
    /// The last plot that is done; nil: none is.
    package var after: Bytes32?

    /// A place; without arguments before all rows.
    package init(epoch: UInt32 = 0, after: Bytes32? = nil) {
        self.epoch = epoch
        self.after = after
    }
}
