import Foundation
import NodeDomain
import Testing

/// The files of `Tests/Vectors/consensus`.
enum VectorFiles {
    static func read<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/consensus/\(name)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: Data(contentsOf: file))
    }
}

/// A number that some files write as text.
struct Number: Decodable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            value = number
        } else {
            value = try #require(Int64(try container.decode(String.self)))
        }
    }
}

/// A hash in hexadecimal; empty for none.
struct HexHash: Decodable {
    let text: String
    var hash: Bytes32 { Bytes32(hexadecimal: text) ?? .zero }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }
}

/// A moment as RFC 3339 writes it, with up to nine digits of a second, in UTC.
struct Moment: Decodable {
    let time: Timestamp

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        let pattern = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z/
        let parts = try #require(try pattern.wholeMatch(in: text)).output
        func number(_ part: Substring) -> Int64 { Int64(part) ?? 0 }
        // Days since 1970 in the calendar that holds for all time, with years from March on.
        let (month, day) = (number(parts.2), number(parts.3))
        let year = number(parts.1) - (month <= 2 ? 1 : 0)
        let inYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = 365 * year + year / 4 - year / 100 + year / 400 + inYear - 719_468
        let seconds = days * 86_400 + number(parts.4) * 3600 + number(parts.5) * 60 + number(parts.6)
        let fraction = parts.7.map { "\($0)" + String(repeating: "0", count: 9 - $0.count) } ?? "0"
        time = Timestamp(seconds: seconds, nanoseconds: Int32(fraction) ?? 0)
    }
}

/// CometBFT's `BlockID`.
struct BlockIDRow: Decodable {
    struct Parts: Decodable {
        let total: Int
        let hash: HexHash
    }
    let hash: HexHash
    let parts: Parts?
    let partSetHeader: Parts?

    var reference: BlockReference {
        let parts = parts ?? partSetHeader
        return BlockReference(
            hash: hash.hash, partsTotal: UInt32(parts?.total ?? 0), partsHash: parts?.hash.hash ?? .zero)
    }
}

/// CometBFT's header.
struct HeaderRow: Decodable {
    struct Version: Decodable {
        let block: Number
        let app: Number
    }
    let version: Version
    let chainId: String
    let height: Number
    let time: Moment
    let lastBlockId: BlockIDRow?
    let lastCommitHash, dataHash, validatorsHash, nextValidatorsHash, consensusHash, appHash: HexHash
    let lastResultsHash, evidenceHash: HexHash
    let proposerAddress: String

    func header() throws -> BlockHeader {
        let address = try #require(Hexadecimal.bytes(of: proposerAddress))
        var header = BlockHeader(
            blockVersion: UInt64(version.block.value), appVersion: UInt64(version.app.value), chain: chainId,
            height: UInt64(height.value), time: time.time, lastBlock: lastBlockId?.reference,
            proposer: try #require(ValidatorAddress(address)))
        header.lastCommitHash = lastCommitHash.hash
        header.dataHash = dataHash.hash
        header.validatorsHash = validatorsHash.hash
        header.nextValidatorsHash = nextValidatorsHash.hash
        header.consensusHash = consensusHash.hash
        header.appHash = appHash.hash
        header.lastResultsHash = lastResultsHash.hash
        header.evidenceHash = evidenceHash.hash
        return header
    }
}

/// CometBFT's commit: a time for each signature.
struct CommitRow: Decodable {
    struct Signature: Decodable {
        let blockIdFlag: Int
        let validatorAddress: String
        let timestamp: Moment
        let signature: String?

        var isForBlock: Bool { blockIdFlag == 2 }
        var bytes: [UInt8] { [UInt8](Data(base64Encoded: signature ?? "") ?? Data()) }
    }
    let height: Number
    let round: Int
    let blockId: BlockIDRow
    let signatures: [Signature]?

    var votes: [Signature] { signatures ?? [] }
}

/// CometBFT's validator set.
struct SetRow: Decodable {
    struct Member: Decodable {
        struct Key: Decodable {
            let value: String
        }
        let address: String
        let pubKey: Key
        let votingPower: Number
    }
    let validators: [Member]?
}
