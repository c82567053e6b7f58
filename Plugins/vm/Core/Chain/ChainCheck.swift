package import NodeDomain

/// What somebody else must find true before a block, or an activation, is good.
///
/// The core looks at values only. It applies an item as if its checks held; whoever asked drops the result if one fails.
package enum ChainCheck: Hashable, Sendable {
    /// The proof of the beacon is of this VRF key; its output is given to the block's end.
    case beacon(key: Bytes32, alpha: [UInt8], proof: [UInt8])
    /// A VRF key is a point, and not of small order.
    case vrfKey(Bytes32)
    /// An Ed25519 signature: of a plot's binding, or, without a plot, the operator's.
    case signature(SignatureCheck, plot: Bytes32?)
    /// Proof of work and all labels of a plot's proof.
    case space(SpaceCheck)
    /// Sequential work.
    case work(WorkCheck)
    /// Both signatures of evidence, over the canonical bytes of its height's chain id and revision.
    case misbehaviour(Malfeasance, chain: String)

    /// Whether it may be left out for a block that a committee has certified.
    package var isOfSpace: Bool {
        if case .space = self { return true }
        return false
    }
}

/// A proof of space and what it is of.
package struct SpaceCheck: Hashable, Sendable {
    /// The challenge of every plot of the epoch.
    package let challenge: Bytes32
    /// The plot.
    package let identity: Bytes32
    /// What its data is made with, together with the identity.
    package let commitmentATX: Bytes32
    /// How large it is.
    package let units: UInt32
    /// The proof, whose form is right.
    package let proof: PostProof

    /// A proof of a plot in an epoch.
    package init(
        challenge: Bytes32, identity: Bytes32, commitmentATX: Bytes32, units: UInt32, proof: PostProof
    ) {
        self.challenge = challenge
        self.identity = identity
        self.commitmentATX = commitmentATX
        self.units = units
        self.proof = proof
    }
}

/// A proof of sequential work and what it is of.
package struct WorkCheck: Hashable, Sendable {
    /// Root of the PoET's members, which the leaves are made with.
    package let statement: Bytes32
    /// Root, leaves, nodes and their number.
    package let proof: PoetProof

    /// A proof of a PoET's round.
    package init(statement: Bytes32, proof: PoetProof) {
        self.statement = statement
        self.proof = proof
    }
}
