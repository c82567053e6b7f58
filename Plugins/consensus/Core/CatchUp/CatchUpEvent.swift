package import NodeDomain

/// A decided block as a peer sent it.
package struct EncodedBlock: Hashable, Sendable {
    /// The block.
    package var block: [UInt8]
    /// What decided it.
    package var certificate: [UInt8]

    /// A block and its certificate.
    package init(block: [UInt8], certificate: [UInt8]) {
        self.block = block
        self.certificate = certificate
    }

    /// Bytes of both.
    var bytes: Int { block.count + certificate.count }
}

/// A block of which the committee's certificate has been checked.
package struct CertifiedBlock: Hashable, Sendable {
    /// The block.
    package let block: Block
    /// How votes name it.
    package let reference: BlockReference
    /// What decided it.
    package let commit: Certificate

    /// A block that this node knows to be decided.
    package init(block: Block, reference: BlockReference, commit: Certificate) {
        self.block = block
        self.reference = reference
        self.commit = commit
    }
}

/// Why no answer came, or no more of it.
package enum CatchUpFailure: Hashable, Sendable {
    /// The peer has too much to do.
    case busy
    /// The peer is gone.
    case gone
    /// The network gave up: nothing came, or the connection broke.
    case broken
    /// What came cannot be read.
    case malformed(String)
}

/// What happens to catching up.
package enum CatchUpEvent: Sendable {
    /// A peer, never 0, says that it decides on a height: it has the blocks below. A hint, never trusted.
    case claimed(peer: UInt64, height: UInt64)
    /// Blocks of an answer, in order; several pieces may come, the last says so.
    case answered(id: UInt64, [EncodedBlock], isLast: Bool)
    /// So many bytes of an answer came that are no whole block yet.
    case progressed(id: UInt64, bytes: Int)
    /// No answer, or no more of it.
    case failed(id: UInt64, CatchUpFailure)
    /// The node decides on another height now, by whatever way.
    case reached(HeightContext)
    /// Time passes; every 100 ms.
    case tick
}

/// What catching up wants done, in this order.
package enum CatchUpAction: Hashable, Sendable {
    /// Ask a peer for blocks from a height on.
    case ask(id: UInt64, peer: UInt64, from: UInt64, count: UInt32)
    /// The answer is not wanted any more.
    case cancel(id: UInt64)
    /// Store and apply a block of the node's height, then say `reached`; until `live` nothing is voted on.
    ///
    /// Only where `isDurable` says so it must be on the disk, with all before it, before that.
    case apply(CertifiedBlock, isDurable: Bool)
    /// Bring everything to the disk and take part in the node's height.
    case live
    /// A peer sent what no honest one sends; it is not asked again.
    case blame(UInt64, String)
    /// What members decided does not follow from this node's state: it must not go on.
    case halt(String)
}
