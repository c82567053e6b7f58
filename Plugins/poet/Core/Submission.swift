package import NodeDomain

/// Somebody's wish that a round works for a challenge, as the original's clients send it.
package struct Submission: Hashable, Sendable {
    /// The largest prefix that is taken: the original's has 21 bytes.
    package static let longestPrefix = 64

    /// A certifier's word, in place of work.
    package struct Certificate: Hashable, Sendable {
        /// What is signed.
        package let data: [UInt8]
        /// By the certifier.
        package let signature: [UInt8]

        /// A certificate from anywhere.
        package init(data: [UInt8], signature: [UInt8]) {
            self.data = data
            self.signature = signature
        }
    }

    /// Who registers.
    package var node: Bytes32
    /// What it registers.
    package var challenge: Bytes32
    /// Stands before the challenge in what is signed.
    package var prefix: [UInt8]
    /// Of prefix and challenge, by the node's key.
    package var signature: [UInt8]
    /// The nonce of the proof of work.
    package var nonce: UInt64 = 0
    /// What the proof of work is of, as the server had said it.
    package var workChallenge: [UInt8] = []
    /// Leading zero bits, as the server had said it.
    package var difficulty = 0
    /// In place of work.
    package var certificate: Certificate?
    /// Unix milliseconds until which the round must end to be of use.
    package var deadline: UInt64?

    /// A wish of these fields; from anywhere.
    package init(node: Bytes32, challenge: Bytes32, prefix: [UInt8], signature: [UInt8]) {
        self.node = node
        self.challenge = challenge
        self.prefix = prefix
        self.signature = signature
    }
}

/// What a registration is answered.
package struct Registered: Hashable, Sendable {
    /// The round, which is the epoch's number.
    package let round: UInt32
    /// Milliseconds until its work ends, as far as that is known.
    package let endsIn: UInt64

    /// An answer.
    package init(round: UInt32, endsIn: UInt64) {
        self.round = round
        self.endsIn = endsIn
    }
}

/// Why a registration is not taken.
package enum SubmissionRefusal: Error, Hashable, Sendable {
    /// No round takes registrations now.
    case closed
    /// The round would end too late.
    case late
    /// The prefix is too long.
    case prefix(Int)
    /// The signature is not the node's.
    case signature
    /// The work is of something else, or too easy.
    case workTerms
    /// The nonce does not do it.
    case work
    /// The certificate does not hold.
    case certificate
    /// The node has registered something else.
    case conflict
    /// The round has as many members as it may have.
    case full(Int)
}

extension SubmissionRefusal: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .closed:
            "no round takes registrations now: the next opens when the epoch has its proof; try again"
        case .late: "the open round ends after the deadline: register elsewhere"
        case .prefix(let count):
            "the prefix has \(count) bytes: at most \(Submission.longestPrefix) are taken"
        case .signature: "the signature is not that of this key over prefix and challenge"
        case .workTerms: "the proof of work is of other terms: ask for pow_params again"
        case .work: "the nonce has too few leading zero bits: find another"
        case .certificate: "the certificate is not valid for this key now: ask the certifier for one"
        case .conflict: "this key has registered another challenge in this round: it stays"
        case .full(let count):
            "the round has \(count) members, which is as many as it may have: register elsewhere"
        }
    }
}
