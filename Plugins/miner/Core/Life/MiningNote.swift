package import NodeDomain

/// Something that happened, kept for good: what, because of what, and what comes next.
package struct MiningNote: Hashable, Sendable {
    /// What it is of.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case making, made, opened, proving, proved, unproved, failed, signed, unsigned, submitted, refused,
            included
        case active, missed, paid, burnt, stopped, resumed
    }

    /// What it is.
    package var kind: Kind
    /// The epoch it belongs to.
    package var epoch: UInt32
    /// Name of the plot; empty: of none.
    package var plot: String
    /// What happened, in a sentence.
    package var text: String
    /// Because of what; empty: it needs no word.
    package var cause: String
    /// Which try it is, from 0.
    package var attempt: UInt32
    /// What comes next; empty: nothing.
    package var next: String
    /// Of `proved` the proof.
    package var proof: PostProof?
    /// Of `signed` the item, with the names of its plots.
    package var item: [UInt8]
    package var plots: [String]
    /// Of `active` the units, of `paid` and `burnt` the smidge.
    package var amount: UInt64

    /// A note.
    package init(
        _ kind: Kind, epoch: UInt32, plot: String = "", _ text: String, cause: String = "",
        attempt: UInt32 = 0,
        next: String = "", proof: PostProof? = nil, item: [UInt8] = [], plots: [String] = [],
        amount: UInt64 = 0
    ) {
        self.kind = kind
        self.epoch = epoch
        self.plot = plot
        self.text = text
        self.cause = cause
        self.attempt = attempt
        self.next = next
        self.proof = proof
        self.item = item
        self.plots = plots
        self.amount = amount
    }
}
