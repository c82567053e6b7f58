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

    @Test("every rule in bold on the protocol page is in the kit, each once")
    func page() throws {
        let page = try String(contentsOfFile: "\(Programs.root)/docs/protocol/bus.md", encoding: .utf8)
        // Bold lower-case words on that page are rules, and nothing else is.
        let bold = Set(page.matches(of: /\*\*([a-z-]+)\*\*/).map { String($0.1) })
        let listed = try Programs.run("spacenode-conformance", ["--list"]).output.split(separator: "\n")
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(bold.count >= 20)
        for rule in bold { #expect(listed.contains(rule), "\(rule)") }
        #expect(Set(listed).count == listed.count)
    }
}
