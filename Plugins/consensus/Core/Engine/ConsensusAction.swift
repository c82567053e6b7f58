package import NodeDomain
package import NodeEncoding

/// What consensus wants done, one after the other: what follows a `sync` waits for it.
package enum ConsensusAction: Hashable, Sendable {
    /// Append to the log.
    case append(ConsensusRecord)
    /// Bring the log to the disk.
    case sync
    /// Ask the signer.
    case sign(SignedWord)
    /// Make a body for a block of this round and time.
    case prepare(round: UInt32, time: UInt64)
    /// Ask the ledger what it thinks of a block.
    case judge(BlockReference, Block)
    /// To all members.
    case broadcast(ConsensusMessage)
    /// To one peer.
    case send(ConsensusMessage, to: UInt64)
    /// To a peer of the host's choice.
    case ask(ConsensusMessage)
    /// Send a decided block of a lower height to a peer that lacks it.
    case serve(height: UInt64, to: UInt64)
    /// Wake consensus after some milliseconds.
    case schedule(ConsensusTimer, after: UInt64)
    /// The block is decided: store it, apply it, begin the next height.
    case commit(Block, BlockReference, Certificate)
    /// For a block of everybody.
    case evidence(Malfeasance)
    /// A peer sent what no honest one sends.
    case blame(UInt64, String)
    /// For people.
    case tell(String)
}

/// An event with its moment, as the log keeps it.
package struct ConsensusRecord: Hashable, Sendable {
    /// Unix milliseconds.
    package var now: UInt64
    /// What happened.
    package var event: ConsensusEvent

    /// A record.
    package init(now: UInt64, event: ConsensusEvent) {
        self.now = now
        self.event = event
    }
}
