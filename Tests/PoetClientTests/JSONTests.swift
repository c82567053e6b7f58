import Foundation
import NodeDomain
import NodePoet
import PoetClient
import Testing

private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try PoetJSON.read(type, Data(text.utf8))
}

@Suite("JSON of a PoET")
struct JSONTests {
    @Test("names are read in both forms, and unknown ones passed over")
    func names() throws {
        let reply = PoetJSON.SubmitReply(roundId: "7", roundEnd: DurationText(milliseconds: 5_000))
        #expect(
            try read(PoetJSON.SubmitReply.self, #"{"roundId":"7","roundEnd":"5s","more":[1]}"#) == reply)
        #expect(try read(PoetJSON.SubmitReply.self, #"{"round_id":"7","round_end":"5s"}"#) == reply)
        #expect(String(decoding: try PoetJSON.bytes(reply), as: UTF8.self).contains(#""roundId":"7""#))
    }

    @Test("numbers of 64 bits are text or numbers, and written as text")
    func numbers() throws {
        let largest = "\(UInt64.max)"
        #expect(try read([NumberText].self, "[\"\(largest)\", 5]") == [NumberText(.max), NumberText(5)])
        let written = String(decoding: try PoetJSON.bytes([NumberText(.max)]), as: UTF8.self)
        #expect(written == "[\"\(largest)\"]")
        for text in ["[\"x\"]", "[-1]", "[\"18446744073709551616\"]", "[1.5]", "[null]"] {
            #expect(throws: DecodingError.self, "\(text)") { try read([NumberText].self, text) }
        }
    }

    @Test("spans are seconds with an s")
    func spans() throws {
        #expect(
            try read([DurationText].self, #"["864000s","0.25s"]"#).map(\.milliseconds) == [864_000_000, 250])
        for milliseconds in [0, 1, 250, 999, 1_000, 43_200_000] as [UInt64] {
            let written = try PoetJSON.bytes([DurationText(milliseconds: milliseconds)])
            #expect(try PoetJSON.read([DurationText].self, written).map(\.milliseconds) == [milliseconds])
        }
        for text in [#"["5"]"#, #"["-5s"]"#, #"["1e300s"]"#, #"["nans"]"#, "[5]"] {
            #expect(throws: DecodingError.self, "\(text)") { try read([DurationText].self, text) }
        }
    }

    @Test("moments are those of RFC 3339")
    func moments() {
        #expect(MomentText.milliseconds("1996-12-20T00:39:57Z") == 851_042_397_000)
        #expect(MomentText.milliseconds("1996-12-20T00:39:57.123456789Z") == 851_042_397_000)
        #expect(MomentText.text(851_042_397_999) == "1996-12-20T00:39:57Z")
        for text in ["", "yesterday", "1960-01-01T00:00:00Z", "1996-12-20"] {
            #expect(MomentText.milliseconds(text) == nil, "\(text)")
        }
    }

    @Test("a proof becomes the chain's item for a member, and for nobody else")
    func proofs() throws {
        let challenges = (0..<3).map { Bytes32(0, 0, 0, $0) }
        let members = try #require(Membership(challenges))
        var (work, roots) = (
            SequentialWork(PoetLabels(statement: members.statement.bytes), layer: 3), [Bytes32]()
        )
        for _ in 0..<30 { roots.append(work.work()) }
        var assembly = try #require(ProofAssembly(of: work))
        for root in roots { assembly.take(root) }
        let proof = PoetJSON.RoundProof(try assembly.finish(), members: members)
        let written = try PoetJSON.read(PoetJSON.RoundProof.self, try PoetJSON.bytes(proof))
        let item = try written.proof(of: challenges[2], epoch: 9)
        #expect(item.epoch == 9 && item.index == 2 && item.leafCount == 240)
        #expect(item.statement(of: challenges[2]) == members.statement)
        #expect(throws: PoetClientFault.notMember) { try written.proof(of: .largest, epoch: 9) }
        var wrong = written
        wrong.proof.root = Data(Bytes32.zero.bytes)
        #expect(throws: PoetClientFault.self) { try wrong.proof(of: challenges[2], epoch: 9) }
        wrong = written
        wrong.members = nil
        #expect(throws: PoetClientFault.self) { try wrong.proof(of: challenges[2], epoch: 9) }
        wrong = written
        wrong.proof.proofNodes = [Data([1])]
        #expect(throws: PoetClientFault.self) { try wrong.proof(of: challenges[2], epoch: 9) }
    }

    @Test("only addresses of the web are taken, and silence may pass")
    func faults() throws {
        #expect(try PoetClient("127.0.0.1:8080").address.absoluteString == "http://127.0.0.1:8080")
        for text in ["", "ftp://host", "http://", "a b"] {
            #expect(throws: PoetClientFault.self, "\(text)") { try PoetClient(text) }
        }
        let passing = [404, 429, 500, 503].map { PoetClientFault.refused(status: $0, "").isTransient }
        #expect(passing == [true, true, true, true] && PoetClientFault.unreachable("").isTransient)
        let lasting: [PoetClientFault] = [
            .refused(status: 400, ""), .refused(status: 401, ""), .refused(status: 409, ""), .notMember,
            .answer(""), .address(""),
        ]
        for fault in lasting { #expect(!fault.isTransient, "\(fault)") }
    }
}
