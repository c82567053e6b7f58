internal import ConsensusCore
internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// What consensus asks of the signer, which holds the only key.
struct SignerCalls: Sendable {
    let bus: BusClient

    /// The node's consensus key; nil: the signer has none.
    func key() async throws -> Bytes32? {
        Bytes32(try await bus.call(SignerContract.keys, Spacenode_Signer_V1_KeysRequest()).operator)
    }

    /// Signs a vote or a proposal.
    /// - Throws: `BusError`: the signer is away, or refuses for ever.
    func sign(_ word: SignedWord, _ key: Bytes32, _ chain: ChainName) async throws -> SignedWord {
        switch word {
        case .vote(var vote):
            var request = Spacenode_Signer_V1_SignVoteRequest()
            request.operator = Data(key.bytes)
            request.chain = chain.wire
            request.kind = vote.kind == .prevote ? .prevote : .precommit
            request.height = vote.height
            request.round = vote.round
            if let target = vote.target { request.target = .init(target) }
            vote.signature = [UInt8](try await bus.call(SignerContract.signVote, request).signature)
            return .vote(vote)
        case .proposal(var proposal):
            var request = Spacenode_Signer_V1_SignProposalRequest()
            request.operator = Data(key.bytes)
            request.chain = chain.wire
            request.height = proposal.height
            request.round = proposal.round
            if let polRound = proposal.polRound { request.polRound = polRound }
            request.target = .init(proposal.target)
            proposal.signature = [UInt8](try await bus.call(SignerContract.signProposal, request).signature)
            return .proposal(proposal)
        }
    }

    /// The first item of a block: the proposer's part of the beacon.
    func systemRecord(_ height: UInt64, last: Bytes32, _ key: Bytes32, _ chain: ChainName) async throws
        -> [UInt8]
    {
        var request = Spacenode_Signer_V1_ProveBeaconRequest()
        request.operator = Data(key.bytes)
        request.chain = chain.name
        request.height = height
        request.last = Data(last.bytes)
        let proof = try await bus.call(SignerContract.proveBeacon, request).proof
        return BlockItem.system(SystemRecord(proof: [UInt8](proof))).bytes
    }
}

/// A chain's name and revision.
struct ChainName: Sendable {
    let name: String
    let revision: UInt32

    /// As votes name it.
    var text: String { "\(name)-\(revision)" }

    var wire: Spacenode_Signer_V1_Chain {
        var wire = Spacenode_Signer_V1_Chain()
        wire.name = name
        wire.revision = revision
        return wire
    }
}
