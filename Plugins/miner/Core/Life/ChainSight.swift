package import NodeDomain

/// What the miner knows of the chain behind one block.
package struct ChainSight: Hashable, Sendable {
    /// Height of the block; 0: genesis alone.
    package var height: UInt64
    /// Its time, Unix milliseconds.
    package var time: UInt64
    /// The current epoch.
    package var epoch: EpochSight
    /// What a PoET proves for the next epoch; nil before the window opens.
    package var nextChallenge: Bytes32?
    /// Units that have proved their space for the next epoch.
    package var nextWeight: UInt64
    /// Our operator on chain; nil: it is not known there.
    package var `operator`: OperatorSight?
    /// Our plots.
    package var plots: [Bytes32: PlotSight]
    /// The index of each epoch that is over and asked for: smidge for one unit, times 2⁶⁴.
    package var ended: [UInt32: UInt128]

    /// A sight of these parts.
    package init(
        height: UInt64, time: UInt64, epoch: EpochSight, nextChallenge: Bytes32? = nil,
        nextWeight: UInt64 = 0,
        operator: OperatorSight? = nil, plots: [Bytes32: PlotSight] = [:], ended: [UInt32: UInt128] = [:]
    ) {
        self.height = height
        self.time = time
        self.epoch = epoch
        self.nextChallenge = nextChallenge
        self.nextWeight = nextWeight
        self.operator = `operator`
        self.plots = plots
        self.ended = ended
    }
}

/// An epoch as it stands on chain.
package struct EpochSight: Hashable, Sendable {
    /// How an epoch's window was opened.
    package struct Opening: Hashable, Sendable {
        /// The challenge of every plot.
        package var post: Bytes32
        /// Height of the block with the PoET's proof.
        package var height: UInt64

        /// An opening.
        package init(post: Bytes32, height: UInt64) {
            self.post = post
            self.height = height
        }
    }

    /// Its number.
    package var number: UInt32
    /// Unix milliseconds of its start; genesis for the first one.
    package var start: UInt64
    /// Units of all its rows.
    package var weight: UInt64
    /// The index: smidge for one unit, times 2⁶⁴.
    package var index: UInt128
    /// Smidge that all plots of it have earned.
    package var earned: UInt64
    /// What a PoET proves for it.
    package var challenge: Bytes32
    /// nil: the window is closed.
    package var opening: Opening?

    /// An epoch.
    package init(
        number: UInt32, start: UInt64, weight: UInt64 = 0, index: UInt128 = 0, earned: UInt64 = 0,
        challenge: Bytes32 = .zero, opening: Opening? = nil
    ) {
        self.number = number
        self.start = start
        self.weight = weight
        self.index = index
        self.earned = earned
        self.challenge = challenge
        self.opening = opening
    }
}

/// Our operator as it stands on chain.
package struct OperatorSight: Hashable, Sendable {
    /// Its VRF key there; nil: none.
    package var vrfKey: Bytes32?
    /// It was absent from a term.
    package var isJailed: Bool
    /// It was caught signing twice.
    package var isBarred: Bool

    /// An operator.
    package init(vrfKey: Bytes32?, isJailed: Bool, isBarred: Bool) {
        self.vrfKey = vrfKey
        self.isJailed = isJailed
        self.isBarred = isBarred
    }
}

/// One of our plots as it stands on chain.
package struct PlotSight: Hashable, Sendable {
    /// Whom a plot is bound to.
    package struct Bound: Hashable, Sendable {
        package var commitmentATX: Bytes32
        package var `operator`: Bytes32
        package var coinbase: Address

        /// A binding.
        package init(commitmentATX: Bytes32, operator: Bytes32, coinbase: Address) {
            self.commitmentATX = commitmentATX
            self.operator = `operator`
            self.coinbase = coinbase
        }
    }

    /// Its weight in one epoch.
    package struct Row: Hashable, Sendable {
        package var units: UInt32
        /// It is paid two epochs later than others.
        package var isVoting: Bool

        /// A row.
        package init(units: UInt32, isVoting: Bool) {
            self.units = units
            self.isVoting = isVoting
        }
    }

    /// nil: the chain does not know it.
    package var bound: Bound?
    /// Its rows, by epoch; of the next, the current and those that are asked for.
    package var rows: [UInt32: Row]

    /// A plot.
    package init(bound: Bound? = nil, rows: [UInt32: Row] = [:]) {
        self.bound = bound
        self.rows = rows
    }
}
