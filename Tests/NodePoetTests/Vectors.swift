internal import Foundation
internal import NodeDomain

/// Reads `Vectors/poet/poet.json`.
enum Vectors {
    static func all() throws -> PoetVectors {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/poet/poet.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(PoetVectors.self, from: Data(contentsOf: file))
    }
}

/// Any bytes as the vectors write them.
struct HexBytes: Decodable, Equatable {
    let value: [UInt8]

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Hexadecimal.bytes(of: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self.value = value
    }
}

/// Thirty-two bytes as the vectors write them.
struct Hex32: Decodable {
    let value: Bytes32

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Bytes32(hexadecimal: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self.value = value
    }
}

struct PoetVectors: Decodable {
    struct Published: Decodable {
        struct LabelHash: Decodable {
            let statementAscii, dataAscii: String
            let nesting: UInt32
            let expect: Hex32
        }
        struct MerkleHash: Decodable {
            let statementAscii, leftAscii, rightAscii: String
            let expect: Hex32
        }
        struct Preimages: Decodable {
            struct Case: Decodable {
                let id: UInt64
                let siblings: [HexBytes]
                let data: HexBytes
            }
            let cases: [Case]
        }
        struct Work: Decodable {
            let powChallengeAscii: String
            let nodeId: Hex32
            let poetChallengeAscii: String
            let difficultyBits: Int
            let smallestNonce: UInt64
            let hashAtNonceComputedWithReference: HexBytes
        }
        struct Certificate: Decodable {
            let base64: String
            let pubkey: Hex32
            let expirationUnix: UInt64
        }
        struct Tree: Decodable {
            struct Proof: Decodable {
                let leaves: UInt64
                let prove: [UInt64]
                let nodes: [Hex32]
            }
            struct Parked: Decodable {
                let leafBytes: [HexBytes]
                let parked: [HexBytes]
            }
            let roots: [String: Hex32]
            let proofs: [Proof]
            let parkedNodes: [Parked]
        }
        let labelHash: LabelHash
        let merkleHash: MerkleHash
        let labelPreimage: Preimages
        let submitPow: Work
        let certificate: Certificate
        let merkleTree: Tree
    }
    struct MoreWork: Decodable {
        struct Case: Decodable {
            let difficulty: Int
            let smallestNonce: UInt64
            let hash: HexBytes
        }
        let powChallenge: HexBytes
        let nodeId, poetChallenge: Hex32
        let cases: [Case]
    }
    struct Selection: Decodable {
        let root: Hex32
        let leaves: UInt64
        let t: Int
        let indices: [UInt64]
    }
    struct Run: Decodable {
        struct Members: Decodable {
            let members, nodes: [Hex32]
            let proofForIndex: Int
            let root: Hex32
        }
        struct Proof: Decodable {
            let statementHex: HexBytes
            let securityParam: Int
            let leaves: UInt64
            let firstLabels: [Hex32]
            let root: Hex32
            let provenIndices: [UInt64]
            let provenLeaves, proofNodes: [Hex32]
            let poetProofRef: Hex32
            let poetProofScale: HexBytes?
            let scaleLen: Int
        }
        let membership: [Members]
        let poetProofs: [Proof]
    }

    let published: Published
    let submitPowMore: MoreWork
    let fiatShamir: [Selection]
    let referenceRun: Run
}
