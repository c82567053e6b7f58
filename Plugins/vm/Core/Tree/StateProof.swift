package import NodeDomain

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

    /// The hash beside the way at each level, from the root on; zero for nothing.
    package let siblings: [Bytes32]
    /// Where the way ends.
    package let end: End

    init(siblings: [Bytes32], end: End) {
        self.siblings = siblings
        self.end = end
    }

    /// Whether a root holds the record, or with nil as value none at its key.
    package func verify(root: Bytes32, preimage: [UInt8], value: [UInt8]?) -> Bool {
        verify(root: root, key: TreeHash.key(preimage), value: value)
    }

    /// Whether a root holds a value at a key, or with nil nothing.
    package func verify(root: Bytes32, key: Bytes32, value: [UInt8]?) -> Bool {
        guard siblings.count <= StateProof.siblingLimit else { return false }
        let hash: Bytes32
        switch (end, value) {
        case (.record, .some(let value)):
            hash = TreeHash.leaf(key: key, valueHash: TreeHash.value(value))
        case (.other(let other, let valueHash), nil):
            // Both keys lead here, so the other record stands where this one would.
            guard other != key, other.commonBits(with: key) >= siblings.count else { return false }
            hash = TreeHash.leaf(key: other, valueHash: valueHash)
        case (.nothing, nil):
            hash = TreeHash.empty
        default:
            return false
        }
        return fold(hash, along: key) == root
    }

    private func fold(_ hash: Bytes32, along key: Bytes32) -> Bytes32 {
        var hash = hash
        for (place, sibling) in siblings.enumerated().reversed() {
            hash = key.bit(at: place) ? TreeHash.inner(sibling, hash) : TreeHash.inner(hash, sibling)
        }
        return hash
    }
}
