internal import NodeCrypto
package import NodeDomain

extension TreeLeaf {
    /// A record at its place.
    package init(preimage: [UInt8], value: [UInt8]) {
        self.init(key: TreeHash.key(preimage), preimage: preimage, value: value)
    }

    /// The leaf's hash.
    package var hash: Bytes32 { TreeHash.leaf(key: key, valueHash: TreeHash.value(value)) }
}

extension TreeNode {
    /// The hash of all below.
    package var hash: Bytes32 {
        switch self {
        case .empty: TreeHash.empty
        case .leaf(let leaf): leaf.hash
        case .inner(let inner): inner.hash
        }
    }
}

extension TreeInner {
    /// The hash of all below.
    package var hash: Bytes32 { links.withUnsafeBufferPointer { hash(NibbleRange.whole, $0) } }

    /// The hash of what lies below a range of nibbles.
    func hash(_ range: NibbleRange) -> Bytes32 { links.withUnsafeBufferPointer { hash(range, $0) } }

    private func hash(_ range: NibbleRange, _ links: UnsafeBufferPointer<TreeLink>) -> Bytes32 {
        switch content(range) {
        case .nothing:
            return TreeHash.empty
        case .leaf(let nibble):
            return links[(present & (1 << UInt16(nibble) &- 1)).nonzeroBitCount].hash
        case .more:
            guard let (left, right) = range.halves else {
                return links[(present & (range.mask & (~range.mask &+ 1) &- 1)).nonzeroBitCount].hash
            }
            return TreeHash.inner(hash(left, links), hash(right, links))
        }
    }

    /// What lies below a range of nibbles.
    enum Content {
        case nothing
        /// One leaf, at this nibble.
        case leaf(Int)
        /// Two leaves or more.
        case more
    }

    /// What lies below a range of nibbles.
    func content(_ range: NibbleRange) -> Content {
        let inside = present & range.mask
        if inside == 0 { return .nothing }
        if inside & (inside &- 1) == 0, inside & leaves != 0 { return .leaf(inside.trailingZeroBitCount) }
        return .more
    }
}

/// Some nibbles that share their first bits: 16, 8, 4, 2 or 1 of them.
struct NibbleRange {
    static let whole = NibbleRange(start: 0, count: 16)

    let start: Int
    let count: Int

    /// The nibbles as bits.
    var mask: UInt16 { UInt16(truncatingIfNeeded: (1 << count - 1) << start) }

    /// The ranges with the next bit 0 and 1; nil for a single nibble.
    var halves: (NibbleRange, NibbleRange)? {
        guard count > 1 else { return nil }
        return (
            NibbleRange(start: start, count: count / 2),
            NibbleRange(start: start + count / 2, count: count / 2)
        )
    }
}
