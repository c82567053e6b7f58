import Foundation
import NodeConfiguration
import Testing

@Suite("A fleet's plan")
struct FleetFileTests {
    private let key = String(repeating: "4d", count: 32)

    private var whole: String {
        """
        identity: \(key)
        commitment_atx: '\(String(repeating: "0", count: 64))'
        units: 4
        labels_per_unit: 4294967296
        segments:
          - {worker: attic, directory: /mnt/disk1/post, files: 0-31}
          - worker: barn
            directory: /mnt/disk1/post
            files: 32
        prove:
          challenge: '\(String(repeating: "0", count: 64))'
          k1: 26
          k2: 37
          pow_difficulty: \(key)
          nonces: 128
        """
    }

    @Test("a plan is read, with its defaults")
    func read() throws {
        let file = try FleetFile.parse(whole, file: "plan.yaml")
        #expect(file.identity == key && file.units == 4 && file.labelsPerUnit == 1 << 32)
        #expect(file.scryptN == 8192 && file.maxFileSize == 4 << 30)
        #expect(file.segments.map(\.files) == [0..<32, 32..<33] && file.segments.map(\.line) == [6, 7])
        #expect(file.segments.map(\.worker) == ["attic", "barn"])
        #expect(file.proof?.nonces == 128 && file.proof?.maxNonces == 288 && file.proof?.k2 == 37)
        let making = whole.components(separatedBy: "prove:")[0]
        #expect(try FleetFile.parse(making, file: "plan.yaml").proof == nil)
    }

    @Test("the plan of the documentation is read")
    func documented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/post.md"), encoding: .utf8)
        let plan = try #require(page.components(separatedBy: "```\n").first { $0.hasPrefix("identity:") })
        let file = try FleetFile.parse(plan, file: "docs/post.md")
        #expect(file.segments.count == 3 && file.proof?.k1 == 26)
    }

    @Test("all faults come at once, with line and cure")
    func faults() {
        let text = """
            identity: 4d
            unit: 4
            labels_per_unit: 0
            scrypt_n: 100
            max_file_size: 1025
            segments:
              - {worker: attic, directory: post, files: 9-3}
              - {worker: attic, files: 0-18446744073709551615}
            prove: {challenge: x, k1: 26, k2: 0, pow_difficulty: x, nonces: 17}
            """
        do {
            _ = try FleetFile.parse(text, file: "plan.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            let words = error.description
            for part in [
                "plan.yaml:1: `identity` must be 64 hexadecimal digits", "`commitment_atx` is missing",
                "plan.yaml:2: `unit` is not known here: did you mean `units`?", "`units` is missing",
                "plan.yaml:3: `labels_per_unit` is 0", "plan.yaml:4: `scrypt_n` is 100: give a power of two",
                "plan.yaml:5: `max_file_size` is 1025: give a multiple of 128",
                "plan.yaml:7: `directory` post: write the path from / on", "plan.yaml:7: `files` is 9-3",
                "plan.yaml:8: `directory` is missing", "plan.yaml:8: `files` is 0-18446744073709551615",
                "plan.yaml:9: `challenge` must be", "plan.yaml:9: `k2` is 0", "plan.yaml:9: `nonces` is 17",
            ] { #expect(words.contains(part), "\(part) in:\n\(words)") }
        } catch {
            Issue.record("\(error)")
        }
    }
}
