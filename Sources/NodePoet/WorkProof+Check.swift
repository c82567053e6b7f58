package import NodeCrypto
package import NodeDomain

extension WorkProof {
    /// Checks that the work was done on a statement (spec: post-poet, §4.3); some 60,000 hashes, cheap checks first.
    ///
    /// - Parameters:
    ///   - shown: leaves that a proof shows, or all if there are fewer.
    ///   - path: how it is computed.
    /// - Throws: `PoetRefusal` when it was not, or the bytes are no proof at all.
    package func check(
        statement: Bytes32, shown: Int = PoetProof.shownLeaves, path: SHA256 = .expected
    ) throws(PoetRefusal) {
        try check(statement: statement.bytes, shown: shown, path: path)
    }

    /// The same for a statement of any length, which old vectors have.
    package func check(
        statement: [UInt8], shown: Int = PoetProof.shownLeaves, path: SHA256 = .expected
    ) throws(PoetRefusal) {
        guard (1...PoetProof.mostLeaves).contains(leafCount) else { throw .leafCount(leafCount) }
        let expected = Int(min(leafCount, UInt64(max(shown, 1))))
        guard leaves.count == expected else { throw .shown(leaves.count, of: expected) }
        guard nodes.count <= PoetProof.mostNodes else { throw .nodes(nodes.count) }
        guard let indices = PoetSelection.indices(root: root, leafCount: leafCount, shown: expected) else {
            throw .selection
        }
        let labels = PoetLabels(statement: statement, path: path)
        let left = try leftSiblings(indices, labels)
        let computed = labels.leaves(zip(indices, left).map { (index: $0, left: $1) })
        for (place, leaf) in computed.enumerated() where leaf != leaves[place] {
            throw .leaf(index: indices[place])
        }
    }

    /// Checks the root, and gives the left siblings of each leaf from the bottom up.
    private func leftSiblings(
        _ indices: [UInt64], _ labels: PoetLabels
    ) throws(PoetRefusal) -> [[Bytes32]] {
        var left = [[Bytes32]](repeating: [], count: leaves.count)
        var rest = nodes[...]
        var climb = ProofClimb(indices)
        let made = try climb.climb(
            to: PaddedTree<Bytes32>.height(of: leafCount), leaf: { leaves[$0] },
            sibling: { (_: TreePlace) throws(PoetRefusal) -> Bytes32 in
                guard let node = rest.popFirst() else { throw .missing }
                return node
            },
            join: labels.join,
            left: { range, node in for leaf in range { left[leaf].append(node) } })
        guard rest.isEmpty else { throw .surplus(rest.count) }
        guard made == root else { throw .root(made) }
        return left
    }
}
