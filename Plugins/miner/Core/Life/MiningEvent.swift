package import NodeDomain

/// A plot that is to be mined.
package struct MinedPlot: Hashable, Sendable {
    /// As the operator calls it; the events are kept under it.
    package let name: String
    /// Where its files are, and how large it is; the identity is zero until the signer has made its key.
    package let plan: FleetPlan
    /// Where its rewards go.
    package let coinbase: Address

    /// A plot.
    package init(name: String, plan: FleetPlan, coinbase: Address) {
        self.name = name
        self.plan = plan
        self.coinbase = coinbase
    }

    /// Its key.
    package var identity: Bytes32 { plan.identity }
}

/// The keys that activations are made with.
package struct OperatorKeys: Hashable, Sendable {
    /// The consensus key.
    package let `operator`: Bytes32
    /// Its VRF key.
    package let vrfKey: Bytes32

    /// Keys.
    package init(operator: Bytes32, vrfKey: Bytes32) {
        self.operator = `operator`
        self.vrfKey = vrfKey
    }
}

/// What an activation is to say; the signer makes it.
package struct ActivationDraft: Hashable, Sendable {
    /// One plot of it.
    package struct Plot: Hashable, Sendable {
        /// Its key.
        package let identity: Bytes32
        /// Its size.
        package let units: UInt32
        /// The proof of its space.
        package let proof: PostProof
        /// What it is bound with anew; nil: the chain's binding stays.
        package let binding: Binding?
    }

    /// A binding that the plot's key is to sign.
    package struct Binding: Hashable, Sendable {
        /// What its data is made with.
        package let commitmentATX: Bytes32
        /// Where its rewards go.
        package let coinbase: Address
    }

    /// Tells it from others.
    package let number: UInt64
    /// The current epoch.
    package let epoch: UInt32
    /// Whether the VRF key goes with it.
    package let setsVRFKey: Bool
    /// Whether the operator runs a validator.
    package let votes: Bool
    /// By rising identities; none: the operator asks to be let in again.
    package let plots: [Plot]
}

/// What happens to the miner.
package enum MiningEvent: Hashable, Sendable {
    /// The chain has a new block, or was looked at again.
    case chain(ChainSight)
    /// So much of the work on a plot is done, and what stands in its way.
    case progress(plot: String, share: Double, bound: UInt64?, trouble: String)
    /// The work on a plot has ended.
    case ended(plot: String, WorkEnd)
    /// The signer has made an activation: its item's bytes.
    case signed(draft: UInt64, [UInt8])
    /// It has not.
    case unsigned(draft: UInt64, String)
    /// The mempool's verdict; nil: it waits there.
    case judged(draft: UInt64, refusal: String?)
    /// Work is wanted again, or no more.
    case stopped(Bool)
    /// Time has passed.
    case tick
}

/// How the work on a plot ended.
package enum WorkEnd: Hashable, Sendable {
    /// Its data is there.
    case made
    /// A proof of an epoch that the strict verifier accepted.
    case proved(epoch: UInt32, PostProof)
    /// No nonce had enough labels: the best had so many.
    case unproved(epoch: UInt32, best: Int)
    /// It cannot go on: why, and what to do.
    case failed(String)
}

/// What the miner wants done.
package enum MiningAction: Hashable, Sendable {
    /// Make a plot's data.
    case make(MinedPlot)
    /// Prove a plot for an epoch.
    case prove(MinedPlot, epoch: UInt32, challenge: Bytes32)
    /// End the work on a plot.
    case callOff(plot: String, String)
    /// Have an activation signed.
    case sign(ActivationDraft)
    /// Give it to the mempool.
    case submit(draft: UInt64, [UInt8])
    /// Keep what happened, before what comes after it.
    case note(MiningNote)
}
