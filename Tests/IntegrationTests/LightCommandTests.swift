import Foundation
import Testing

/// `spacenode light` as people type it.
@Suite("Light client's tool", .serialized)
struct LightCommandTests {
    private struct Report: Decodable {
        struct Head: Decodable {
            let height: UInt64
        }
        struct Record: Decodable {
            let valid: Bool
        }
        let valid, trustIsFromFile: Bool
        let head: Head?
        let record: Record?
        let reason: String?
    }

    private let folder = NSTemporaryDirectory() + "light-\(UUID().uuidString)"
    private let vector: [String: Any]

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/consensus/light_chain.json")
        vector = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    }

    private func write(_ value: Any, _ name: String) throws -> String {
        let path = "\(folder)/\(name).json"
        try JSONSerialization.data(withJSONObject: value).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func verify(
        _ words: [String], at time: String = "2027-01-15T08:00:10Z"
    ) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", ["light", "verify", "--at", time] + words)
    }

    private func report(_ output: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    }

    @Test("a chain and a record verify")
    func verified() throws {
        let chain = try write(vector, "chain")
        let record = try write(try #require(vector["record"]), "record")
        let (status, output) = try verify([chain, "--proof", record, "--json"])
        #expect(status == 0, "\(output)")
        let report = try report(output)
        #expect(report.valid && report.trustIsFromFile)
        #expect(report.head?.height == 30 && report.record?.valid == true)
        let text = try verify([chain])
        #expect(text.status == 0 && text.output.contains("on the word of the file"))
    }

    @Test("what does not verify says why, with 1")
    func refused() throws {
        let chain = try write(vector, "chain")
        let zeros = String(repeating: "0", count: 64)
        let trust = try verify([chain, "--json", "--trust", "10:\(zeros):\(zeros)"])
        #expect(trust.status == 1)
        #expect(try report(trust.output).reason?.contains("is not the trusted head") == true)
        let old = try verify([chain, "--json"], at: "2027-03-15T08:00:10Z")
        let expired = try report(old.output).reason
        #expect(old.status == 1 && expired?.contains("trusting period") == true)
        var record = try #require(vector["record"] as? [String: Any])
        record["value"] = NSNull()
        let absent = try verify([chain, "--json", "--proof", try write(record, "record")])
        #expect(absent.status == 1)
        #expect(try report(absent.output).record?.valid == false)
        var blocks = try #require(vector["blocks"] as? [String])
        blocks.remove(at: 1)
        var short = vector
        short["blocks"] = blocks
        let gap = try verify([try write(short, "short"), "--json"])
        let unlinked = try report(gap.output).reason
        #expect(gap.status == 1 && unlinked?.contains("block in between") == true)
    }

    @Test("files that are none say so, with 2")
    func unreadable() throws {
        #expect(try verify(["\(folder)/none.json"]).status == 2)
        var wrong = vector
        wrong["blocks"] = ["0700"]
        #expect(try verify([try write(wrong, "wrong")]).status == 2)
        wrong["blocks"] = [String]()
        #expect(try verify([try write(wrong, "empty")]).status == 1)
        wrong = vector
        wrong["trusted"] = nil
        #expect(try verify([try write(wrong, "untrusted")]).status == 2)
    }
}
