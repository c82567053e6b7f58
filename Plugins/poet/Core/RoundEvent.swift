package import NodeDomain
package import NodePoet

/// What happens to a PoET.
package enum RoundEvent: Sendable {
    /// This is what the chain says now.
    case chain(ChainView)
    /// Time went by; leaves that the round that works has made.
    case time(leaves: UInt64)
    /// Somebody registers; the number comes back with the answer.
    case submitted(Submission, call: UInt64)
    /// The work of a round was proved.
    case proved(epoch: UInt32, WorkProof)
    /// The work of a round cannot go on, because of this.
    case failed(epoch: UInt32, String)
}

/// What is to be done for it, in this order.
package enum RoundAction: Hashable, Sendable {
    /// Keeps a registration; it is on the disk before what comes after is done.
    case keep(epoch: UInt32, node: Bytes32, challenge: Bytes32)
    /// Answers whoever registered.
    case answer(call: UInt64, Result<Registered, SubmissionRefusal>)
    /// Works on the members' root, from what was kept of it on.
    case work(epoch: UInt32, Membership)
    /// Ends the work at the next whole subtree, and proves it.
    case prove(epoch: UInt32)
    /// Ends the work, and drops what is kept of it: nobody needs it.
    case stop(epoch: UInt32)
    /// Keeps a proof.
    case store(epoch: UInt32, Membership, WorkProof)
    /// Gives a proof to the mempool.
    case post(PoetProof)
    /// Drops everything of a round.
    case forget(epoch: UInt32)
    /// Tells people.
    case tell(String)
}
