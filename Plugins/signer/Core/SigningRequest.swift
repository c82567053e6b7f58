package import NodeDomain
internal import NodeEncoding

/// A proposal or a vote that somebody wants signed.
package enum SigningRequest: Hashable, Sendable {
    /// A proposal; its signature is not looked at.
    case proposal(Proposal, ChainRevision)
    /// A vote; its signature and its member are not looked at.
    case vote(Vote, ChainRevision)

    /// The last second of the year 9999, up to which such times are defined.
    private static let lastSecond: Int64 = 253_402_300_799

    /// The chain it is for.
    package var chain: ChainRevision {
        switch self {
        case .proposal(_, let chain), .vote(_, let chain): chain
        }
    }

    /// Where it stands in the order of all that is signed.
    package var point: SigningPoint {
        switch self {
        case .proposal(let proposal, _):
            SigningPoint(height: proposal.height, round: proposal.round, step: .proposal)
        case .vote(let vote, _):
            SigningPoint(height: vote.height, round: vote.round, step: SigningStep(vote.kind))
        }
    }

    /// The canonical bytes, which are made here and nowhere else.
    package var bytes: [UInt8] {
        switch self {
        case .proposal(let proposal, let chain): SignBytes.of(proposal, chain: chain.id)
        case .vote(let vote, let chain): SignBytes.of(vote, chain: chain.id)
        }
    }

    /// Why nothing of this form is ever signed; nil: its form is right.
    package var fault: SigningRefusal? {
        guard point.isValid else { return .form("heights are 1 to \(SigningPoint.highest)") }
        switch self {
        case .proposal(let proposal, _):
            if let round = proposal.polRound, round >= proposal.round {
                return .form("the polka's round \(round) must be below the proposal's, \(proposal.round)")
            }
            return Self.fault(of: proposal.target)
        case .vote(let vote, _): return vote.target.flatMap(Self.fault(of:))
        }
    }

    private static func fault(of target: VotedBlock) -> SigningRefusal? {
        if target.block.partsTotal == 0 { return .form("a block has at least one part") }
        guard (0...lastSecond).contains(target.time.seconds),
            (0...999_999_999).contains(target.time.nanoseconds)
        else { return .form("a block's time is from 1970 to 9999, with 0 to 999999999 nanoseconds") }
        return nil
    }
}
