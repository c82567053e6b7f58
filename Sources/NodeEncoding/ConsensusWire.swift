package import NodeDomain

/// What consensus sends and stores, in bytes of our own: a tag, then the fields in SCALE.
///
/// Each value has one form and each form one value: what is read is written alike, byte for byte.
package protocol ConsensusWire {
    /// The first byte.
    static var wireTag: UInt8 { get }
    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    init(from reader: inout ScaleReader) throws(ScaleFault)
    /// Writes the fields behind the tag.
    func write(to writer: inout ScaleWriter)
}

extension ConsensusWire {
    /// Tag and fields.
    package var wire: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Self.wireTag)
        write(to: &writer)
        return writer.bytes
    }

    /// A value from anywhere.
    ///
    /// - Throws: `ScaleFault` for anything that `wire` does not give for some value.
    package init(wire bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        let tag = try reader.byte()
        guard tag == Self.wireTag else {
            throw .invalid(offset: 1, what: "its tag is \(tag), where \(Self.wireTag) is meant")
        }
        try self.init(from: &reader)
        try reader.finish()
    }
}

/// What members of a committee send each other.
package enum ConsensusMessage: Hashable, Sendable {
    /// A vote.
    case vote(Vote)
    /// A proposal with its polka.
    case proposal(ProposalMessage)
    /// A polka or a commit.
    case certificate(Certificate)
    /// A part of a proposed block.
    case part(BlockPart)
    /// Where a peer stands.
    case status(ConsensusStatus)

    /// Tag and fields.
    package var wire: [UInt8] {
        switch self {
        case .vote(let vote): vote.wire
        case .proposal(let proposal): proposal.wire
        case .certificate(let certificate): certificate.wire
        case .part(let part): part.wire
        case .status(let status): status.wire
        }
    }

    /// A message from anywhere.
    ///
    /// - Throws: `ScaleFault` for anything that `wire` does not give for some message.
    package init(wire bytes: [UInt8]) throws(ScaleFault) {
        switch bytes.first {
        case Vote.wireTag: self = .vote(try Vote(wire: bytes))
        case ProposalMessage.wireTag: self = .proposal(try ProposalMessage(wire: bytes))
        case Certificate.wireTag: self = .certificate(try Certificate(wire: bytes))
        case BlockPart.wireTag: self = .part(try BlockPart(wire: bytes))
        case ConsensusStatus.wireTag: self = .status(try ConsensusStatus(wire: bytes))
        case .some(let tag): throw .invalid(offset: 1, what: "there is no message with tag \(tag)")
        case nil: throw .ended(offset: 0, needed: 1)
        }
    }
}

// MARK: - Pieces

extension ScaleWriter {
    mutating func write(_ time: Timestamp) {
        writeCompact(UInt64(bitPattern: time.seconds))
        writeCompact(UInt64(UInt32(bitPattern: time.nanoseconds)))
    }

    mutating func write(_ block: BlockReference) {
        write(block.hash)
        writeCompact(UInt64(block.partsTotal))
        write(block.partsHash)
    }

    mutating func write(_ target: VotedBlock) {
        write(target.block)
        write(target.time)
    }

    mutating func write(_ members: MemberBitmap) {
        writeCompact(UInt64(members.count))
        write(raw: members.bytes)
    }
}

extension ScaleReader {
    mutating func height() throws(ScaleFault) -> UInt64 { try compact(limit: BlockLimit.height) }

    mutating func round() throws(ScaleFault) -> UInt32 { try number32(limit: BlockLimit.round) }

    mutating func number32(limit: UInt32) throws(ScaleFault) -> UInt32 {
        UInt32(truncatingIfNeeded: try compact(limit: UInt64(limit)))
    }

    mutating func voteKind() throws(ScaleFault) -> VoteKind {
        let number = try byte()
        guard let kind = VoteKind(rawValue: number) else {
            throw .invalid(offset: offset, what: "there is no vote \(number): 1 prevotes, 2 precommits")
        }
        return kind
    }

    mutating func time() throws(ScaleFault) -> Timestamp {
        let seconds = try compact(limit: UInt64(Timestamp.mostSeconds))
        let nanoseconds = try compact(limit: UInt64(Timestamp.mostNanoseconds))
        return Timestamp(
            seconds: Int64(truncatingIfNeeded: seconds), nanoseconds: Int32(truncatingIfNeeded: nanoseconds))
    }

    mutating func block() throws(ScaleFault) -> BlockReference {
        let block = BlockReference(
            hash: try bytes32(), partsTotal: try number32(limit: UInt32(BlockLimit.parts)),
            partsHash: try bytes32())
        guard block.partsTotal > 0 else { throw .invalid(offset: offset, what: "a block has a part or more") }
        return block
    }

    mutating func target() throws(ScaleFault) -> VotedBlock {
        VotedBlock(block: try block(), time: try time())
    }

    mutating func members(limit: Int = MemberBitmap.mostMembers) throws(ScaleFault) -> MemberBitmap {
        let count = Int(truncatingIfNeeded: try compact(limit: UInt64(limit)))
        guard let members = MemberBitmap(count: count, bytes: try bytes((count + 7) / 8)) else {
            throw .invalid(offset: offset, what: "bits beyond the last member are set: they must be 0")
        }
        return members
    }
}
