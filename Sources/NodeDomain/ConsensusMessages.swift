/// A proposal on its way, with the polka that it rests on.
package struct ProposalMessage: Hashable, Sendable {
    /// The proposal.
    package var proposal: Proposal
    /// Its polka, when it has one: prevotes of its `polRound` for its block.
    package var polka: Certificate?

    /// A proposal and its polka.
    package init(proposal: Proposal, polka: Certificate?) {
        self.proposal = proposal
        self.polka = polka
    }
}

/// A part of a proposed block.
package struct BlockPart: Hashable, Sendable {
    /// At which height.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// Its place, which is also the place that its proof is for.
    package var index: UInt32
    /// How many parts there are.
    package var total: UInt32
    /// What it holds.
    package var bytes: [UInt8]
    /// RFC 6962: the hashes beside the way to the root over the parts, from the part up.
    package var proof: [Bytes32]

    /// A part of these fields.
    package init(
        height: UInt64, round: UInt32, index: UInt32, total: UInt32, bytes: [UInt8], proof: [Bytes32]
    ) {
        self.height = height
        self.round = round
        self.index = index
        self.total = total
        self.bytes = bytes
        self.proof = proof
    }
}

/// Where a peer says it stands: a hint for what to send it, never trusted.
package struct ConsensusStatus: Hashable, Sendable {
    /// The height it works on.
    package var height: UInt64
    /// In which round.
    package var round: UInt32
    /// What it does next there.
    package var step: SignedStep
    /// Parts of the round's block that it has; no places when it does not know how many there are.
    package var parts: MemberBitmap
    /// Prevotes of the round that it has.
    package var prevotes: MemberBitmap
    /// Precommits of the round that it has.
    package var precommits: MemberBitmap

    /// A status of these fields.
    package init(
        height: UInt64, round: UInt32, step: SignedStep, parts: MemberBitmap, prevotes: MemberBitmap,
        precommits: MemberBitmap
    ) {
        self.height = height
        self.round = round
        self.step = step
        self.parts = parts
        self.prevotes = prevotes
        self.precommits = precommits
    }
}
