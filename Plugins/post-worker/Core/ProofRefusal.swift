package import NodeDomain

/// Why a proof is refused, with positions that count from zero.
package enum ProofRefusal: Error, Hashable, Sendable {
    /// The plot has fewer or more units than the network allows.
    case units(found: UInt32, smallest: UInt32, largest: UInt32)
    /// The plot has no more labels than K1, so that all would be good.
    case tooFewLabels(labels: UInt64, k1: UInt32)
    /// The nonce belongs to no group.
    case nonce(found: UInt32, limit: UInt32)
    /// The pow has more than the seven bytes that are hashed.
    case powTooLarge(UInt64)
    /// The indices take too few or too many bytes.
    case length(found: Int, needed: Int)
    /// A bit after the last index is set.
    case padding
    /// An index is beyond the plot's labels.
    case indexTooLarge(position: Int, index: UInt64, labels: UInt64)
    /// An index stands twice.
    case repeated(position: Int, index: UInt64, first: Int)
    /// A rule of the chain: an index is not greater than the one before.
    case notAscending(position: Int, index: UInt64)
    /// The hash of the pow is not below the difficulty of the plot's size.
    case work(hash: Bytes32, difficulty: Bytes32)
    /// A label is not good enough.
    case label(position: Int, index: UInt64, LabelRefusal)
}

extension ProofRefusal {
    /// The index that the refusal is about, if it is about one.
    package var index: UInt64? {
        switch self {
        case .indexTooLarge(_, let index, _), .repeated(_, let index, _), .notAscending(_, let index),
            .label(_, let index, _):
            index
        default: nil
        }
    }
}

extension ProofRefusal: CustomStringConvertible {
    /// What is wrong, with the figures.
    package var description: String {
        switch self {
        case .units(let found, let smallest, let largest):
            "\(found) units are out of the network's limits, \(smallest) to \(largest)"
        case .tooFewLabels(let labels, let k1):
            "\(labels) labels are no more than K1, \(k1): nothing is proved"
        case .nonce(let found, let limit): "nonce \(found) is not below \(limit)"
        case .powTooLarge(let pow): "pow \(pow) is not below 2^56: only seven bytes of it are hashed"
        case .length(let found, let needed): "the indices take \(found) bytes where \(needed) are needed"
        case .padding: "a bit after the last index is not zero"
        case .indexTooLarge(let position, let index, let labels):
            "index \(index) at position \(position) is not below the plot's \(labels) labels"
        case .repeated(let position, let index, let first):
            "index \(index) at position \(position) stands at position \(first) too"
        case .notAscending(let position, let index):
            "index \(index) at position \(position) is not greater than the one before it"
        case .work(let hash, let difficulty):
            "the proof of work's hash \(hash) is not below \(difficulty)"
        case .label(let position, let index, let refusal):
            "label \(index) at position \(position) is not good: \(refusal)"
        }
    }
}

extension LabelRefusal: CustomStringConvertible {
    /// Which comparison failed.
    package var description: String {
        switch self {
        case .msb(let found, let limit): "its byte \(found) is over \(limit)"
        case .lsb(let found, let limit): "its byte is at the limit, and \(found) is not below \(limit)"
        }
    }
}
