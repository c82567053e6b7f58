import Foundation
import NodeConfiguration
import NodeDomain
import Testing

@Suite("Miner's file")
struct MinerFileTests {
    @Test("the shipped one says nothing but the defaults")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try MinerFile.read(root.appendingPathComponent("config/miner.yaml").path)
        #expect(file == MinerFile())
        #expect(try MinerFile.read("/nowhere/miner.yaml") == MinerFile())
    }

    @Test("all keys are read")
    func all() throws {
        let key = String(repeating: "ab", count: 32)
        let file = try MinerFile.parse(
            """
            coinbase: stest1qqqqqqqlgfpwap59jlwmre4p9xrlk8fenfnlsrq3gky2c
            votes: true
            poets: [https://poet.example:8080, "http://[::1]:8080"]
            nonces: 128
            plots:
              - {name: attic, directory: /mnt/a/attic, units: 16}
              - name: barn
                identity: \(key)
                commitment_atx: \(key)
                max_file_size: 16384
                coinbase: stest1qqqqqqqlgfpwap59jlwmre4p9xrlk8fenfnlsrq3gky2c
                segments:
                  - {worker: barn-1, directory: /mnt/a, files: 0-3}
                  - {worker: barn-2, directory: /mnt/b, files: 4}
            """, file: "miner.yaml")
        #expect(file.votes == true && file.poets.count == 2 && file.nonces == 128)
        let plots = try #require(file.plots)
        #expect(plots.map(\.name) == ["attic", "barn"] && plots.map(\.units) == [16, nil])
        #expect(plots[0].directory == "/mnt/a/attic" && plots[0].segments.isEmpty && plots[0].identity == nil)
        #expect(plots[1].segments.map(\.files) == [0..<4, 4..<5] && plots[1].directory == nil)
        #expect(plots[1].identity == Bytes32(hexadecimal: key) && plots[1].maxFileSize == 16_384)
    }

    @Test("an empty list is not the default")
    func none() throws {
        #expect(try MinerFile.parse("plots: []\n", file: "miner.yaml").plots == [])
        #expect(try MinerFile.parse("# nothing\n", file: "miner.yaml").plots == nil)
    }

    @Test("every fault is named with its line, all at once")
    func faults() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try MinerFile.parse(
                """
                coinbase: stest1nonsense
                poets: [poet.example]
                nonces: 17
                plots:
                  - {directory: relative}
                  - {name: a, directory: /a, segments: [{worker: w, directory: /b, files: 3-1}]}
                  - {name: b}
                  - {name: a, directory: /c, identity: 12}
                  - {name: c, directory: /d, unitz: 4}
                """, file: "miner.yaml")
        }
        let lines = try #require(error).faults.map(\.line)
        #expect(Set(lines).isSuperset(of: [1, 2, 3, 5, 6, 7, 8, 9]))
    }
}
