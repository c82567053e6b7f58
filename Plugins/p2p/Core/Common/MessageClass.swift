/// What a message is worth when there is no room for all of them: the lowest goes first and is dropped last.
package enum MessageClass: UInt8, Comparable, CaseIterable, Sendable {
    /// What keeps connections and meshes alive.
    case control
    /// Votes of a committee.
    case vote
    /// Headers and certificates.
    case header
    /// Blocks and their parts.
    case block
    /// Proofs of plots.
    case activation
    /// Transactions.
    case transaction
    /// The past, for those who catch up.
    case sync

    /// The more important one first.
    package static func < (left: MessageClass, right: MessageClass) -> Bool {
        left.rawValue < right.rawValue
    }
}
