package import NodeDomain
package import NodeEncoding

/// An epoch: it exists from the opening of the window before it, and for ever.
package struct EpochRecord: StateRecord {
    /// Height of its first block; 0 before it has one, and of epoch 0.
    package var startHeight: UInt64 = 0
    /// Time of its first block; 0 before it has one.
    package var startTime: UInt64 = 0
    /// The index: smidge for one unit, times 2⁶⁴; it begins at 0 with each epoch.
    package var accumulated: UInt128 = 0
    /// What dividing by the weight left of it.
    package var carry: UInt128 = 0
    /// W: units of all its rows.
    package var weight: UInt64 = 0
    /// C: what a PoET proves for it.
    package var challenge: Bytes32
    /// What opened its window; nil: no PoET proof is on chain.
    package var opening: EpochOpening?
    /// Smidge that went into the index.
    package var earned: UInt64 = 0
    /// Smidge of them that were paid or burnt.
    package var settled: UInt64 = 0

    /// An epoch to come, with nothing but its challenge.
    package init(challenge: Bytes32) {
        self.challenge = challenge
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        startHeight = try reader.compact()
        startTime = try reader.compact()
        accumulated = try reader.number128()
        carry = try reader.number128()
        weight = try reader.compact()
        challenge = try reader.bytes32()
        opening = try reader.option { reader throws(ScaleFault) in
            EpochOpening(post: try reader.bytes32(), height: try reader.compact())
        }
        earned = try reader.compact()
        settled = try reader.compact()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(startHeight)
        writer.writeCompact(startTime)
        writer.write(accumulated)
        writer.write(carry)
        writer.writeCompact(weight)
        writer.write(challenge)
        writer.writeOption(opening) { writer, opening in
            writer.write(opening.post)
            writer.writeCompact(opening.height)
        }
        writer.writeCompact(earned)
        writer.writeCompact(settled)
    }
}

/// How an epoch's window was opened.
package struct EpochOpening: Hashable, Sendable {
    /// The challenge of every plot in this epoch.
    package var post: Bytes32
    /// Height of the block with the PoET proof.
    package var height: UInt64

    /// An opening of these fields.
    package init(post: Bytes32, height: UInt64) {
        self.post = post
        self.height = height
    }
}
