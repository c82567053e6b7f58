internal import Foundation
internal import NodeDomain
internal import NodeProtocol
internal import SignerCore

/// Thirty-two bytes of a request.
/// - Throws: `SigningRefusal.form` that names the field.
func bytes32(_ bytes: Data, _ name: String = "operator") throws(SigningRefusal) -> Bytes32 {
    guard let value = Bytes32(bytes) else {
        throw .form("`\(name)` has \(bytes.count) bytes, not \(Bytes32.count)")
    }
    return value
}

extension Spacenode_Signer_V1_Chain {
    fileprivate var value: ChainRevision {
        get throws(SigningRefusal) {
            guard let chain = ChainRevision(name: name, revision: revision) else {
                throw .form("a chain's name has 1 to \(ChainRevision.longestName) bytes of printable ASCII")
            }
            return chain
        }
    }
}

extension Spacenode_Signer_V1_Target {
    fileprivate var value: VotedBlock {
        get throws(SigningRefusal) {
            VotedBlock(
                block: BlockReference(
                    hash: try bytes32(hash, "hash"), partsTotal: partsTotal,
                    partsHash: try bytes32(partsHash, "parts_hash")),
                time: Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        }
    }
}

extension Spacenode_Signer_V1_SignProposalRequest {
    /// What is to be signed.
    var signing: SigningRequest {
        get throws(SigningRefusal) {
            guard hasTarget else { throw .form("a proposal has a `target`") }
            return .proposal(
                Proposal(
                    height: height, round: round, polRound: hasPolRound ? polRound : nil,
                    target: try target.value), try chain.value)
        }
    }
}

extension Spacenode_Signer_V1_SignVoteRequest {
    /// What is to be signed.
    var signing: SigningRequest {
        get throws(SigningRefusal) {
            let step: VoteKind
            switch kind {
            case .prevote: step = .prevote
            case .precommit: step = .precommit
            case .unspecified, .UNRECOGNIZED: throw .form("`kind` is 1 for a prevote, 2 for a precommit")
            }
            let voted = try hasTarget ? target.value : nil
            // The member's place is not part of what is signed.
            return .vote(
                Vote(kind: step, height: height, round: round, target: voted, member: 0), try chain.value)
        }
    }
}

extension Spacenode_Signer_V1_PlotProof {
    /// As it stands in an activation.
    var value: PlotProof {
        get throws(SigningRefusal) {
            PlotProof(
                identity: try bytes32(identity, "identity"), units: units,
                proof: PostProof(nonce: nonce, indices: [UInt8](indices), pow: pow),
                binding: try hasBinding ? binding.value : nil)
        }
    }
}

extension Spacenode_Signer_V1_PlotBinding {
    fileprivate var value: PlotBinding {
        get throws(SigningRefusal) {
            PlotBinding(
                commitmentATX: try bytes32(commitmentAtx, "commitment_atx"), coinbase: try address(coinbase),
                signature: [UInt8](signature))
        }
    }
}

extension Spacenode_Signer_V1_SignBindingRequest {
    /// What is to be signed.
    func payload(_ identity: Bytes32) throws(SigningRefusal) -> OperatorPayload {
        .binding(
            PlotBinding(
                commitmentATX: try bytes32(commitmentAtx, "commitment_atx"), coinbase: try address(coinbase),
                signature: []), epoch: epoch, identity: identity, operator: try bytes32(`operator`))
    }
}

private func address(_ bytes: Data) throws(SigningRefusal) -> Address {
    guard let address = Address(bytes) else {
        throw .form("`coinbase` has \(bytes.count) bytes, not \(Address.count)")
    }
    return address
}
