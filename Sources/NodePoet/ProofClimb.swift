/// The way from the leaves of a proof up to the root, in the order in which the original's proofs have their nodes.
///
/// It begins with the leftmost leaf and climbs. The sibling in each layer is the subtree of the next leaf, if
/// that is below it, else the next node of the proof.
package struct ProofClimb {
    /// Of the leaves, rising; not empty.
    let indices: [UInt64]
    /// How many of them were met.
    private(set) var met = 0

    init(_ indices: [UInt64]) {
        self.indices = indices
    }

    /// Climbs from the next leaf, and those right of it, to a layer.
    ///
    /// - Parameters:
    ///   - top: at most the tree's height, so it bounds the depth of the calls.
    ///   - leaf: gives the leaf of a number.
    ///   - sibling: gives the next node of the proof, for a place.
    ///   - left: is told of a node that is a left sibling on the way of some leaves.
    mutating func climb<Node, Fault: Error>(
        to top: Int, leaf: (Int) -> Node, sibling: (TreePlace) throws(Fault) -> Node,
        join: (Node, Node) -> Node, left: (Range<Int>, Node) -> Void
    ) throws(Fault) -> Node {
        let first = met
        met += 1
        var node = leaf(first)
        for layer in 0..<top {
            let position = indices[first] >> UInt64(layer)
            if position & 1 == 1 {
                let beside = try sibling(TreePlace(layer: layer, position: position - 1))
                left(first..<met, beside)
                node = join(beside, node)
            } else if met < indices.count, indices[met] >> UInt64(layer) == position + 1 {
                let before = met
                let beside = try climb(to: layer, leaf: leaf, sibling: sibling, join: join, left: left)
                left(before..<met, node)
                node = join(node, beside)
            } else {
                node = join(node, try sibling(TreePlace(layer: layer, position: position + 1)))
            }
        }
        return node
    }

    /// The nodes that a proof of some leaves has, in its order.
    package static func places(_ indices: [UInt64], height: Int) -> [TreePlace] {
        guard !indices.isEmpty else { return [] }
        var (climb, places) = (ProofClimb(indices), [TreePlace]())
        climb.climb(
            to: height, leaf: { _ in }, sibling: { places.append($0) }, join: { _, _ in }, left: { _, _ in })
        return places
    }
}
