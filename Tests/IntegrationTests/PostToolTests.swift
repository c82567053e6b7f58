import Foundation
import Testing

/// `spacenode post`, which executes the tools of the post-worker.
@Suite("Post tools", .serialized)
struct PostToolTests {
    private let zeros = String(repeating: "00", count: 32)

    private func post(_ words: [String]) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", ["post"] + words)
    }

    private func verify(_ vector: ProofCase, _ json: String, _ more: String...) throws -> (
        status: Int32, output: String
    ) {
        let path = NSTemporaryDirectory() + "proof-\(UUID().uuidString).json"
        try json.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try post(["verify", "--proof", path] + vector.arguments + more)
    }

    @Test("labels, one a line or as JSON, whatever the path")
    func labels() throws {
        let first = "8c7b34d495266b23799ddaddc2a1836babdd6719c20aca272b42e9d9675ad2b7"
        let one = try post(["label", "--commitment", zeros, "--index", "0"])
        #expect(one.status == 0 && one.output == "\(first)\n")
        let many = try post(["label", "--commitment", zeros, "--index", "0", "--count", "20"])
        let portable = try post([
            "label", "--commitment", zeros, "--index", "0", "--count", "20", "--path", "portable",
        ])
        #expect(many.output == portable.output)
        #expect(many.output.split(separator: "\n").count == 20)
        let json = try post(["label", "--commitment", zeros, "--index", "18", "--count", "2", "--json"])
        let rows = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
        let lines = many.output.split(separator: "\n").map(String.init)
        #expect(rows?.compactMap { $0["label"] as? String } == Array(lines[18...]))
        let cheap = try post(["label", "--commitment", zeros, "--index", "0", "--scrypt-n", "2"])
        #expect(cheap.output.hasPrefix("ff29deee2578176c"))
    }

    @Test("the commitment of a vector")
    func commitment() throws {
        for vector in try ProofCase.read() {
            let words = ["commitment", "--id", vector.node_id, "--atx", vector.commitment_atx_id]
            #expect(try post(words).output == "\(vector.commitment)\n")
            #expect(try post(words + ["--json"]).output.contains("\"commitment\" : \"\(vector.commitment)\""))
        }
    }

    @Test("every vector is valid, also by the chain's rules and with few labels")
    func valid() throws {
        for vector in try ProofCase.read() {
            for more in [[], ["--chain-rules"], ["--k3", "1"], ["--loose"]] {
                let path = NSTemporaryDirectory() + "proof-\(UUID().uuidString).json"
                try vector.json().write(toFile: path, atomically: true, encoding: .utf8)
                defer { try? FileManager.default.removeItem(atPath: path) }
                let answer = try post(["verify", "--proof", path] + vector.arguments + more)
                #expect(answer.status == 0 && answer.output == "valid\n", "\(answer.output)")
            }
        }
    }

    @Test("invalid proofs: status 1, with the reason and the index")
    func invalid() throws {
        let vector = try #require(try ProofCase.read().first { $0.scrypt_N == 8192 })
        let label = try verify(vector, vector.json(nonce: vector.proof.nonce + 1), "--json")
        #expect(label.status == 1)
        #expect(label.output.contains("\"valid\" : false") && label.output.contains("\"index\" : "))
        let nonce = try verify(vector, vector.json(nonce: 4096))
        #expect(nonce.status == 1 && nonce.output == "invalid: nonce 4096 is not below 4096\n")
        let limit = try verify(vector, vector.json(), "--chain-rules", "--max-nonces", "16")
        #expect(limit.status == 1 && limit.output.contains("nonce 41 is not below 16"))
        var bytes = [UInt8](Data(base64Encoded: vector.proof.indices_base64) ?? Data())
        bytes[bytes.count - 1] |= 0x80
        let padded = vector.json(indices: Data(bytes).base64EncodedString())
        #expect(try verify(vector, padded).output == "invalid: a bit after the last index is not zero\n")
        #expect(try verify(vector, padded, "--loose").status == 0)
    }

    @Test("errors: status 2, and what to mend")
    func errors() throws {
        let vector = try #require(try ProofCase.read().first)
        let missing = try post(["verify", "--proof", "/nonexistent"] + vector.arguments)
        #expect(missing.status == 2 && missing.output.contains("cannot read /nonexistent"))
        #expect(try verify(vector, "{}").status == 2)
        #expect(
            try verify(vector, String(repeating: " ", count: 70_000)).output.contains("is over 65536 bytes"))
        #expect(try verify(vector, vector.json(), "--loose", "--chain-rules").status == 2)
        for words in [
            ["label", "--commitment", "00", "--index", "0"],
            ["label", "--commitment", zeros, "--index", "0", "--scrypt-n", "3"],
            ["label", "--commitment", zeros, "--index", "18446744073709551615", "--count", "2"],
            ["label", "--commitment", zeros, "--index", "0", "--count", "0"],
            ["commitment", "--id", zeros], ["bench", "--threads", "0"], ["nothing"],
        ] {
            let answer = try post(words)
            #expect(answer.status == 2 && !answer.output.isEmpty, "\(words): \(answer)")
        }
    }

    @Test("bench prints a row for each path, also as JSON")
    func bench() throws {
        let words = ["bench", "--seconds", "0.01", "--threads", "1", "--only", "labels", "--scrypt-n", "16"]
        let table = try post(words)
        #expect(table.status == 0 && table.output.contains("portable"))
        let json = try Programs.run(
            "spacenode-post-worker", ["tool"] + words + ["--json", "--path", "portable"])
        #expect(json.output.contains("\"unit\" : \"labels/s\""))
    }
}
