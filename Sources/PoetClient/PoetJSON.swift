package import Foundation

/// Sixty-four bits as the original's JSON has them: text, or a number from those who write one.
package struct NumberText: Codable, Hashable, Sendable {
    /// The number.
    package let value: UInt64

    /// A number.
    package init(_ value: UInt64) {
        self.value = value
    }

    /// Reads either form.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt64.self) {
            value = number
            return
        }
        guard let number = UInt64(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a number of 64 bits is expected")
        }
        value = number
    }

    /// Writes text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(value)")
    }
}

/// A span of time as the original's JSON has it: seconds with at most nine places, and an `s`.
package struct DurationText: Codable, Hashable, Sendable {
    /// Milliseconds.
    package let milliseconds: UInt64

    /// A span.
    package init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    /// Reads a text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), (0...1e12).contains(seconds) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a span such as 864000s is expected")
        }
        milliseconds = UInt64(seconds * 1000)
    }

    /// Writes a text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let rest = milliseconds % 1000
        let places = rest == 0 ? "" : ".\(String(1000 + rest).dropFirst())"
        try container.encode("\(milliseconds / 1000)\(places)s")
    }
}

/// What stands in requests and answers of a PoET's `/v1`, names and forms as the original's gateway has them
/// (spec: post-poet, §4.7).
package enum PoetJSON {
    /// Terms of a proof of work.
    package struct WorkTerms: Codable, Hashable, Sendable {
        package var challenge: Data
        package var difficulty: UInt32

        /// Terms of these.
        package init(challenge: Data, difficulty: UInt32) {
            self.challenge = challenge
            self.difficulty = difficulty
        }
    }

    /// Answer of `/v1/pow_params`.
    package struct WorkReply: Codable, Hashable, Sendable {
        package var powParams: WorkTerms

        /// An answer.
        package init(_ terms: WorkTerms) { powParams = terms }
    }

    /// A certifier's word.
    package struct Certificate: Codable, Hashable, Sendable {
        package var data: Data
        package var signature: Data

        /// A certificate.
        package init(data: Data, signature: Data) {
            self.data = data
            self.signature = signature
        }
    }

    /// Request of `/v1/submit`; what is left out is nothing.
    package struct SubmitRequest: Codable, Hashable, Sendable {
        package var nonce: NumberText?
        package var powParams: WorkTerms?
        package var prefix: Data?
        package var challenge: Data
        package var pubkey: Data
        package var signature: Data
        /// A moment in the form of RFC 3339.
        package var deadline: String?
        package var certificate: Certificate?
        package var certificatePubkeyHint: Data?

        /// A registration.
        package init(challenge: Data, pubkey: Data, prefix: Data, signature: Data) {
            self.challenge = challenge
            self.pubkey = pubkey
            self.prefix = prefix
            self.signature = signature
        }
    }

    /// Answer of `/v1/submit`.
    package struct SubmitReply: Codable, Hashable, Sendable {
        package var roundId: String
        /// From now on.
        package var roundEnd: DurationText?

        /// An answer.
        package init(roundId: String, roundEnd: DurationText) {
            self.roundId = roundId
            self.roundEnd = roundEnd
        }
    }

    /// Whose certificates are taken.
    package struct Certifier: Codable, Hashable, Sendable {
        package var url: String?
        package var pubkey: Data

        /// A certifier.
        package init(url: String?, pubkey: Data) {
            self.url = url
            self.pubkey = pubkey
        }
    }

    /// One of our rounds: what a fixed clock would say, and the chain does.
    package struct Span: Codable, Hashable, Sendable {
        package var id: String
        /// Unix milliseconds.
        package var start: NumberText
        package var end: NumberText

        /// A round's times.
        package init(id: String, start: UInt64, end: UInt64) {
            self.id = id
            self.start = NumberText(start)
            self.end = NumberText(end)
        }
    }

    /// Answer of `/v1/info`; the last three are ours, and clients of the original pass over them.
    package struct InfoReply: Codable, Hashable, Sendable {
        package var openRoundId: String?
        package var executingRoundId: String?
        package var servicePubkey: Data?
        package var phaseShift: DurationText?
        package var cycleGap: DurationText?
        package var certifier: Certifier?
        package var openRound: Span?
        package var executingRound: Span?
        package var leaves: NumberText?

        /// Nothing yet.
        package init() {}
    }

    /// A proof of sequential work.
    package struct MerkleProof: Codable, Hashable, Sendable {
        package var root: Data
        package var provenLeaves: [Data]?
        package var proofNodes: [Data]?

        /// A proof.
        package init(root: Data, provenLeaves: [Data], proofNodes: [Data]) {
            self.root = root
            self.provenLeaves = provenLeaves
            self.proofNodes = proofNodes
        }
    }

    /// A proof, and whom it is for.
    package struct RoundProof: Codable, Hashable, Sendable {
        package var proof: MerkleProof
        package var members: [Data]?
        package var leaves: NumberText

        /// A proof.
        package init(proof: MerkleProof, members: [Data], leaves: UInt64) {
            self.proof = proof
            self.members = members
            self.leaves = NumberText(leaves)
        }
    }

    /// Answer of `/v1/proofs/ROUND`.
    package struct ProofReply: Codable, Hashable, Sendable {
        package var proof: RoundProof
        package var pubkey: Data?

        /// An answer.
        package init(proof: RoundProof, pubkey: Data) {
            self.proof = proof
            self.pubkey = pubkey
        }
    }

    /// Answer of whatever failed.
    package struct Failure: Codable, Hashable, Sendable {
        package var code: Int
        package var message: String
        package var details: [String]

        /// A failure.
        package init(code: Int, message: String) {
            self.code = code
            self.message = message
            details = []
        }
    }

    /// The bytes of a value.
    /// - Throws: what the value's encoding throws.
    package static func bytes(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// Reads bytes from anywhere; names may be `roundId` or `round_id`, unknown ones are passed over.
    /// - Throws: `DecodingError` when they are no such value.
    package static func read<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }
}
