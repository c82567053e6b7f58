package import NodeDomain
package import NodeEncoding

/// What a light client needs of a block: its head, who decides on it, and their commit.
package struct LightBlock: Hashable, Sendable {
    /// The block's head.
    package var header: BlockHeader
    /// The set that decides on it.
    package var set: ValidatorSet
    /// More than two thirds of the set's precommits for it.
    package var commit: Certificate
    /// The set that decides on the next block; nil when it is the same, or nobody skips from here to yet another set.
    package var nextSet: ValidatorSet?

    /// A block of these parts.
    package init(header: BlockHeader, set: ValidatorSet, commit: Certificate, nextSet: ValidatorSet? = nil) {
        self.header = header
        self.set = set
        self.commit = commit
        self.nextSet = nextSet
    }
}

extension LightBlock: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 7 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        header.write(to: &writer)
        set.write(to: &writer)
        commit.write(to: &writer)
        writer.writeOption(nextSet) { $1.write(to: &$0) }
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            header: try BlockHeader(from: &reader), set: try ValidatorSet(from: &reader),
            commit: try Certificate(from: &reader),
            nextSet: try reader.option { reader throws(ScaleFault) in try ValidatorSet(from: &reader) })
    }
}

extension ValidatorSet {
    /// How many members there are, and of each its key and its power, in the set's order.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(count))
        for member in members {
            writer.write(member.key)
            writer.writeCompact(UInt64(member.power))
        }
    }

    /// A set from anywhere.
    ///
    /// - Throws: `ScaleFault` when the members are no set, or not in its order.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        var members: [Validator] = []
        for _ in 0..<(try reader.compact(limit: UInt64(MemberBitmap.mostMembers))) {
            let key = try reader.bytes32()
            let power = try reader.compact(limit: UInt64(ValidatorSet.mostPower))
            members.append(Validator(key: key, power: Int64(truncatingIfNeeded: power)))
        }
        do {
            try self.init(members)
        } catch {
            throw .invalid(offset: reader.offset, what: error.description)
        }
        guard self.members == members else {
            throw .invalid(
                offset: reader.offset, what: "members stand by power from the highest, then by address")
        }
    }
}
