/// What a block consists of, in this order (spec: chain, §3).
package enum BlockItem: Hashable, Sendable {
    /// 1: what the proposer adds to the beacon; the first item of each block.
    case system(SystemRecord)
    /// 2: evidence against an operator.
    case malfeasance(Malfeasance)
    /// 3: the PoET's proof of the epoch.
    case poetProof(PoetProof)
    /// 4: proofs of plots.
    case activation(Activation)
    /// 0: a transaction's bytes as they are; their first byte, its version, is the tag.
    case transaction([UInt8])

    /// The first byte.
    package var tag: UInt8 {
        switch self {
        case .transaction: 0
        case .system: 1
        case .malfeasance: 2
        case .poetProof: 3
        case .activation: 4
        }
    }
}

/// What a block's proposer adds to the beacon.
package struct SystemRecord: Hashable, Sendable {
    /// The only version there is.
    package static let version: UInt8 = 1
    /// Bytes of a proof by RFC 9381's ECVRF-EDWARDS25519-SHA512-TAI.
    package static let proofBytes = 80

    /// 80 bytes: the proof of the VRF of the block's proposer.
    package var proof: [UInt8]

    /// A record of this proof.
    package init(proof: [UInt8]) {
        self.proof = proof
    }
}
