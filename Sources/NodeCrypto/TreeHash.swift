package import NodeDomain

/// How the tree is hashed: BLAKE3 with one key for leaves and another for inner nodes, one compression each.
///
/// Nothing is 32 zero bytes; a subtree with one leaf has that leaf's hash; any other subtree is hashed from its halves.
package enum TreeHash {
    /// The hash of a tree without leaves.
    package static let empty = StateProof.emptyHash

    private static let leafKey = BLAKE3Key(BLAKE3.hash(Array("spacenode state tree: leaf".utf8)))
    private static let innerKey = BLAKE3Key(BLAKE3.hash(Array("spacenode state tree: inner node".utf8)))

    /// Of a leaf.
    package static func leaf(key: Bytes32, valueHash: Bytes32) -> Bytes32 {
        leafKey.hash(key, valueHash)
    }

    /// Of a subtree of two leaves or more.
    package static func inner(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        innerKey.hash(left, right)
    }

    /// The place of a record.
    package static func key(_ preimage: [UInt8]) -> Bytes32 { BLAKE3.hash(preimage) }

    /// What a leaf's hash covers of its value.
    package static func value(_ value: [UInt8]) -> Bytes32 { BLAKE3.hash(value) }
}

extension StateProof {
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
