package import NodeDomain

/// What a network asks of a proof.
package struct ProofRules: Hashable, Sendable {
    /// Labels of a plot that are expected to be good for a nonce.
    package let k1: UInt32
    /// Indices of a proof, 1 to 65,535.
    package let k2: Int
    /// Difficulty of the proof of work for one unit.
    package let powDifficulty: Bytes32
    /// Sizes of plots, in units.
    package let units: ClosedRange<UInt32>

    /// Rules of a network.
    package init(k1: UInt32, k2: Int, powDifficulty: Bytes32, units: ClosedRange<UInt32>) {
        self.k1 = k1
        self.k2 = min(max(k2, 1), Int(UInt16.max))
        self.powDifficulty = powDifficulty
        self.units = units
    }
}

/// Rules that the chain adds for proofs made for it, and that proofs of the original need not keep.
package struct ChainRules: Hashable, Sendable {
    /// Nonces below this alone may win: it bounds what space can be traded for work.
    package let maxNonces: UInt32

    /// Rules of a network.
    package init(maxNonces: UInt32) {
        self.maxNonces = maxNonces
    }

    /// Says whether a proof keeps them.
    ///
    /// - Throws: `ProofRefusal` for the first rule that is broken.
    package func check(_ proof: PostProof, indices: [UInt64]) throws(ProofRefusal) {
        guard proof.nonce < maxNonces else { throw .nonce(found: proof.nonce, limit: maxNonces) }
        for position in indices.indices.dropFirst() where indices[position] <= indices[position - 1] {
            throw .notAscending(position: position, index: indices[position])
        }
    }
}

/// How closely the encoding of a proof is looked at.
package enum Strictness: Sendable {
    /// Indices distinct and below the number of labels, pow below 2^56, zero padding: the rule, from genesis on.
    case strict
    /// What the original accepted. Only for judging proofs that were made for it: it accepts forgeries.
    case loose
}

/// Which labels of a proof are computed.
package enum ProofSample: Hashable, Sendable {
    /// All.
    case all
    /// The one at a position.
    case one(Int)
    /// Some, picked by a seed that the prover cannot know.
    case some(Int, seed: [UInt8])

    /// The positions to look at, of `count`: never none, and all when the one that was asked for is not there.
    package func positions(of count: Int, identity: Bytes32, challenge: Bytes32) -> [Int] {
        switch self {
        case .all: Array(0..<count)
        case .one(let position) where (0..<count).contains(position): [position]
        case .one: Array(0..<count)
        case .some(let wanted, _) where wanted >= count: Array(0..<count)
        case .some(let wanted, let seed):
            Array(
                ProofSample.shuffled(count, seed: seed + identity.bytes + challenge.bytes)
                    .prefix(max(wanted, 1)))
        }
    }
}
