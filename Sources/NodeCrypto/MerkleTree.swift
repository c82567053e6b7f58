package import NodeDomain

/// The Merkle tree of RFC 6962 over SHA-256, as headers use it: roots and proofs that an item is at a place.
///
/// A leaf hashes as 0 and its bytes, an inner node as 1 and both halves; the left half holds the largest power of two of
/// items that leaves some for the right one.
package enum MerkleTree {
    /// The hash of an item.
    package static func leafHash(_ item: [UInt8]) -> Bytes32 { sha256([0] + item) }

    /// The root of some items; of none, the hash of no bytes.
    package static func root(of items: [[UInt8]]) -> Bytes32 { root(items.map(leafHash)[...]) }

    /// The hashes beside the way to an item, from the item up; nil when there is no such item.
    package static func proof(of index: Int, in items: [[UInt8]]) -> [Bytes32]? {
        items.indices.contains(index) ? proof(of: index, items.map(leafHash)[...]) : nil
    }

    /// Whether a root over `count` items has a leaf's hash at an index.
    ///
    /// - Parameter proof: from anywhere; one hash too few or too many is refused.
    package static func verify(
        _ leafHash: Bytes32, at index: UInt64, of count: UInt64, proof: [Bytes32], root: Bytes32
    ) -> Bool {
        guard index < count else { return false }
        var (index, last) = (index, count - 1)
        var hash = leafHash
        for sibling in proof {
            if last == 0 { return false }
            if index & 1 == 1 || index == last {
                hash = inner(sibling, hash)
                // The last of an odd number of nodes goes up as it is.
                while index & 1 == 0, index != 0 { (index, last) = (index >> 1, last >> 1) }
            } else {
                hash = inner(hash, sibling)
            }
            (index, last) = (index >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }

    /// Whether a tree of `count` items begins with all items of one of `size` (RFC 9162, §2.1.4.2).
    ///
    /// - Parameter proof: from anywhere; one hash too few or too many is refused.
    package static func verifyConsistency(
        from size: UInt64, _ oldRoot: Bytes32, to count: UInt64, _ newRoot: Bytes32, proof: [Bytes32]
    ) -> Bool {
        guard size > 0, size < count else {
            return size == count && size > 0 && proof.isEmpty && oldRoot == newRoot
        }
        // The proof of a whole tree's growth leaves out that tree's root.
        let path = size & (size - 1) == 0 ? [oldRoot] + proof : proof
        guard let start = path.first else { return false }
        let shift = UInt64((~(size - 1)).trailingZeroBitCount)
        var (index, last) = ((size - 1) >> shift, (count - 1) >> shift)
        var (old, new) = (start, start)
        for hash in path.dropFirst() {
            if last == 0 { return false }
            if index & 1 == 1 || index == last {
                (old, new) = (inner(hash, old), inner(hash, new))
                while index & 1 == 0, index != 0 { (index, last) = (index >> 1, last >> 1) }
            } else {
                new = inner(new, hash)
            }
            (index, last) = (index >> 1, last >> 1)
        }
        return last == 0 && old == oldRoot && new == newRoot
    }

    private static func root(_ hashes: ArraySlice<Bytes32>) -> Bytes32 {
        switch hashes.count {
        case 0: return sha256([])
        case 1: return hashes[hashes.startIndex]
        default:
            let middle = middle(of: hashes)
            return inner(root(hashes[..<middle]), root(hashes[middle...]))
        }
    }

    private static func proof(of index: Int, _ hashes: ArraySlice<Bytes32>) -> [Bytes32] {
        guard hashes.count > 1 else { return [] }
        let middle = middle(of: hashes)
        return index < middle
            ? proof(of: index, hashes[..<middle]) + [root(hashes[middle...])]
            : proof(of: index, hashes[middle...]) + [root(hashes[..<middle])]
    }

    /// Where the right half of two hashes or more begins.
    private static func middle(of hashes: ArraySlice<Bytes32>) -> Int {
        hashes.startIndex + 1 << (Int.bitWidth - 1 - (hashes.count - 1).leadingZeroBitCount)
    }

    private static func inner(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        sha256([1] + left.bytes + right.bytes)
    }

    private static func sha256(_ bytes: [UInt8]) -> Bytes32 {
        // SHA-256 always gives 32 bytes.
        Bytes32(SHA2.sha256(bytes)) ?? .zero
    }
}
