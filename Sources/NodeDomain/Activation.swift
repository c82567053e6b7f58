/// Proofs of plots for the coming epoch, by the operator that they vote with (spec: chain, §3).
package struct Activation: Hashable, Sendable {
    /// The only version there is.
    package static let version: UInt8 = 1
    /// Most plot proofs that are read; how many may stand in a block is a parameter of the network.
    package static let mostPlots = 256

    /// The epoch it is published in; its rows are for the next.
    package var epoch: UInt32
    /// Consensus key of the operator.
    package var `operator`: Bytes32
    /// A new VRF key; nil keeps the one that is known.
    package var vrfKey: Bytes32?
    /// Whether this operator runs an online validator.
    package var votes: Bool
    /// Strictly rising identities; none: the operator asks to be let in again.
    package var plots: [PlotProof]
    /// 64 bytes of the operator.
    package var signature: [UInt8]

    /// An activation of these fields.
    package init(
        epoch: UInt32, operator: Bytes32, vrfKey: Bytes32?, votes: Bool, plots: [PlotProof],
        signature: [UInt8]
    ) {
        self.epoch = epoch
        self.operator = `operator`
        self.vrfKey = vrfKey
        self.votes = votes
        self.plots = plots
        self.signature = signature
    }
}

/// The proof of one plot.
package struct PlotProof: Hashable, Sendable {
    /// Key of the plot, an identity.
    package var identity: Bytes32
    /// Units that the proof is of.
    package var units: UInt32
    /// The proof of space.
    package var proof: PostProof
    /// Whom the plot belongs to: there when the plot is unknown, or its operator or coinbase changes, and only then.
    package var binding: PlotBinding?

    /// A proof of these fields.
    package init(identity: Bytes32, units: UInt32, proof: PostProof, binding: PlotBinding?) {
        self.identity = identity
        self.units = units
        self.proof = proof
        self.binding = binding
    }
}

/// Binds a plot to an operator and a coinbase, by the plot's own key.
package struct PlotBinding: Hashable, Sendable {
    /// Opaque and fixed for ever: the plot's data is made with it.
    package var commitmentATX: Bytes32
    /// The account that the plot's rewards go to.
    package var coinbase: Address
    /// 64 bytes of the identity.
    package var signature: [UInt8]

    /// A binding of these fields.
    package init(commitmentATX: Bytes32, coinbase: Address, signature: [UInt8]) {
        self.commitmentATX = commitmentATX
        self.coinbase = coinbase
        self.signature = signature
    }
}
