internal import ConsensusCore
internal import Foundation
internal import NodeDomain

/// `Tests/Vectors/consensus/malachite_tendermint_steps.json`: what Malachite's driver and vote keeper do, step by step.
struct TendermintVectors: Decodable {
    struct Validator: Decodable {
        let id: String
        let power: Int64
    }

    struct Words: Decodable {
        let input: String?
        let output: String?
        let kind: String?
        let round: UInt32?
        let value: Int?
        let valid: Bool?
        let proposer: String?
        let proposal: Offer?
        let vote: Ballot?
        let voters: [String]?
    }

    struct Offer: Decodable, Equatable {
        let height: UInt64
        let round: UInt32
        let value: Int
        let pol_round: Int64
    }

    struct Ballot: Decodable, Equatable {
        let type: String
        let height: UInt64
        let round: UInt32
        let value: Int?
        let from: String
    }

    struct Block: Decodable, Equatable {
        let value: Int
        let round: UInt32
    }

    struct State: Decodable {
        let round: UInt32
        let step: String
        let locked: Block?
        let valid: Block?
        let decision: Block?
    }

    struct Step: Decodable {
        let desc: String
        let input: Words
        let expected_outputs: [Words]
        let new_state: State
    }

    struct DriverTest: Decodable {
        let name: String
        let validators: [Validator]
        let me: String
        let proposer_selector: String
        let steps: [Step]
    }

    /// A value of the vote keeper's tables: a number in Malachite's own, text in those of Quint.
    enum Value: Decodable, Equatable {
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .text("v\(number)")
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        var text: String { if case .text(let text) = self { text } else { "" } }
    }

    struct KeeperVote: Decodable {
        let type: String
        let round: UInt32
        let value: Value?
        let from: UInt32
    }

    /// `{"SkipRound": 1}` or `SkipVKOutput(1)`, as its first word.
    struct Expectation: Decodable {
        let name: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                name = text.replacing(/VKOutput.*$/, with: "")
            } else {
                name = try container.decode([String: Int?].self).keys.first ?? ""
            }
        }
    }

    struct KeeperStep: Decodable {
        let vote: KeeperVote
        let current_round: UInt32
        let expected: Expectation?
        let expected_not: Expectation?
    }

    struct KeeperTest: Decodable {
        let name: String
        let powers: [UInt64]
        let steps: [KeeperStep]
        let expected_equivocation_by: [UInt32]?
    }

    let driver_tests: [DriverTest]
    let votekeeper_tests: [KeeperTest]

    static func read() throws -> TendermintVectors {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../Vectors/consensus/malachite_tendermint_steps.json")
        return try JSONDecoder().decode(TendermintVectors.self, from: Data(contentsOf: file))
    }
}

/// A block for a number or a name; the same for the same.
func sampleTarget(_ name: String) -> VotedBlock {
    var bytes = Array(name.utf8.prefix(32))
    bytes += [UInt8](repeating: 0, count: 32 - bytes.count)
    return VotedBlock(
        block: BlockReference(hash: Bytes32(bytes) ?? .zero, partsTotal: 1, partsHash: .zero),
        time: Timestamp(seconds: 1, nanoseconds: 0))
}

/// A key for a name.
func sampleKey(_ name: String) -> Bytes32 { sampleTarget(name).block.hash }

/// A set of members by their names.
func validators(_ members: [(name: String, power: Int64)]) throws -> ValidatorSet {
    try ValidatorSet(members.map { Validator(key: sampleKey($0.name), power: $0.power) })
}
