package import NodeEncoding

/// Why some bytes are no node of a tree, no proof and no list of nodes.
package enum TreeNodeFault: Error, Equatable, Sendable {
    /// The bytes are not the encoding of the fields.
    case encoding(ScaleFault)
    /// A length that no such value has.
    case length(Int)
    /// A kind that there is not.
    case kind(UInt8)
    /// A place deeper than keys are long.
    case depth(Int)
    /// Bits are set that must be 0.
    case padding
    /// An inner node that holds fewer than two leaves, or a leaf that is no child.
    case children
    /// The hash of nothing where something is.
    case emptyHash
    /// A node that cannot stand at its place.
    case place
    /// Entries out of order, or twice.
    case order
}

extension TreeNodeFault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .encoding(let fault): fault.description
        case .length(let count): "\(count) bytes is a length that no such value has"
        case .kind(let kind): "there is no kind \(kind)"
        case .depth(let depth): "a depth of \(depth) is over the limit of \(NibblePath.longest)"
        case .padding: "bits are set that must be 0"
        case .children: "the children cannot be those of an inner node"
        case .emptyHash: "the hash of nothing stands where something is"
        case .place: "the node cannot stand at its place"
        case .order: "the entries are not in ascending order"
        }
    }
}

/// Why the tree cannot go on.
package enum TreeFault: Error, Equatable, Sendable {
    /// A node is not in storage: its version was pruned, or storage is damaged.
    case missing(TreeNodeKey)
    /// What storage holds for a node is not that node: storage is damaged.
    case corrupt(TreeNodeKey, TreeNodeFault)
    /// As many answers as there were questions are needed: the caller is at fault.
    case answers(expected: Int, given: Int)
    /// Asked for the end before all nodes were given: the caller is at fault.
    case unfinished
    /// A version that does not follow its base: the caller is at fault.
    case version(base: UInt64, new: UInt64)
    /// The key at this place is not above the one before it: the caller is at fault.
    case unordered(at: Int)
    /// A preimage or value over its limit: the caller is at fault.
    case tooLong(count: Int, limit: Int)
}

extension TreeFault: CustomStringConvertible {
    /// What is wrong, where, and what mends it.
    package var description: String {
        switch self {
        case .missing(let key):
            "node \(key) of the state is not in storage: its version was pruned, or restore the state"
        case .corrupt(let key, let fault):
            "node \(key) of the state is damaged (\(fault)): restore the state from a checkpoint"
        case .answers(let expected, let given):
            "\(given) nodes were given where \(expected) were asked for: answer each question"
        case .unfinished: "nodes are still needed: answer them before the end"
        case .version(let base, let new): "version \(new) cannot follow \(base): versions must rise"
        case .unordered(let place): "key \(place) is not above the one before: sort the keys"
        case .tooLong(let count, let limit): "\(count) bytes are over the limit of \(limit)"
        }
    }
}
