package import NodeDomain
internal import NodeEncoding

/// What a signer signs besides votes and proposals; there is nothing else.
package enum OperatorPayload: Hashable, Sendable {
    /// An activation, by the consensus key; its operator and signature are not looked at.
    case activation(Activation)
    /// The binding of a plot, by the plot's own key.
    case binding(PlotBinding, epoch: UInt32, identity: Bytes32, operator: Bytes32)
    /// A registration of an epoch's challenge at a PoET, by the consensus key.
    case registration(challenge: Bytes32)
    /// Where a member is reached, by the consensus key.
    case validator(ValidatorRecord)

    /// Bytes that keep networks apart.
    package static let genesisBytes = 20

    /// The canonical bytes, which are made here and nowhere else.
    /// - Throws: `SigningRefusal` when its form is wrong.
    package func bytes(genesis: [UInt8]) throws(SigningRefusal) -> [UInt8] {
        guard genesis.count == Self.genesisBytes else {
            throw .form("a genesis id has \(Self.genesisBytes) bytes, not \(genesis.count)")
        }
        if let fault { throw fault }
        let bytes =
            switch self {
            case .activation(let activation): activation.signedBytes(genesis: genesis)
            case .binding(let binding, let epoch, let identity, let `operator`):
                binding.signedBytes(
                    genesis: genesis, epoch: epoch, identity: identity, operator: `operator`)
            case .registration(let challenge):
                OperatorBytes.registration(challenge: challenge, genesis: genesis)
            case .validator(let record): record.signedBytes(genesis: genesis)
            }
        // The genesis id comes with the request, and stands where a vote has its length and kind.
        guard !Self.beginsAsVote(bytes) else {
            throw .form("with this genesis id the bytes could be taken for those of a vote")
        }
        return bytes
    }

    private var fault: SigningRefusal? {
        switch self {
        case .activation(let activation): Self.fault(of: activation)
        case .validator(let record):
            record.isWellFormed
                ? nil
                : .form(
                    "a peer id has 1 to \(ValidatorRecord.longestPeer) bytes, and there are at most \(ValidatorRecord.mostAddresses) addresses of 1 to \(ValidatorRecord.longestAddress) bytes"
                )
        case .binding, .registration: nil
        }
    }

    private static func fault(of activation: Activation) -> SigningRefusal? {
        guard activation.plots.count <= Activation.mostPlots else {
            return .form("an activation has at most \(Activation.mostPlots) plots")
        }
        let rises = zip(activation.plots, activation.plots.dropFirst()).allSatisfy {
            $0.identity < $1.identity
        }
        guard rises else { return .form("identities of plots must rise, each once") }
        let whole = activation.plots.allSatisfy { ($0.binding?.signature.count ?? 64) == 64 }
        return whole ? nil : .form("a binding's signature has 64 bytes: sign it first")
    }

    /// Whether bytes are one message behind its length whose first field is a kind: so canonical votes and proposals begin.
    private static func beginsAsVote(_ bytes: [UInt8]) -> Bool {
        var length: UInt64 = 0
        for (place, byte) in bytes.prefix(9).enumerated() {
            length |= UInt64(byte & 0x7f) << UInt64(7 * place)
            guard byte & 0x80 == 0 else { continue }
            return length == UInt64(bytes.count - place - 1) && bytes.dropFirst(place + 1).first == 0x08
        }
        return false
    }
}
