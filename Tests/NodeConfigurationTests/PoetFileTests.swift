import NodeConfiguration
import Testing

@Suite("poet.yaml")
struct PoetFileTests {
    @Test("every line of it is read")
    func lines() throws {
        let key = String(repeating: "ab", count: 32)
        let file = try PoetFile.parse(
            """
            listen: 0.0.0.0:8080
            pow_difficulty: 24
            certifier: \(key)
            certifier_url: https://certifier.example
            max_members: 7
            checkpoint_seconds: 60
            """, file: "poet.yaml")
        #expect(file.listen == "0.0.0.0:8080" && file.difficulty == 24)
        #expect(file.certifier.map { "\($0)" } == key)
        #expect(file.certifierURL == "https://certifier.example")
        #expect(file.maxMembers == 7 && file.checkpointSeconds == 60)
        #expect(try PoetFile.parse("", file: "poet.yaml") == PoetFile())
    }

    @Test(
        "what cannot be is a fault with its line",
        arguments: [
            "listen: here", "pow_difficulty: 41", "certifier: abcd", "max_members: 0",
            "checkpoint_seconds: 0", "lisen: 0.0.0.0:8080",
        ])
    func faults(line: String) {
        #expect {
            try PoetFile.parse("\n\(line)\n", file: "poet.yaml")
        } throws: { error in
            "\(error)".contains("poet.yaml:2")
        }
    }
}
