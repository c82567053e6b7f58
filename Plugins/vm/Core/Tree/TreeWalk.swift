package import NodeDomain

/// Gives the leaves of a version in the order of their keys, from any key on: a value that asks for some nodes at once.
///
/// It holds at most `batch` leaves and, a level, 16 links for each of `batch` nodes.
package struct TreeWalk: TreeQuestions, Sendable {
    private enum Entry: Sendable {
        case node(TreeNodeKey, isLeaf: Bool?)
        case leaf(TreeLeaf)
    }

    private let after: Bytes32?
    private let batch: Int
    /// What is still to come, the next at the end; never a leaf at the end.
    private var agenda: [Entry]
    private var ready: [TreeLeaf] = []

    /// The leaves of a version.
    ///
    /// - Parameters:
    ///   - after: the key to go on behind; nil for all leaves.
    ///   - batch: most nodes to ask for at once, at least 1.
    package init(version: UInt64, after: Bytes32? = nil, batch: Int = 64) {
        self.after = after
        self.batch = max(1, batch)
        agenda = [.node(.root(version), isLeaf: nil)]
    }

    /// The nodes wanted next; none at the end, and none while leaves are there to be taken.
    package func need() -> [TreeNodeKey] {
        guard ready.isEmpty else { return [] }
        return agenda.suffix(batch).reversed().compactMap { entry in
            if case .node(let key, _) = entry { key } else { nil }
        }
    }

    /// Takes the nodes that were needed.
    package mutating func have(_ nodes: [TreeNode?]) throws(TreeFault) {
        let expected = need().count
        guard nodes.count == expected else { throw .answers(expected: expected, given: nodes.count) }
        guard expected > 0 else { return }
        let taken = agenda.suffix(batch)
        var later: [Entry] = []
        var answers = nodes.makeIterator()
        for entry in taken.reversed() {
            guard case .node(let key, let isLeaf) = entry else {
                later.append(entry)
                continue
            }
            let answer = answers.next() ?? nil
            expand(try checked(answer, at: key, isLeaf: isLeaf), key.path, &later)
        }
        agenda.replaceSubrange(taken.indices, with: later.reversed())
        while case .leaf(let leaf) = agenda.last {
            ready.append(leaf)
            agenda.removeLast()
        }
    }

    /// The next leaves; the walk is over when there are none and nothing is needed.
    package mutating func takeLeaves() -> [TreeLeaf] {
        defer { ready = [] }
        return ready
    }

    private func expand(_ node: TreeNode, _ path: NibblePath, _ later: inout [Entry]) {
        switch node {
        case .empty: return
        case .leaf(let leaf):
            if let after, leaf.key <= after { return }
            later.append(.leaf(leaf))
        case .inner(let inner):
            for nibble in 0..<16 {
                guard let link = inner.link(nibble) else { continue }
                let place = path.appending(nibble)
                // All keys below a place that stands before the key's own lie before the key.
                if let after, place.bits < after.prefix(bits: 4 * place.depth) { continue }
                later.append(
                    .node(
                        TreeNodeKey(version: link.version, path: place), isLeaf: inner.isLeaf(nibble)))
            }
        }
    }
}
