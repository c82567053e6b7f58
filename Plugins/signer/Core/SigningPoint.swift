package import NodeDomain

/// What a consensus key does in a round, in the order in which it does it.
package enum SigningStep: UInt8, Sendable, CaseIterable, Comparable {
    /// Before anything was signed.
    case nothing = 0
    /// A proposal.
    case proposal = 1
    /// A prevote.
    case prevote = 2
    /// A precommit.
    case precommit = 3

    /// The step of a vote.
    package init(_ kind: VoteKind) {
        self = kind == .prevote ? .prevote : .precommit
    }

    /// As refusals call it.
    package var name: String {
        switch self {
        case .nothing: "nothing"
        case .proposal: "proposal"
        case .prevote: "prevote"
        case .precommit: "precommit"
        }
    }

    /// By its place in a round.
    package static func < (left: SigningStep, right: SigningStep) -> Bool { left.rawValue < right.rawValue }
}

/// A place in the order of all that a consensus key signs.
package struct SigningPoint: Hashable, Sendable, Comparable {
    /// Before anything was signed.
    package static let start = SigningPoint(height: 0, round: 0, step: .nothing)
    /// Above it, canonical bytes of different heights would be the same.
    package static let highest = UInt64(Int64.max)

    /// From 1 on, for what is signed.
    package let height: UInt64
    /// From 0 on.
    package let round: UInt32
    /// In the round.
    package let step: SigningStep

    /// A place.
    package init(height: UInt64, round: UInt32, step: SigningStep) {
        self.height = height
        self.round = round
        self.step = step
    }

    /// Behind all that can be signed at a height.
    package static func end(ofHeight height: UInt64) -> SigningPoint {
        SigningPoint(height: height, round: .max, step: .precommit)
    }

    /// Whether it is the start, or a place where something can be signed.
    package var isValid: Bool {
        self == .start || ((1...Self.highest).contains(height) && step != .nothing)
    }

    /// By height, then round, then step.
    package static func < (left: SigningPoint, right: SigningPoint) -> Bool {
        (left.height, left.round, left.step) < (right.height, right.round, right.step)
    }
}

extension SigningPoint: CustomStringConvertible {
    /// For people.
    package var description: String { "height \(height), round \(round), \(step.name)" }
}
