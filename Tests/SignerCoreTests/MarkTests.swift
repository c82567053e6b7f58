import NodeDomain
import SignerCore
import Testing

/// High-water marks: export, import, retirement.
@Suite("High-water marks")
struct MarkTests {
    private let record = Given.record(after: Given.request(10, 1, .prevote, block: 1))

    private func mark(
        _ height: UInt64, _ chain: ChainRevision = Given.chain, key: Bytes32 = Given.key,
        isFinal: Bool = false
    ) -> HighWaterMark {
        HighWaterMark(
            key: key, chain: chain, point: SigningPoint(height: height, round: 0, step: .precommit),
            isFinal: isFinal)
    }

    @Test("a mark only raises")
    func raises() throws {
        let higher = try record.importing(mark(11), assumedHeight: nil)
        #expect(higher.point == mark(11).point && higher.signed == nil)
        let lower = try record.importing(mark(9), assumedHeight: nil)
        #expect(lower == record, "the saved signature stays")
        #expect(
            higher.decide(Given.request(11, 0, .precommit, block: 1)) == .refused(.unknown(higher.point)),
            "what was signed there is not known")
    }

    @Test("other keys, chains and revisions")
    func others() throws {
        #expect(throws: ImportRefusal.otherKey(Given.number(9), own: Given.key)) {
            try record.importing(mark(11, key: Given.number(9)), assumedHeight: nil)
        }
        #expect(throws: ImportRefusal.self) {
            try record.importing(mark(11, Given.someChain("testnet", 0)), assumedHeight: nil)
        }
        let next = Given.someChain("devnet", 1)
        #expect(throws: ImportRefusal.lowerHeight(9, own: 10)) {
            try record.importing(mark(9, next), assumedHeight: nil)
        }
        let recovered = try record.importing(mark(10, next), assumedHeight: nil)
        #expect(recovered.chain == next && recovered.point == .end(ofHeight: 9))
        // The height of the halt begins anew, whatever its rounds were before; the old revision is over.
        guard case .sign = recovered.decide(Given.request(10, 0, .prevote, block: 1, chain: next)),
            case .refused = recovered.decide(Given.request(10, 900, .precommit, block: 1)),
            case .refused = recovered.decide(Given.request(9, 900, .precommit, block: 1, chain: next))
        else {
            Issue.record("the height of the halt is not signed anew")
            return
        }
        #expect(throws: ImportRefusal.self) {
            try recovered.importing(mark(12, Given.chain), assumedHeight: nil)
        }
        guard case .sign = recovered.decide(Given.request(11, 0, .proposal, block: 1, chain: next)) else {
            Issue.record("the new revision does not sign")
            return
        }
    }

    @Test("a mark that may be old needs a height 1,000 further on")
    func assumedHeight() throws {
        #expect(throws: ImportRefusal.mayBeOld(known: 10)) { try mark(10).record(assumedHeight: nil) }
        #expect(throws: ImportRefusal.tooLow(assumed: 1_009, known: 10)) {
            try mark(10).record(assumedHeight: 1_009)
        }
        let made = try mark(10).record(assumedHeight: 1_010)
        #expect(made.point == .end(ofHeight: 1_010))
        guard case .refused = made.decide(Given.request(1_010, .max, .precommit, block: 1)),
            case .sign = made.decide(Given.request(1_011, 0, .proposal, block: 1))
        else {
            Issue.record("the wrong heights are signed")
            return
        }
        #expect(throws: ImportRefusal.self) { try mark(10).record(assumedHeight: .max) }
        #expect(throws: ImportRefusal.self) { try mark(SigningPoint.highest).record(assumedHeight: .max) }
        #expect(throws: ImportRefusal.tooLow(assumed: 1_000, known: 10)) {
            try record.importing(mark(10), assumedHeight: 1_000)
        }
        let empty = HighWaterMark(key: Given.key, chain: nil, point: .start, isFinal: false)
        #expect(throws: ImportRefusal.noChain) { try empty.record(assumedHeight: 5_000) }
    }

    @Test("a retired key moves, and comes back with the other's last word alone")
    func retirement() throws {
        let retired = record.retired
        let there = try HighWaterMark(retired).record(assumedHeight: nil)
        #expect(there.point == record.point && !there.isRetired)
        #expect(throws: ImportRefusal.mayBeOld(known: 12)) {
            try retired.importing(mark(12), assumedHeight: nil)
        }
        let back = try retired.importing(mark(12, isFinal: true), assumedHeight: nil)
        #expect(!back.isRetired && back.point == mark(12).point)
        #expect(try retired.importing(mark(12), assumedHeight: 1_012).point == .end(ofHeight: 1_012))
        let new = HighWaterMark(SigningRecord(newKey: Given.key).retired)
        #expect(try new.record(assumedHeight: nil) == SigningRecord(newKey: Given.key))
    }

    @Test("marks whose fields do not belong together")
    func forms() {
        let wrong = [
            HighWaterMark(key: Given.key, chain: nil, point: mark(3).point, isFinal: true),
            HighWaterMark(
                key: Given.key, chain: Given.chain,
                point: SigningPoint(height: 3, round: 0, step: .nothing), isFinal: true),
            mark(.max, isFinal: true),
        ]
        for mark in wrong {
            #expect(throws: ImportRefusal.form) { try mark.record(assumedHeight: nil) }
            #expect(throws: ImportRefusal.form) { try record.importing(mark, assumedHeight: nil) }
        }
    }
}
