package import NodeDomain

/// Makes a proof of work that is done: the roots of its subtrees go by once, then the subtrees that it shows
/// are made again.
package struct ProofAssembly: Sendable {
    private let root: Bytes32
    private let leafCount: UInt64
    private let indices: [UInt64]
    private let places: [TreePlace]
    private let wanted: Set<TreePlace>
    /// Positions of subtrees that are to be made again.
    private let shownSubtrees: Set<UInt64>

    private var work: SequentialWork
    private var subtrees: [Subtree] = []
    private var found: [TreePlace: Bytes32] = [:]

    /// Of work that is done; nil: there are no leaves.
    package init?(of done: SequentialWork, shown: Int = PoetProof.shownLeaves) {
        guard let root = done.root,
            let indices = PoetSelection.indices(root: root, leafCount: done.leafCount, shown: shown)
        else { return nil }
        self.root = root
        self.indices = indices
        leafCount = done.leafCount
        places = ProofClimb.places(indices, height: PaddedTree<Bytes32>.height(of: leafCount))
        wanted = Set(places)
        shownSubtrees = Set(indices.map { $0 >> UInt64(done.layer) })
        work = SequentialWork(done.labels, layer: done.layer)
    }

    /// Takes the root of the next subtree.
    package mutating func take(_ node: Bytes32) {
        if shownSubtrees.contains(work.upper.count) { subtrees.append(Subtree(work)) }
        var found = found
        self.found = [:]
        let (layer, wanted) = (work.layer, wanted)
        work.restore(node) { place, node in
            let place = TreePlace(layer: place.layer + layer, position: place.position)
            if wanted.contains(place) { found[place] = node }
        }
        self.found = found
    }

    /// The proof, after all subtrees; it takes some 40,000 leaves' work at most.
    ///
    /// - Throws: `Fault` when what was taken is not what was worked.
    package mutating func finish() throws(Fault) -> WorkProof {
        guard work.leafCount == leafCount else { throw Fault.count(work.leafCount, of: leafCount) }
        let (layer, wanted) = (work.layer, wanted)
        var found = found
        let made = work.upper.root(zero: .zero, join: work.labels.join) { place, node in
            let place = TreePlace(layer: place.layer + layer, position: place.position)
            if wanted.contains(place) { found[place] = node }
        }
        guard made == root else { throw Fault.root }
        remake { place, node in found[place] = node }
        // What is at no place that has a leaf is zero.
        return WorkProof(
            root: root, leaves: indices.map { found[TreePlace(layer: 0, position: $0)] ?? .zero },
            nodes: places.map { found[$0] ?? .zero }, leafCount: leafCount)
    }

    /// Makes the leaves of all shown subtrees again, one of each at a time: they do not depend on each other.
    private mutating func remake(_ visit: (TreePlace, Bytes32) -> Void) {
        while !subtrees.isEmpty {
            let next = subtrees.compactMap(\.next)
            // All have the same number of leaves.
            guard next.count == subtrees.count else { return }
            for (place, leaf) in work.labels.leaves(next).enumerated() {
                subtrees[place].add(leaf, visit: visit)
            }
        }
    }

    /// Why there is no proof of the roots that were taken.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// They are of another number of leaves.
        case count(UInt64, of: UInt64)
        /// They make another root: they were changed where they were kept.
        case root

        /// What is wrong.
        package var description: String {
            switch self {
            case .count(let count, let expected):
                "subtrees of \(count) leaves are kept, and \(expected) were made"
            case .root: "the subtrees that are kept are not those that were made: see to the disk"
            }
        }
    }
}
