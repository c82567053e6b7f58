package import NodeDomain

/// What a block did, for those who watch.
package enum ChainEvent: Hashable, Sendable {
    /// An epoch ended with its last block before this one.
    case epochEnded(UInt32)
    /// This block is the first of an epoch; so many operators are in the set that was frozen.
    case epochStarted(UInt32, weight: UInt64, voters: Int)
    /// A PoET proof came: the challenge of every plot in this epoch, and the PoET's for the next.
    case windowOpened(UInt32, post: Bytes32, next: Bytes32)
    /// A layer's subsidy, and what of it waits for the committee.
    case minted(layer: UInt64, subsidy: UInt64, seatPart: UInt64)
    /// A plot proved its space for the next epoch.
    case plotProved(Bytes32, epoch: UInt32, units: UInt32, PlotProgress)
    /// A plot lapsed; said when its last row is paid.
    case plotLapsed(Bytes32, lastEpoch: UInt32)
    /// A lapsed plot is not known any more.
    case plotDropped(Bytes32)
    /// A row was paid.
    case rewardPaid(epoch: UInt32, plot: Bytes32, coinbase: Address, amount: UInt64)
    /// A row of a barred operator was burnt.
    case rewardBurnt(epoch: UInt32, plot: Bytes32, operator: Bytes32, amount: UInt64)
    /// An operator's part of a term's pot.
    case seatsPaid(Bytes32, account: Address, amount: UInt64)
    /// An operator was absent in a term.
    case jailed(Bytes32)
    /// An operator is let in again.
    case released(Bytes32)
    /// An operator signed twice.
    case barred(Bytes32)
    /// The committee of a term, final one height before the term begins.
    case committee(term: UInt32, members: [Voter])
}

/// What a proof is to its plot.
package enum PlotProgress: Hashable, Sendable {
    /// It was unknown.
    case joined
    /// It has no row in the current epoch: it had lapsed.
    case returned
    /// It has one: it goes on.
    case renewed
}
