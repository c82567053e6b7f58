package import NodeDomain

/// The work of a round: leaf after leaf, each of which needs all before it.
///
/// What is kept of it are the roots of its whole subtrees of 256 leaves; the rest is made again where a proof
/// needs it. So a round of 6 · 10^10 leaves, which is 240 hours, leaves 8 GB behind.
package struct SequentialWork: Sendable {
    /// Layers of a subtree of which only the root is kept.
    package static let keptLayer = 8

    /// How leaves are made.
    package let labels: PoetLabels
    /// Layers of a subtree.
    package let layer: Int
    /// The tree above the subtrees.
    package private(set) var upper: PaddedTree<Bytes32>

    /// Work from the start, or from where whole subtrees left it.
    package init(
        _ labels: PoetLabels, upper: PaddedTree<Bytes32> = PaddedTree(), layer: Int = SequentialWork.keptLayer
    ) {
        self.labels = labels
        self.upper = upper
        self.layer = layer
    }

    /// Leaves that were made.
    package var leafCount: UInt64 { upper.count << UInt64(layer) }

    /// The root of the work done so far; nil: there is none.
    package var root: Bytes32? { upper.root(zero: .zero, join: labels.join) }

    /// Makes the leaves of the next subtree.
    ///
    /// - Returns: its root, which is to be kept.
    package mutating func work() -> Bytes32 {
        var subtree = Subtree(self)
        while let leaf = subtree.next {
            subtree.add(labels.leaf(leaf.index, left: leaf.left))
        }
        let root = subtree.root
        upper.append(root, join: labels.join)
        return root
    }

    /// Adds a subtree that was made before.
    ///
    /// - Parameter visit: is told of the nodes above it that it completes; layers count from the subtrees on.
    package mutating func restore(_ root: Bytes32, visit: (TreePlace, Bytes32) -> Void = { _, _ in }) {
        upper.append(root, join: labels.join, visit: visit)
    }
}

/// A subtree while its leaves are made.
struct Subtree {
    private let labels: PoetLabels
    private let layer: Int
    /// Left siblings above it, the same for all its leaves.
    private let above: [Bytes32]
    private let first: UInt64
    private var tree = PaddedTree<Bytes32>()

    /// The next one of some work.
    init(_ work: SequentialWork) {
        labels = work.labels
        layer = work.layer
        above = work.upper.parked.compactMap { $0 }
        first = work.leafCount
    }

    /// The leaf to be made; nil: all are.
    var next: (index: UInt64, left: [Bytes32])? {
        guard tree.count >> UInt64(layer) == 0 else { return nil }
        var left: [Bytes32] = []
        left.reserveCapacity(layer + above.count)
        for case .some(let node) in tree.parked { left.append(node) }
        left += above
        return (first + tree.count, left)
    }

    /// Takes the next leaf.
    ///
    /// - Parameter visit: is told of the nodes that it completes, at their places in the whole tree.
    mutating func add(_ leaf: Bytes32, visit: (TreePlace, Bytes32) -> Void = { _, _ in }) {
        let first = first
        tree.append(leaf, join: labels.join) { place, node in
            visit(
                TreePlace(layer: place.layer, position: first >> UInt64(place.layer) + place.position), node)
        }
    }

    /// The root, once all leaves are there.
    var root: Bytes32 { tree.root(height: layer, zero: .zero, join: labels.join) ?? .zero }
}
