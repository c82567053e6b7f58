package import NodeDomain

/// A piece of work of a fleet, by what it is.
package enum FleetJob: Hashable, Sendable {
    /// Makes one file of a segment; another round is another try.
    case initialize(segment: Int, file: UInt64, round: UInt32)
    /// Finds the proof of work of a group of nonces.
    case work(group: UInt8, round: UInt32)
    /// Looks through a segment from a label on, for the groups of a pass.
    case scan(segment: Int, pass: Int, from: UInt64, round: UInt32)

    /// The segment that it reads or writes; nil: it can be done anywhere.
    package var segment: Int? {
        switch self {
        case .initialize(let segment, _, _), .scan(let segment, _, _, _): segment
        case .work: nil
        }
    }

    /// Which try it is.
    package var round: UInt32 {
        switch self {
        case .initialize(_, _, let round), .work(_, let round), .scan(_, _, _, let round): round
        }
    }
}

/// A good label for a nonce.
package struct FleetHit: Hashable, Sendable {
    /// The nonce.
    package let nonce: UInt32
    /// Index of the label in the plot.
    package let index: UInt64

    /// A hit.
    package init(nonce: UInt32, index: UInt64) {
        self.nonce = nonce
        self.index = index
    }
}

/// A group of nonces with its proof of work.
package struct FleetGroup: Hashable, Sendable {
    /// The group: sixteen nonces.
    package let number: UInt8
    /// Its proof of work.
    package let pow: UInt64

    /// A group.
    package init(number: UInt8, pow: UInt64) {
        self.number = number
        self.pow = pow
    }
}

/// The smallest label of a range: a candidate for the plot's VRF nonce.
package struct NonceCandidate: Hashable, Sendable {
    /// Where it is.
    package let index: UInt64
    /// The full label.
    package let label: Bytes32

    /// A candidate.
    package init(index: UInt64, label: Bytes32) {
        self.index = index
        self.label = label
    }

    /// The smaller of two; of equal labels the earlier.
    package static func smaller(_ left: NonceCandidate?, _ right: NonceCandidate?) -> NonceCandidate? {
        guard let left, let right else { return left ?? right }
        if right.label < left.label { return right }
        return right.label == left.label && right.index < left.index ? right : left
    }
}

/// How a job ended.
package enum JobOutcome: Hashable, Sendable {
    /// A file is there.
    case made(NonceCandidate?)
    /// A proof of work was found.
    case work(pow: UInt64)
    /// A segment was looked through up to a label; hits of it that had not been told before.
    case scanned([FleetHit], next: UInt64)
    /// It failed as often as may be.
    case failed(String)
    /// Nobody wanted it any more; the label that a scan had come to.
    case cancelled(next: UInt64?)
}

/// What the strict verifier says of a proof.
package enum Judgement: Hashable, Sendable {
    /// It accepts it.
    case valid
    /// It does not; the label that is the reason, when it is one.
    case invalid(reason: String, index: UInt64?)
    /// Nobody could be asked.
    case unanswered
}
