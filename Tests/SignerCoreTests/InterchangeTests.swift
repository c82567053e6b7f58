import NodeDomain
import SignerCore
import Testing

/// The block half of EIP-3076's interchange suite: a slot is a place in the order, a signing root is what is signed.
///
/// A mark keeps the highest slot only, which the suite calls minified: where a complete list would sign and a minified one not, we do not.
/// The attestation half has no counterpart here, as a committee's votes have no source and target: it is left out, and counted.
@Suite("Interchange")
struct InterchangeTests {
    private struct File: Decodable { let cases: [Case] }
    private struct Case: Decodable {
        let name: String
        let genesis_validators_root: String
        let steps: [Step]
    }
    private struct Step: Decodable {
        let should_succeed: Bool
        let interchange: Interchange
        let blocks: [Block]
        let attestations: [Attestation]
    }
    private struct Attestation: Decodable { let pubkey: String }
    private struct Interchange: Decodable {
        let metadata: Metadata
        let data: [Entry]
    }
    private struct Metadata: Decodable { let genesis_validators_root: String }
    private struct Entry: Decodable {
        let pubkey: String
        let signed_blocks: [Slot]
    }
    private struct Slot: Decodable { let slot: String }
    private struct Block: Decodable {
        let pubkey: String
        let slot: String
        let signing_root: String
        let should_succeed: Bool
        let should_succeed_complete: Bool
    }

    /// Slot n is the n-th place: three steps a round, four rounds a height.
    private func point(_ slot: UInt64) -> SigningPoint {
        SigningPoint(
            height: slot / 12 + 1, round: UInt32(slot / 3 % 4),
            step: SigningStep(rawValue: UInt8(slot % 3 + 1)) ?? .nothing)
    }

    private func request(_ block: Block, _ chain: ChainRevision) -> SigningRequest? {
        guard let slot = UInt64(block.slot),
            let root = Bytes32(hexadecimal: String(block.signing_root.dropFirst(2)))
        else { return nil }
        let place = point(slot)
        var target = Given.someTarget(1)
        target.block.hash = root
        if place.step == .proposal {
            return .proposal(
                Proposal(height: place.height, round: place.round, polRound: nil, target: target), chain)
        }
        return .vote(
            Vote(
                kind: place.step == .prevote ? .prevote : .precommit, height: place.height,
                round: place.round, target: target, member: 0), chain)
    }

    /// A chain for a root, and a key for a text.
    private func chain(_ root: String) -> ChainRevision { Given.someChain("r\(root.suffix(16))", 0) }
    private func key(_ text: String) -> Bytes32 {
        Bytes32(hexadecimal: String(text.dropFirst(2).prefix(64))) ?? .zero
    }

    private struct Tally: Equatable {
        var cases = 0
        var withoutAttestations = 0
        var imports = 0
        var blocks = 0
        var signed = 0
        var attestations = 0
    }

    @Test("38 cases, 19 without attestations")
    func all() throws {
        var tally = Tally()
        for one in try Given.vector("signer/eip3076_interchange.json", as: File.self).cases {
            tally.cases += 1
            if one.steps.allSatisfy(\.attestations.isEmpty) { tally.withoutAttestations += 1 }
            try play(one, &tally)
        }
        #expect(
            tally
                == Tally(
                    cases: 38, withoutAttestations: 19, imports: 89, blocks: 71, signed: 18, attestations: 79
                ))
    }

    private func play(_ one: Case, _ tally: inout Tally) throws {
        let own = chain(one.genesis_validators_root)
        var keys: [Bytes32: WorkingKey] = [:]
        for step in one.steps {
            tally.attestations += step.attestations.count
            let other = chain(step.interchange.metadata.genesis_validators_root)
            if !step.should_succeed {
                // The file is of another chain: no record takes its mark.
                let record = SigningRecord(
                    key: Given.key, chain: own, point: point(1), signed: nil, isRetired: false)
                let mark = HighWaterMark(key: Given.key, chain: other, point: point(2), isFinal: true)
                #expect(throws: ImportRefusal.self) {
                    _ = try record.importing(mark, assumedHeight: nil)
                }
                continue
            }
            for entry in step.interchange.data {
                for slot in entry.signed_blocks {
                    tally.imports += 1
                    try take(slot, key(entry.pubkey), other, &keys)
                }
            }
            for block in step.blocks {
                tally.blocks += 1
                try judge(block, own, &keys, &tally, one.name)
            }
        }
    }

    private func take(
        _ slot: Slot, _ id: Bytes32, _ chain: ChainRevision, _ keys: inout [Bytes32: WorkingKey]
    ) throws {
        let mark = HighWaterMark(
            key: id, chain: chain, point: point(try #require(UInt64(slot.slot))), isFinal: true)
        let record = keys[id]?.key.record ?? SigningRecord(newKey: id)
        let raised = try record.importing(mark, assumedHeight: nil)
        #expect(raised.point >= record.point)
        keys[id] = WorkingKey(raised)
    }

    private func judge(
        _ block: Block, _ chain: ChainRevision, _ keys: inout [Bytes32: WorkingKey], _ tally: inout Tally,
        _ name: String
    ) throws {
        let id = key(block.pubkey)
        var signer = keys[id] ?? WorkingKey(SigningRecord(newKey: id))
        let answer = signer.ask(try #require(request(block, chain)))
        keys[id] = signer
        if answer.signature != nil { tally.signed += 1 }
        // The signature that was given before is no second one, and a complete list gives it too.
        let mayRepeat = answer.isSaved && block.should_succeed_complete
        #expect((answer.signature != nil) == block.should_succeed || mayRepeat, "\(name) slot \(block.slot)")
    }
}
