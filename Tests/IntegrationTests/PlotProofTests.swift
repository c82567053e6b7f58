import Foundation
import Testing

/// From nothing to a proof that the strict verifier accepts.
@Suite("Proofs from files", .serialized)
struct PlotProofTests {
    private func temporary() throws -> String {
        let folder = NSTemporaryDirectory() + "proof-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private func post(_ words: [String]) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", ["post"] + words, timeout: 120)
    }

    private func proveWords(_ vector: ProofCase, _ directories: [String], k2: Int? = nil) -> [String] {
        ["prove"] + directories.flatMap { ["--dir", $0] } + [
            "--challenge", vector.challenge, "--k1", "\(vector.k1)", "--k2", "\(k2 ?? vector.k2)",
            "--pow-difficulty", vector.pow_difficulty, "--scrypt-n", "\(vector.scrypt_N)", "--nonces",
            "\(vector.nonces_per_pass)",
        ]
    }

    /// Proves, and lets `verify` judge by the chain's rules.
    private func prove(_ vector: ProofCase, _ directories: [String], in folder: String) throws
        -> ProofCase.Proof
    {
        let proof = try post(proveWords(vector, directories))
        #expect(proof.status == 0, "\(vector.name): \(proof.output)")
        let text = try #require(proof.output.firstIndex(of: "{").map { String(proof.output[$0...]) })
        let path = "\(folder)/proof.json"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let verdict = try post(["verify", "--proof", path, "--chain-rules"] + vector.arguments)
        #expect(verdict.status == 0 && verdict.output == "valid\n", "\(vector.name): \(verdict.output)")
        struct Row: Decodable {
            let nonce: UInt32
            let indices: String
            let pow: UInt64
        }
        let row = try JSONDecoder().decode(Row.self, from: Data(text.utf8))
        return ProofCase.Proof(nonce: row.nonce, indices_base64: row.indices, pow: row.pow)
    }

    @Test("plots of our own give the proofs of the vectors, from one directory and from three")
    func own() throws {
        let folder = try temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (number, vector) in try ProofCase.read().enumerated() {
            let plot = vector.plot + ["--max-file-size", "1024"]
            let whole = "\(folder)/\(number)"
            let made = try post(["init", "--dir", whole] + plot)
            #expect(made.status == 0, "\(vector.name): \(made.output)")
            let files = (vector.labels * 16 + 1023) / 1024
            let joined = try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "cd \(whole) && for i in $(seq 0 \(files - 1)); do cat postdata_$i.bin; done | sha256sum",
                ])
            #expect(joined.output.hasPrefix(vector.labels_sha256), "\(vector.name)")
            let proof = try prove(vector, [whole], in: folder)
            #expect(proof.nonce == vector.proof.nonce && proof.pow == vector.proof.pow, "\(vector.name)")
            #expect(proof.indices_base64 == vector.proof.indices_base64, "\(vector.name)")
            guard files >= 3 else { continue }
            let cuts = [(0, files / 3 - 1), (files / 3, files / 2), (files / 2 + 1, files - 1)]
            for (part, cut) in cuts.enumerated() where cut.0 <= cut.1 {
                let range = ["--from-file", "\(cut.0)", "--to-file", "\(cut.1)"]
                #expect(try post(["init", "--dir", "\(whole)-\(part)"] + plot + range).status == 0)
            }
            let parts = (0..<3).map { "\(whole)-\($0)" }.filter { FileManager.default.fileExists(atPath: $0) }
            let again = try prove(vector, parts.reversed(), in: folder)
            #expect(again.indices_base64 == proof.indices_base64, "\(vector.name)")
        }
    }

    @Test("a directory as the original leaves it: its metadata, many files, a key that nobody reads out")
    func original() throws {
        let folder = try temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let vector = try #require(try ProofCase.read().first)
        let labels = try post([
            "label", "--commitment", vector.commitment, "--index", "0", "--count", "\(vector.labels)",
            "--scrypt-n", "\(vector.scrypt_N)", "--path", "portable",
        ])
        let stored = labels.output.split(separator: "\n").map { line in Array(line.utf8.prefix(32)) }
        let bytes = Data(
            stored.joined().chunked(2).map { UInt8(String(decoding: $0, as: UTF8.self), radix: 16) ?? 0 })
        let size = 16 << 10
        for file in 0...(bytes.count - 1) / size {
            let end = min((file + 1) * size, bytes.count)
            try bytes[file * size..<end].write(to: URL(fileURLWithPath: "\(folder)/postdata_\(file).bin"))
        }
        func base64(_ hex: String) -> String {
            Data(
                Array(hex.utf8).chunked(2).map { UInt8(String(decoding: $0, as: UTF8.self), radix: 16) ?? 0 }
            )
            .base64EncodedString()
        }
        let metadata = """
            {
            \t"NodeId": "\(base64(vector.node_id))",
            \t"CommitmentAtxId": "\(base64(vector.commitment_atx_id))",
            \t"LabelsPerUnit": \(vector.labels_per_unit),
            \t"NumUnits": \(vector.num_units),
            \t"MaxFileSize": \(size),
            \t"Nonce": 37956,
            \t"NonceValue": "0001024819fa83fb6fe611def63450b2"
            }
            """
        try metadata.write(
            toFile: "\(folder)/postdata_metadata.json", atomically: true, encoding: .utf8)
        let key = String(repeating: "a5", count: 32) + vector.node_id
        try key.write(toFile: "\(folder)/identity.key", atomically: true, encoding: .utf8)
        let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let proof = try post(proveWords(vector, [folder]))
        #expect(proof.status == 0 && !proof.output.contains("a5a5a5a5"), "\(proof.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
        let judged = try temporary()
        defer { try? FileManager.default.removeItem(atPath: judged) }
        let again = try prove(vector, [folder], in: judged)
        #expect(again.indices_base64 == vector.proof.indices_base64)
        #expect(
            try post(["check", "--dir", folder, "--scrypt-n", "\(vector.scrypt_N)"]).output
                == "checked \(vector.labels) labels, 0 bad\n")
        let text = try String(contentsOfFile: "\(folder)/postdata_metadata.json", encoding: .utf8)
        #expect(text == metadata)
    }

    @Test("no nonce below the limit: status 1, and the best is said; damage that spoils a proof is named")
    func none() throws {
        let folder = try temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let vector = try #require(try ProofCase.read().first)
        #expect(try post(["init", "--dir", "\(folder)/a"] + vector.plot).status == 0)
        let few = try post(proveWords(vector, ["\(folder)/a"], k2: 60) + ["--max-nonces", "32"])
        #expect(few.status == 1 && few.output.contains("none had 60 good labels; the best had"))
        // Zeros that this challenge finds good stand where the first label of the proof was.
        let file = try #require(FileHandle(forUpdatingAtPath: "\(folder)/a/postdata_0.bin"))
        let other = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a/postdata_0.bin"))
        let good = 4816 * 16
        try file.seek(toOffset: 0)
        try file.write(contentsOf: other[good..<good + 16])
        let spoiled = try post(proveWords(vector, ["\(folder)/a"]))
        #expect(spoiled.status == 2, "\(spoiled)")
        #expect(spoiled.output.contains("postdata_0.bin, bytes 0 to 15, holds a damaged label"), "\(spoiled)")
    }
}

extension Sequence {
    /// The elements, so many at a time.
    fileprivate func chunked(_ count: Int) -> [[Element]] {
        var result: [[Element]] = []
        for (place, element) in self.enumerated() {
            if place % count == 0 { result.append([]) }
            result[result.count - 1].append(element)
        }
        return result
    }
}
