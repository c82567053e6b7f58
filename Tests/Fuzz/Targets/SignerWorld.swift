import NodeCrypto
import NodeDomain
import NodeEncoding
import SignerCore

/// Files of a signer: records of what was signed, and sealed keys; and where members are reached, from anybody.
///
/// What is read is written alike, byte for byte, and a record that is read decides without a trap.
enum SignerWorld {
    static func run(_ input: UnsafeRawBufferPointer) {
        let bytes = [UInt8](input)
        // What a fuzzer cannot guess is the check sum, so it is made for it as well.
        record(bytes)
        record(bytes + BLAKE3.hash(bytes).bytes)
        if let key = try? SealedKey(bytes: bytes) {
            precondition(key.bytes == bytes, "a key is written otherwise than read")
        }
        if let record = try? ValidatorRecord(bytes: bytes) {
            precondition(record.scale == bytes && record.isWellFormed, "written otherwise than read")
        }
    }

    private static func record(_ bytes: [UInt8]) {
        guard let record = try? SigningRecord(bytes: bytes) else { return }
        precondition(record.bytes == bytes && record.isWellFormed, "a record is written otherwise than read")
        let chain = record.chain ?? chains[0]
        let next = vote(record.point.height &+ 1, record.point.round, chain)
        switch record.decide(next) {
        case .sign(let pending):
            let after = pending.record(with: [UInt8](repeating: 1, count: 64))
            precondition(!record.isRetired && after.point > record.point, "goes back")
            precondition((try? SigningRecord(bytes: after.bytes)) == after, "its record cannot be read")
        case .saved: preconditionFailure("a signature of something else")
        case .refused(let refusal): precondition(!refusal.description.isEmpty, "a refusal without a word")
        }
        if case .sign = record.decide(vote(record.point.height, 0, chain)),
            record.point.round > 0 || record.point.step == .precommit
        {
            preconditionFailure("signs what is over")
        }
        for mark in [HighWaterMark(record), HighWaterMark(record.retired)] {
            let raised = try? record.importing(mark, assumedHeight: record.point.height &+ 5_000)
            precondition(raised.map { $0.point >= record.point } ?? true, "an import lowers")
        }
    }

    private static func vote(_ height: UInt64, _ round: UInt32, _ chain: ChainRevision) -> SigningRequest {
        .vote(Vote(kind: .prevote, height: height, round: round, target: nil, member: 0), chain)
    }

    private static let chains = ["devnet", "a-long-name-of-a-network-with-40-letters"].enumerated()
        .compactMap {
            ChainRevision(name: $1, revision: UInt32($0) * 70_000)
        }

    static func seeds() -> [[UInt8]] {
        let key = Bytes32(1, 2, 3, 4)
        let new = SigningRecord(newKey: key)
        var records = [new, new.retired]
        for chain in chains {
            for (height, round) in [(1, 0), (70, 1), (1 << 40, 70_000)] as [(UInt64, UInt32)] {
                guard case .sign(let pending) = new.decide(vote(height, round, chain)) else { continue }
                records.append(pending.record(with: [UInt8](repeating: 5, count: 64)))
            }
            records.append(
                SigningRecord(
                    key: key, chain: chain, point: .end(ofHeight: 1_000), signed: nil, isRetired: false))
        }
        let validator = ValidatorRecord(
            term: 70, operator: key, peer: [UInt8](repeating: 1, count: 38),
            addresses: [[1, 2, 3], [UInt8](repeating: 4, count: 70)], sequence: 1,
            signature: [UInt8](repeating: 5, count: 64))
        let sealed = KeyKind.allCases.compactMap { kind -> [UInt8]? in
            guard let cost = PasswordBox.Cost(passes: 1, memory: 8192) else { return nil }
            func secret() -> SecretBytes { SecretBytes(count: 32) { $0.copyBytes(from: 1...32) } }
            return try? SealedKey(
                kind, seed: secret(), passphrase: secret(), salt: [UInt8](repeating: 1, count: 16),
                nonce: [UInt8](repeating: 2, count: 24), cost: cost
            ).bytes
        }
        // Without their check sums as well: those are added to each input.
        return records.map(\.bytes) + records.map { Array($0.bytes.dropLast(32)) } + sealed
            + [validator.scale]
    }
}
