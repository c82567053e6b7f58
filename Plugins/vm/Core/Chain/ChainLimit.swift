internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// What every network has alike (spec: chain, §3, §6).
package enum ChainLimit {
    /// Most bytes of the evidence in a block.
    package static let evidence = 64 << 10
    /// Most bytes of the PoET proof in a block.
    package static let poetProof = 192 << 10
    /// Most rows that a block pays.
    package static let dueRows = 64
    /// Most records of lapsed plots that a block drops.
    package static let expiries = 64
    /// Epochs after its last one in which a plot is still known.
    package static let lapsedEpochs: UInt32 = 26
    /// Epochs from a row's own until its reward is due, when its operator votes with it.
    package static let stakeEpochs: UInt32 = 3
    /// Epochs after that of its frozen set in which a key answers for what it signed.
    package static let evidenceEpochs: UInt32 = 2
    /// Of a subsidy, the hundredths that go to the committee.
    package static let seatHundredths: UInt64 = 2
    /// A proof of work stays below.
    package static let pow: UInt64 = 1 << 56
}

extension BlockItem {
    /// Hash of tag and body.
    package var id: Bytes32 { BLAKE3.hash(bytes) }
}

extension PoetProof {
    /// What the original calls a proof: hash of all but the member's place.
    package var reference: Bytes32 { BLAKE3.hash(referenceScale) }
}
