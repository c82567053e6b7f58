import NodeDomain
import SignerCore
import Testing

/// CometBFT's table of a signer's last sign state.
@Suite("Signer table")
struct SignerTableTests {
    private struct Point: Decodable {
        let h: UInt64
        let r: UInt32
        let step: UInt8
        let block: String?
        let expect: String?

        var request: SigningRequest {
            let number: UInt64 = block.map { $0 == "B1" ? 1 : 2 } ?? 0
            return Given.request(h, r, SigningStep(rawValue: step) ?? .nothing, block: number)
        }
    }

    private struct Case: Decodable {
        let name: String
        let last: Point
        let requests: [Point]
    }

    private struct File: Decodable { let cases: [Case] }

    @Test("all 17 rows")
    func rows() throws {
        var rows = 0
        for one in try Given.vector("signer/last_sign_state.json", as: File.self).cases {
            let last = Given.record(after: one.last.request)
            for row in one.requests {
                rows += 1
                #expect(word(for: last.decide(row.request), last) == row.expect, "\(one.name) \(row)")
            }
        }
        #expect(rows == 17)
    }

    private func word(for decision: SigningDecision, _ last: SigningRecord) -> String {
        switch decision {
        case .sign: return "ok_new"
        case .saved(let signature):
            return signature == last.signed?.signature ? "ok_same_signature" : "another signature"
        case .refused(.conflict): return "error_conflicting"
        case .refused(.regression(let asked, let last)):
            if asked.height != last.height { return "error_height_regression" }
            return asked.round == last.round ? "error_step_regression" : "error_round_regression"
        case .refused(let other): return "\(other)"
        }
    }

    @Test("refused for ever: asking again changes nothing")
    func forEver() {
        var key = WorkingKey(Given.record(after: Given.request(10, 1, .prevote, block: 1)))
        for _ in 0..<3 {
            #expect(
                key.ask(Given.request(10, 1, .prevote, block: 2)).refusal
                    == .conflict(SigningPoint(height: 10, round: 1, step: .prevote)))
            #expect(key.ask(Given.request(10, 1, .prevote, block: 1)).isSaved)
        }
        #expect(key.key.counts == .init(signed: 0, repeated: 3, refused: 3))
        #expect(key.key.lastRefusal != nil)
    }

    @Test("another chain, another revision, a retired key")
    func chains() {
        let record = Given.record(after: Given.request(10, 1, .prevote, block: 1))
        for chain in [Given.someChain("testnet", 0), Given.someChain("devnet", 1)] {
            let request = Given.request(11, 0, .proposal, block: 1, chain: chain)
            #expect(record.decide(request) == .refused(.otherChain(asked: chain, own: Given.chain)))
        }
        #expect(
            record.retired.decide(Given.request(10, 1, .prevote, block: 1)) == .refused(.retired),
            "not even what was signed")
    }

    @Test("limits of heights, times and rounds")
    func forms() {
        let record = SigningRecord(newKey: Given.key)
        func isRefused(_ request: SigningRequest) -> Bool {
            if case .refused(.form) = record.decide(request) { true } else { false }
        }
        #expect(isRefused(Given.request(0, 0, .prevote, block: 1)))
        #expect(isRefused(Given.request(1 << 63, 0, .prevote, block: 1)))
        #expect(!isRefused(Given.request(SigningPoint.highest, .max, .precommit, block: 1)))
        var proposal = Proposal(height: 1, round: 1, polRound: 1, target: Given.someTarget(1))
        #expect(isRefused(.proposal(proposal, Given.chain)))
        proposal.polRound = 0
        #expect(!isRefused(.proposal(proposal, Given.chain)))
        let times: [(Int64, Int32, Bool)] = [
            (-1, 0, true), (0, 0, false), (253_402_300_799, 999_999_999, false), (253_402_300_800, 0, true),
            (5, -1, true), (5, 1_000_000_000, true),
        ]
        for (seconds, nanoseconds, isWrong) in times {
            proposal.target.time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
            #expect(isRefused(.proposal(proposal, Given.chain)) == isWrong, "\(seconds) \(nanoseconds)")
        }
        proposal.target = Given.someTarget(1)
        proposal.target.block.partsTotal = 0
        #expect(isRefused(.proposal(proposal, Given.chain)))
    }

    @Test("a beacon's proof is not given for a height that is over, or for another chain")
    func beacon() {
        let key = ConsensusKey(Given.record(after: Given.request(10, 1, .prevote, block: 1)))
        #expect(key.refusal(ofBeaconFor: "devnet", height: 9) == .pastHeight(asked: 9, last: 10))
        #expect(key.refusal(ofBeaconFor: "devnet", height: 10) == nil)
        #expect(key.refusal(ofBeaconFor: "testnet", height: 10) != nil)
        #expect(key.refusal(ofBeaconFor: "", height: 10) != nil)
        #expect(key.refusal(ofBeaconFor: "devnet", height: 0) != nil)
        #expect(key.refusal(ofBeaconFor: "devnet", height: 1 << 63) != nil)
        let new = ConsensusKey(SigningRecord(newKey: Given.key))
        #expect(new.refusal(ofBeaconFor: "any", height: 1) == nil)
    }
}
