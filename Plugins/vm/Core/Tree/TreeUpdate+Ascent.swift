internal import NodeCrypto
internal import NodeDomain

extension TreeUpdate {
    /// Says from the lowest level up what each item has become, and writes the root.
    mutating func ascend() {
        for item in items.indices.reversed() {
            let outcome =
                switch items[item].node {
                case .empty: build(items[item].changes, with: nil, depth: items[item].key.path.depth)
                case .leaf(let leaf): replace(leaf, item)
                case .inner(let inner): rebuild(inner, item)
                }
            items[item].outcome = outcome
            // A new version has a root of its own, so the old one's is always done with.
            if item == 0 {
                if base != nil { stale.append(items[item].key) }
            } else if case .unchanged = outcome {
                continue
            } else {
                stale.append(items[item].key)
            }
        }
        finishRoot()
    }

    private mutating func finishRoot() {
        switch items[0].outcome {
        case .unchanged:
            root = items[0].node.hash
            writer.write(items[0].node, at: .root)
        case .empty:
            root = TreeHash.empty
            writer.write(.empty, at: .root)
        case .leaf(let leaf, let hash):
            root = hash
            writer.write(.leaf(leaf), at: .root)
        case .moved(let from, let hash):
            root = hash
            move(from, to: .root)
        case .inner(let hash):
            root = hash
        }
    }

    /// What a stored leaf and the changes around it become.
    private mutating func replace(_ old: TreeLeaf, _ item: Int) -> Subtree {
        let range = items[item].changes
        if let same = range.first(where: { changes[$0].key == old.key }), changes[same].leaf != old {
            return build(range, with: nil, depth: items[item].key.path.depth)
        }
        // The leaf stays; if nothing comes beside it, it stays where it is.
        guard range.contains(where: { changes[$0].leaf != nil && changes[$0].key != old.key }) else {
            return .unchanged
        }
        return build(range, with: old, depth: items[item].key.path.depth)
    }

    /// A subtree of the new leaves, and one that was there and that no change names with another value.
    private mutating func build(_ range: Range<Int>, with old: TreeLeaf?, depth: Int) -> Subtree {
        if range.count == 1, old == nil {
            guard let leaf = changes[range.lowerBound].leaf else { return .empty }
            return .leaf(leaf, hashes[range.lowerBound])
        }
        var spine = TreeSpine(depth: depth)
        var rest = old
        for place in range {
            if let leaf = rest, leaf.key <= changes[place].key {
                spine.add(leaf, leaf.hash, to: &writer)
                rest = nil
                if leaf.key == changes[place].key { continue }
            }
            if let leaf = changes[place].leaf { spine.add(leaf, hashes[place], to: &writer) }
        }
        if let rest { spine.add(rest, rest.hash, to: &writer) }
        return spine.finish(&writer)
    }

    /// What an inner node becomes, whose touched children are done.
    private mutating func rebuild(_ old: TreeInner, _ item: Int) -> Subtree {
        let path = items[item].key.path
        var inner = old
        var child = items[item].children.lowerBound
        var isChanged = false
        pending.removeAll(keepingCapacity: true)
        lifted.removeAll(keepingCapacity: true)
        let all = changes
        all.forEachNibble(items[item].changes, path.depth) { nibble, changes in
            let outcome: Subtree
            if old.link(nibble) != nil {
                outcome = items[child].outcome
                child += 1
            } else {
                outcome = build(changes, with: nil, depth: path.depth + 1)
            }
            if apply(outcome, at: nibble, to: &inner) { isChanged = true }
        }
        guard isChanged else { return .unchanged }
        if inner.isTooSmall { return collapse(inner, path) }
        for (nibble, leaf) in pending { writer.write(.leaf(leaf), at: path.appending(nibble)) }
        for (nibble, from) in lifted { move(from, to: path.appending(nibble)) }
        writer.write(.inner(inner), at: path)
        return .inner(inner.hash)
    }

    /// Puts what a child has become into its parent; whether that changes the parent.
    private mutating func apply(_ outcome: Subtree, at nibble: Int, to inner: inout TreeInner) -> Bool {
        switch outcome {
        case .unchanged: return false
        case .empty:
            guard inner.link(nibble) != nil else { return false }
            inner.remove(nibble)
        case .leaf(let leaf, let hash):
            pending.append((nibble, leaf))
            inner.set(nibble, writer.link(hash), isLeaf: true)
        case .moved(let from, let hash):
            lifted.append((nibble, from))
            inner.set(nibble, writer.link(hash), isLeaf: true)
        case .inner(let hash):
            inner.set(nibble, writer.link(hash), isLeaf: false)
        }
        return true
    }

    /// A node of which one leaf or nothing is left: the leaf stands for it.
    private mutating func collapse(_ inner: TreeInner, _ path: NibblePath) -> Subtree {
        guard let link = inner.links.first else { return .empty }
        if let (_, leaf) = pending.first { return .leaf(leaf, link.hash) }
        if let (_, from) = lifted.first { return .moved(from, link.hash) }
        let nibble = inner.present.trailingZeroBitCount
        let from = TreeNodeKey(version: link.version, path: path.appending(nibble))
        stale.append(from)
        return .moved(from, link.hash)
    }

    private mutating func move(_ from: TreeNodeKey, to path: NibblePath) {
        moved.append((from, writer.nodes.count))
        writer.write(.empty, at: path)
    }
}
