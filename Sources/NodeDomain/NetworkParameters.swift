/// The numbers in which networks differ (spec: chain, §8); no rule of the protocol is switched off by any of them.
///
/// Times are milliseconds, spans as well as moments (Unix).
package struct NetworkParameters: Hashable, Sendable {
    /// Most layers that a layer's number can count.
    package static let largestLayer: UInt64 = 1 << 32

    /// When layer 0 begins.
    package var genesisTime: UInt64
    /// Twenty bytes that keep networks apart: they stand before everything that is signed.
    package var genesisID: [UInt8]
    /// Least time between two blocks.
    package var blockInterval: UInt64
    /// One layer: the time for which one subsidy is minted.
    package var layerTime: UInt64
    /// Least time of an epoch.
    package var epochTime: UInt64
    /// Nothing is minted at this layer or before it; a layer's index of issuance is its distance to it.
    package var effectiveGenesisLayer: UInt64
    /// Heights of a term, K.
    package var termHeights: UInt64
    /// Seats of a committee, S.
    package var seats: UInt64
    /// Epochs over which the genesis committee fades, G.
    package var fadingEpochs: UInt64
    /// From an epoch's start to the start of its PoET round.
    package var poetPhase: UInt64
    /// What a PoET round works.
    package var poetWork: UInt64
    /// Fewest leaves of a PoET proof, N.
    package var poetLeaves: UInt64
    /// Fewest blocks between the block with an epoch's PoET proof and the epoch's end.
    package var windowHeights: UInt64
    /// Heights after which an activation that is held and not included is shown.
    package var inclusionDelay: UInt64
    /// Labels of one unit of space.
    package var labelsPerUnit: UInt64
    /// Units that one plot may have.
    package var units: ClosedRange<UInt32>
    /// Nonces that a proof may be of.
    package var mostNonces: UInt32
    /// Indices of a proof, K2.
    package var proofIndices: UInt32
    /// How many good labels a nonce has on average, K1.
    package var goodLabels: UInt32
    /// What the hash of a proof of work stays below.
    package var powDifficulty: Bytes32
    /// Most plot proofs of a block's activation lane.
    package var laneProofs: Int
    /// Most bytes of a block's activation lane.
    package var laneBytes: Int
    /// Most gas of a block's transactions.
    package var blockGas: UInt64

    /// The layer of a moment; nil before genesis.
    package func layer(at time: UInt64) -> UInt64? {
        time < genesisTime ? nil : (time - genesisTime) / layerTime
    }
}
