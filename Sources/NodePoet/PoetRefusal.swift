package import NodeDomain

/// Why a proof of sequential work is none.
package enum PoetRefusal: Error, Hashable, Sendable {
    /// No proof is of so many leaves.
    case leafCount(UInt64)
    /// It must show so many leaves, and shows others.
    case shown(Int, of: Int)
    /// It has more nodes than any proof.
    case nodes(Int)
    /// The indices of the leaves cannot be drawn.
    case selection
    /// Nodes are missing.
    case missing
    /// Nodes are left.
    case surplus(Int)
    /// Leaves and nodes make another root.
    case root(Bytes32)
    /// A leaf is not the one that the work gives.
    case leaf(index: UInt64)
}

extension PoetRefusal: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .leafCount(let count): "no proof is of \(count) leaves: 1 to 2^40 are possible"
        case .shown(let count, let expected):
            "it shows \(count) leaves: its root and size ask for \(expected)"
        case .nodes(let count): "it has \(count) nodes: at most \(PoetProof.mostNodes) are possible"
        case .selection: "the leaves to be shown cannot be drawn from its root: it was made on purpose"
        case .missing: "nodes are missing: it was cut short, or its number of leaves is another"
        case .surplus(let count): "\(count) nodes are left over: its number of leaves is another"
        case .root(let root):
            "its leaves and nodes make the root \(root): one of them was changed, or the statement is another"
        case .leaf(let index):
            "leaf \(index) is not what the work on this statement gives: is the statement the right one?"
        }
    }
}
