/// A node's place in a tree: how far it is above the leaves, and how many stand left of it there.
package struct TreePlace: Hashable, Sendable {
    /// 0: a leaf.
    package let layer: Int
    /// From the left, the first is 0.
    package let position: UInt64

    /// A place.
    package init(layer: Int, position: UInt64) {
        self.layer = layer
        self.position = position
    }
}

/// The original's tree that grows leaf by leaf: each layer parks a left node until its right sibling comes, and what is
/// missing on the right at the end is zero (spec: post-poet, §4.1).
package struct PaddedTree<Node: Sendable>: Sendable {
    /// How many leaves came.
    package private(set) var count: UInt64
    /// The left nodes that wait, from the leaves up; nil: none in that layer.
    package private(set) var parked: [Node?]

    /// Without leaves.
    package init() {
        count = 0
        parked = []
    }

    /// A tree as it was after so many leaves; nil when so many leaves do not leave these nodes.
    package init?(count: UInt64, parked: [Node]) {
        guard parked.count == count.nonzeroBitCount else { return nil }
        self.count = count
        var rest = parked[...]
        self.parked = (0..<UInt64.bitWidth - count.leadingZeroBitCount).map { layer in
            count >> UInt64(layer) & 1 == 1 ? rest.popFirst() : nil
        }
    }

    /// Adds a leaf.
    ///
    /// - Parameters:
    ///   - join: makes a node of its halves.
    ///   - visit: is told of each node and its place, the leaf first.
    package mutating func append(
        _ leaf: Node, join: (Node, Node) -> Node, visit: (TreePlace, Node) -> Void = { _, _ in }
    ) {
        var (node, layer) = (leaf, 0)
        visit(TreePlace(layer: 0, position: count), node)
        while count >> UInt64(layer) & 1 == 1, let left = parked[layer] {
            node = join(left, node)
            parked[layer] = nil
            layer += 1
            visit(TreePlace(layer: layer, position: count >> UInt64(layer)), node)
        }
        if layer == parked.count { parked.append(node) } else { parked[layer] = node }
        count &+= 1
    }

    /// The root; nil without leaves.
    ///
    /// - Parameters:
    ///   - zero: stands where nothing is.
    ///   - visit: is told of nodes that the end makes, and their places.
    package func root(
        zero: Node, join: (Node, Node) -> Node, visit: (TreePlace, Node) -> Void = { _, _ in }
    ) -> Node? {
        root(height: PaddedTree.height(of: count), zero: zero, join: join, visit: visit)
    }

    /// The node at a height that is at least the tree's, so that the tree is a part of a larger one; nil
    /// without leaves.
    package func root(
        height: Int, zero: Node, join: (Node, Node) -> Node, visit: (TreePlace, Node) -> Void = { _, _ in }
    ) -> Node? {
        guard count > 0 else { return nil }
        let last = count - 1
        var carried: Node?
        for layer in 0..<height {
            let left = layer < parked.count ? parked[layer] : nil
            switch (left, carried) {
            case (.some(let left), .some(let right)): carried = join(left, right)
            case (.some(let left), nil): carried = join(left, zero)
            case (nil, .some(let left)): carried = join(left, zero)
            case (nil, nil): continue
            }
            if let carried {
                visit(TreePlace(layer: layer + 1, position: last >> UInt64(layer + 1)), carried)
            }
        }
        // A full tree has its root parked.
        return carried ?? (height < parked.count ? parked[height] : nil)
    }

    /// Layers above the leaves of a tree of so many.
    package static func height(of count: UInt64) -> Int {
        count < 2 ? 0 : UInt64.bitWidth - (count - 1).leadingZeroBitCount
    }
}
