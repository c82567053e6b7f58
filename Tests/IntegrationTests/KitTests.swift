import Foundation
import Testing

/// The conformance kit against the examples, and against mutants that break one rule each.
@Suite("Conformance kit", .serialized)
struct ConformanceKitTests {
    /// Names of the rules that a program breaks.
    private func broken(_ program: [String]) throws -> (rules: [String], count: Int) {
        let (_, output) = try Programs.run("spacenode-conformance", ["--"] + program, timeout: 120)
        let lines = output.split(separator: "\n")
        let bad = lines.filter { $0.hasPrefix("not ok") }.compactMap { line in
            line.split(separator: " ").dropFirst(4).first.map { String($0.prefix { $0 != ":" }) }
        }
        return (bad, lines.filter { $0.hasPrefix("ok ") }.count + bad.count)
    }

    @Test("the Swift example keeps every rule")
    func swift() throws {
        let result = try broken(["\(Programs.folder)/spacenode-example"])
        #expect(result.rules == [])
        #expect(result.count >= 30)
    }

    @Test("the Python example keeps every rule", .enabled(if: PythonExample.isPossible))
    func python() throws {
        let result = try broken([
            PythonExample.interpreter, "\(Programs.root)/SDK/python/examples/example.py",
        ])
        #expect(result.rules == [])
        #expect(result.count >= 30)
    }

    @Test(
        "a mutant breaks exactly its rule", .enabled(if: PythonExample.isPossible),
        arguments: [
            ("credit", "credit-respected"), ("duplicate", "one-reply"), ("pong", "pong"), ("id", "id-rises"),
        ])
    func mutant(_ bug: String, _ rule: String) throws {
        let result = try broken([PythonExample.interpreter, "\(Programs.root)/Tests/python/mutants.py", bug])
        #expect(result.rules == [rule])
    }

    @Test("the C example keeps every rule, under the sanitizers", .enabled(if: CExample.isPossible))
    func inC() throws {
        let result = try broken([try CExample.program("sanitized/example")])
        #expect(result.rules == [])
        #expect(result.count >= 30)
    }

    @Test(
        "a mutant in C breaks exactly its rule", .enabled(if: CExample.isPossible),
        arguments: [
            ("credit", "credit-respected"), ("duplicate", "one-reply"), ("pong", "pong"), ("id", "id-rises"),
        ])
    func mutantInC(_ bug: String, _ rule: String) throws {
        let program = try CExample.program("mutants/example")
        let result = try broken(["env", "SPACENODE_MUTANT=\(bug)", program])
        #expect(result.rules == [rule])
    }

    @Test("the rules in bold on the protocol page are those of the kit, each once")
    func page() throws {
        let page = try String(contentsOfFile: "\(Programs.root)/docs/protocol/bus.md", encoding: .utf8)
        // Bold lower-case words on that page are rules, and nothing else is.
        let bold = page.matches(of: /\*\*([a-z-]+)\*\*/).map { String($0.1) }
        let listed = try Programs.run("spacenode-conformance", ["--list"]).output.split(separator: "\n")
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(listed.count >= 40)
        #expect(bold.sorted() == listed.sorted())
    }
}
