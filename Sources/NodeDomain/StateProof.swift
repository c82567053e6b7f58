/// Proof that a record is in a state, or that none is at its key.
///
/// It holds for one root hash, which a certified header gives: who trusts that needs nothing else.
package struct StateProof: Hashable, Sendable {
    /// Where the way from the root along the key ends.
    package enum End: Hashable, Sendable {
        /// At the record asked for.
        case record
        /// At another record, whose key begins like the one asked for.
        case other(key: Bytes32, valueHash: Bytes32)
        /// At nothing.
        case nothing
    }

    /// Most hashes there can be: one for each bit of a key.
    package static let siblingLimit = 256
    /// The hash of a tree without leaves: it stands where nothing is.
    package static let emptyHash = Bytes32.zero

    /// The hash beside the way at each level, from the root on; zero for nothing.
    package let siblings: [Bytes32]
    /// Where the way ends.
    package let end: End

    /// A proof of these hashes.
    package init(siblings: [Bytes32], end: End) {
        self.siblings = siblings
        self.end = end
    }
}
