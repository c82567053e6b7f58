package import NodeDomain

/// The bytes that a committee's members sign: CometBFT's canonical messages with their length before them.
///
/// The chain's id holds its revision (`name-revision`), so what was signed before a recovery is worth nothing after it.
package enum SignBytes {
    /// Of a vote, from its parts; `type` is the number of its kind.
    package static func vote(
        type: UInt8, height: UInt64, round: UInt32, block: BlockReference?, time: Timestamp, chain: String
    ) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.varint(1, UInt64(type))
        writer.fixed64(2, Int64(clamping: height))
        writer.fixed64(3, Int64(round))
        if let block { writer.message(4, canonical(block)) }
        writer.message(5, timestamp(time))
        writer.bytes(6, chain.utf8)
        return writer.delimited
    }

    /// Of a vote; one for no block has the time zero, so that all such votes of a round are the same bytes.
    package static func of(_ vote: Vote, chain: String) -> [UInt8] {
        SignBytes.vote(
            type: vote.kind.rawValue, height: vote.height, round: vote.round, block: vote.target?.block,
            time: vote.target?.time ?? .zero, chain: chain)
    }

    /// Of a proposal.
    package static func of(_ proposal: Proposal, chain: String) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.varint(1, UInt64(SignedStep.proposal.rawValue))
        writer.fixed64(2, Int64(clamping: proposal.height))
        writer.fixed64(3, Int64(proposal.round))
        writer.signed(4, proposal.polRound.map { Int64($0) } ?? -1)
        writer.message(5, canonical(proposal.target.block))
        writer.message(6, timestamp(proposal.target.time))
        writer.bytes(7, chain.utf8)
        return writer.delimited
    }

    /// Of one of the two signatures of evidence; nil: a proposal for no block, which nobody can sign.
    package static func of(_ signed: SignedBlock, in evidence: Malfeasance, chain: String) -> [UInt8]? {
        let time = Timestamp(
            seconds: Int64(clamping: signed.seconds), nanoseconds: Int32(clamping: signed.nanoseconds))
        guard evidence.step == .proposal else {
            return vote(
                type: evidence.step.rawValue, height: evidence.height, round: evidence.round,
                block: signed.block, time: time, chain: chain)
        }
        guard let block = signed.block else { return nil }
        return of(
            Proposal(
                height: evidence.height, round: evidence.round,
                polRound: signed.polRound == 0 ? nil : signed.polRound - 1,
                target: VotedBlock(block: block, time: time)), chain: chain)
    }

    /// `CanonicalBlockID`.
    static func canonical(_ block: BlockReference) -> [UInt8] {
        var parts = ProtobufWriter()
        parts.varint(1, UInt64(block.partsTotal))
        parts.bytes(2, block.partsHash.bytes)
        var writer = ProtobufWriter()
        writer.bytes(1, block.hash.bytes)
        writer.message(2, parts.bytes)
        return writer.bytes
    }

    /// `google.protobuf.Timestamp`.
    static func timestamp(_ time: Timestamp) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.signed(1, time.seconds)
        writer.signed(2, Int64(time.nanoseconds))
        return writer.bytes
    }
}
