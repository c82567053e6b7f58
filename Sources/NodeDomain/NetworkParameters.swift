/// The numbers in which networks differ (spec: chain, §8); no rule of the protocol is switched off by any of them.
///
/// Times are milliseconds, spans as well as moments (Unix).
package struct NetworkParameters: Hashable, Sendable {
    /// No network has a layer of this number.
    package static let largestLayer: UInt64 = 1 << 32

    /// When layer 0 begins.
    package var genesisTime: UInt64 = 0
    /// Twenty bytes that keep networks apart: they stand before everything that is signed.
    package var genesisID = [UInt8](repeating: 0, count: 20)
    /// Least time between two blocks.
    package var blockInterval: UInt64 = 1_000
    /// One layer: the time for which one subsidy is minted.
    package var layerTime: UInt64 = 5_000
    /// Least time of an epoch.
    package var epochTime: UInt64 = 60_000
    /// Nothing is minted at this layer or before it; a layer's index of issuance is its distance to it.
    package var effectiveGenesisLayer: UInt64 = 11
    /// Heights of a term, K.
    package var termHeights: UInt64 = 10
    /// Seats of a committee, S.
    package var seats: UInt64 = 400
    /// Epochs over which the genesis committee fades, G.
    package var fadingEpochs: UInt64 = 2
    /// From an epoch's start to the start of its PoET round.
    package var poetPhase: UInt64 = 10_000
    /// What a PoET round works.
    package var poetWork: UInt64 = 20_000
    /// Fewest leaves of a PoET proof, N.
    package var poetLeaves: UInt64 = 65_536
    /// Fewest blocks between the block with an epoch's PoET proof and the epoch's end.
    package var windowHeights: UInt64 = 15
    /// Heights after which an activation that is held and not included is shown.
    package var inclusionDelay: UInt64 = 10
    /// Labels of one unit of space.
    package var labelsPerUnit: UInt64 = 1_024
    /// Units that one plot may have.
    package var units: ClosedRange<UInt32> = 2...64
    /// Nonces that a proof may be of.
    package var mostNonces: UInt32 = 1_024
    /// Indices of a proof, K2.
    package var proofIndices: UInt32 = 37
    /// How many good labels a nonce has on average, K1.
    package var goodLabels: UInt32 = 26
    /// What the hash of a proof of work stays below.
    package var powDifficulty = Bytes32.largest
    /// Most plot proofs of a block's activation lane.
    package var laneProofs = 2
    /// Most bytes of a block's activation lane.
    package var laneBytes = 2_048
    /// Most gas of a block's transactions.
    package var blockGas: UInt64 = 3_600_000

    /// The numbers of devnet, without a genesis.
    package init() {}

    /// The layer of a moment; nil before genesis.
    package func layer(at time: UInt64) -> UInt64? {
        time < genesisTime ? nil : (time - genesisTime) / layerTime
    }
}
