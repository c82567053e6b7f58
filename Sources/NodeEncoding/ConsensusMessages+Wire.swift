package import NodeDomain

extension Vote: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 1 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        writer.write(kind.rawValue)
        writer.writeCompact(height)
        writer.writeCompact(UInt64(round))
        writer.writeOption(target) { $0.write($1) }
        writer.writeCompact(UInt64(member))
        writer.write(raw: signature)
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            kind: try reader.voteKind(), height: try reader.height(), round: try reader.round(),
            target: try reader.option { reader throws(ScaleFault) in try reader.target() },
            member: try reader.number32(limit: UInt32(MemberBitmap.mostMembers - 1)),
            signature: try reader.signature())
    }
}

extension ProposalMessage: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 2 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(proposal.height)
        writer.writeCompact(UInt64(proposal.round))
        writer.writeOption(proposal.polRound) { $0.writeCompact(UInt64($1)) }
        writer.write(proposal.target)
        writer.write(raw: proposal.signature)
        writer.writeOption(polka) { $1.write(to: &$0) }
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, over a limit, or the polka is not the proposal's.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let proposal = Proposal(
            height: try reader.height(), round: try reader.round(),
            polRound: try reader.option { reader throws(ScaleFault) in try reader.round() },
            target: try reader.target(), signature: try reader.signature())
        if let polRound = proposal.polRound, polRound >= proposal.round {
            throw .invalid(offset: reader.offset, what: "a polka is of a round before the proposal's")
        }
        let polka = try reader.option { reader throws(ScaleFault) in try Certificate(from: &reader) }
        self.init(proposal: proposal, polka: polka)
        if let polka, !isRestingOn(polka) {
            throw .invalid(
                offset: reader.offset, what: "the polka is not that of the proposal's block and polka round")
        }
    }

    private func isRestingOn(_ polka: Certificate) -> Bool {
        polka.kind == .prevote && polka.height == proposal.height && polka.round == proposal.polRound
            && polka.target == proposal.target
    }
}

extension Certificate: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 3 }

    /// Writes the fields behind the tag; there must be a signature of 64 bytes for each member.
    package func write(to writer: inout ScaleWriter) {
        writer.write(kind.rawValue)
        writer.writeCompact(height)
        writer.writeCompact(UInt64(round))
        writer.write(target)
        writer.write(members)
        // The bitmap says how many there are.
        for signature in signatures { writer.write(raw: signature) }
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            kind: try reader.voteKind(), height: try reader.height(), round: try reader.round(),
            target: try reader.target(), members: try reader.members(), signatures: [])
        for _ in 0..<members.members { signatures.append(try reader.signature()) }
    }
}

extension BlockPart: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 4 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(height)
        writer.writeCompact(UInt64(round))
        writer.writeCompact(UInt64(index))
        writer.writeCompact(UInt64(total))
        writer.writeSlice(bytes)
        writer.write(proof)
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, over a limit, or the part is beyond the last.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            height: try reader.height(), round: try reader.round(),
            index: try reader.number32(limit: UInt32(BlockLimit.parts - 1)),
            total: try reader.number32(limit: UInt32(BlockLimit.parts)),
            bytes: try reader.slice(limit: BlockLimit.partBytes),
            proof: try reader.nodes(limit: BlockLimit.proofHashes))
        guard index < total else {
            throw .invalid(offset: reader.offset, what: "part \(index) of \(total): parts count from 0")
        }
    }
}

extension ConsensusStatus: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 5 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(height)
        writer.writeCompact(UInt64(round))
        writer.write(step.rawValue)
        writer.write(parts)
        writer.write(prevotes)
        writer.write(precommits)
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let (height, round, number) = (try reader.height(), try reader.round(), try reader.byte())
        guard let step = SignedStep(rawValue: number) else {
            throw .invalid(
                offset: reader.offset,
                what: "there is no step \(number): 1 prevotes, 2 precommits, 32 proposes")
        }
        self.init(
            height: height, round: round, step: step, parts: try reader.members(limit: BlockLimit.parts),
            prevotes: try reader.members(), precommits: try reader.members())
    }
}
