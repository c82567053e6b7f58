import Foundation
import NodeDomain
import SignerCore

/// Values that the tests share.
enum Given {
    static let key = number(0x11)
    static let chain = someChain("devnet", 0)

    static func number(_ value: UInt64) -> Bytes32 { Bytes32(value, value, value, value) }

    static func someChain(_ name: String, _ revision: UInt32) -> ChainRevision {
        guard let chain = ChainRevision(name: name, revision: revision) else {
            preconditionFailure("\(name) is no chain")
        }
        return chain
    }

    /// Something to vote for; nil for block 0.
    static func target(_ block: UInt64) -> VotedBlock? {
        block == 0 ? nil : someTarget(block)
    }

    static func someTarget(_ block: UInt64) -> VotedBlock {
        VotedBlock(
            block: BlockReference(hash: number(block), partsTotal: 1, partsHash: number(block)),
            time: Timestamp(seconds: 1_700_000_000, nanoseconds: 5))
    }

    /// A request; a proposal for block 0 is one for block 1.
    static func request(
        _ height: UInt64, _ round: UInt32, _ step: SigningStep, block: UInt64,
        chain: ChainRevision = Given.chain
    ) -> SigningRequest {
        switch step {
        case .nothing, .proposal:
            .proposal(
                Proposal(
                    height: height, round: round, polRound: nil, target: someTarget(max(1, block))), chain)
        case .prevote, .precommit:
            .vote(
                Vote(
                    kind: step == .prevote ? .prevote : .precommit, height: height, round: round,
                    target: target(block), member: 3), chain)
        }
    }

    /// A stand-in for a signature: the tests of decisions need none that verifies.
    static func signature(of bytes: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        for (place, byte) in bytes.enumerated() {
            signature[place % 64] = signature[place % 64] &* 31 &+ byte
        }
        return signature
    }

    /// The record after a request was signed.
    static func record(after request: SigningRequest, key: Bytes32 = Given.key) -> SigningRecord {
        guard case .sign(let pending) = SigningRecord(newKey: key).decide(request) else {
            preconditionFailure("a new key refuses")
        }
        return pending.record(with: signature(of: pending.bytes))
    }

    /// A file of Tests/Vectors.
    static func vector<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appendingPathComponent("Vectors/\(path)"))
        return try JSONDecoder().decode(type, from: data)
    }
}

/// A key with a disk that never fails.
struct WorkingKey {
    private(set) var key: ConsensusKey

    init(_ record: SigningRecord) { key = ConsensusKey(record) }

    /// The signature, or why not; the third: whether it was given before.
    mutating func ask(_ request: SigningRequest) -> (
        signature: [UInt8]?, refusal: SigningRefusal?, isSaved: Bool
    ) {
        var waiting = key.handle(.request(request))
        var isSaved = true
        while let action = waiting.first {
            switch action {
            case .sign(let bytes): waiting = key.handle(.signed(Given.signature(of: bytes)))
            case .store:
                isSaved = false
                waiting = key.handle(.stored)
            case .answer(let signature): return (signature, nil, isSaved)
            case .refuse(let refusal): return (nil, refusal, false)
            }
        }
        return (nil, nil, false)
    }
}
