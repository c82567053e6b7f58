internal import NodeDomain
package import NodeEncoding

/// A record of the log in bytes: its moment, then what happened.
extension ConsensusRecord: ConsensusWire {
    package static var wireTag: UInt8 { 0x40 }

    private enum Kind: UInt8 {
        case message, begin, round, gossip, body, noBody, judged, signed, refused, decided
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(now)
        switch event {
        case .message(let message, let peer):
            writer.write(Kind.message.rawValue)
            writer.writeCompact(peer)
            writer.writeSlice(message.wire)
        case .timeout(.begin): writer.write(Kind.begin.rawValue)
        case .timeout(.gossip): writer.write(Kind.gossip.rawValue)
        case .timeout(.round(let timer, let round)):
            writer.write(Kind.round.rawValue)
            writer.write(timer.rawValue)
            writer.writeCompact(UInt64(round))
        case .prepared(let round, let body):
            writer.write((body == nil ? Kind.noBody : Kind.body).rawValue)
            writer.writeCompact(UInt64(round))
            if let body { write(body, to: &writer) }
        case .judged(let reference, let isAccepted):
            writer.write(Kind.judged.rawValue)
            writer.write(reference.hash)
            writer.writeCompact(UInt64(reference.partsTotal))
            writer.write(reference.partsHash)
            writer.write(isAccepted ? 1 : 0)
        case .signed(let word):
            writer.write(Kind.signed.rawValue)
            writer.writeSlice(word.message.wire)
        case .refused(let word):
            writer.write(Kind.refused.rawValue)
            writer.writeSlice(word.message.wire)
        case .decided(let block, let commit, let peer):
            writer.write(Kind.decided.rawValue)
            writer.writeCompact(peer)
            writer.writeSlice(block.wire)
            writer.writeSlice(commit.wire)
        }
    }

    private func write(_ body: ProposalBody, to writer: inout ScaleWriter) {
        for part in [body.items, body.transactions] {
            writer.writeCompact(UInt64(part.count))
            for piece in part { writer.writeSlice(piece) }
        }
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        now = try reader.compact()
        let number = try reader.byte()
        guard let kind = Kind(rawValue: number) else {
            throw .invalid(offset: 1, what: "there is no event \(number)")
        }
        event = try Self.event(kind, &reader)
    }

    private static func event(_ kind: Kind, _ reader: inout ScaleReader) throws(ScaleFault) -> ConsensusEvent
    {
        switch kind {
        case .message:
            let peer = try reader.compact()
            return .message(
                try ConsensusMessage(wire: try reader.slice(limit: ConsensusLog.largestMessage)), from: peer)
        case .begin: return .timeout(.begin)
        case .gossip: return .timeout(.gossip)
        case .round:
            let number = try reader.byte()
            guard let timer = RoundTimer(rawValue: number) else {
                throw .invalid(offset: 2, what: "there is no timer \(number)")
            }
            return .timeout(.round(timer, try reader.compact32()))
        case .noBody: return .prepared(round: try reader.compact32(), nil)
        case .body:
            let round = try reader.compact32()
            let items = try pieces(BlockLimit.items, &reader)
            return .prepared(
                round: round,
                ProposalBody(items: items, transactions: try pieces(BlockLimit.transactions, &reader)))
        case .judged:
            let reference = BlockReference(
                hash: try reader.bytes32(), partsTotal: try reader.compact32(),
                partsHash: try reader.bytes32())
            let flag = try reader.byte()
            guard flag <= 1 else { throw .invalid(offset: 1, what: "a block is accepted or not: 1 or 0") }
            return .judged(reference, isAccepted: flag == 1)
        case .signed: return .signed(try SignedWord(&reader))
        case .refused: return .refused(try SignedWord(&reader))
        case .decided:
            let peer = try reader.compact()
            let block = try Block(wire: try reader.slice(limit: BlockLimit.bytes))
            return .decided(
                block, try Certificate(wire: try reader.slice(limit: ConsensusLog.largestMessage)), from: peer
            )
        }
    }

    private static func pieces(_ most: Int, _ reader: inout ScaleReader) throws(ScaleFault) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        for _ in 0..<(try reader.compact(limit: UInt64(most))) {
            pieces.append(try reader.slice(limit: BlockLimit.bodyBytes))
        }
        return pieces
    }
}

extension SignedWord {
    /// As it travels.
    package var message: ConsensusMessage {
        switch self {
        case .vote(let vote): .vote(vote)
        case .proposal(let proposal): .proposal(ProposalMessage(proposal: proposal, polka: nil))
        }
    }

    fileprivate init(_ reader: inout ScaleReader) throws(ScaleFault) {
        switch try ConsensusMessage(wire: try reader.slice(limit: ConsensusLog.largestMessage)) {
        case .vote(let vote): self = .vote(vote)
        case .proposal(let message): self = .proposal(message.proposal)
        default: throw .invalid(offset: 1, what: "only votes and proposals are signed")
        }
    }
}
