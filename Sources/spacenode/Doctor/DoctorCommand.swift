internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// `spacenode doctor`: looks at all that is known to go wrong.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Look at all that is known to go wrong, each with what it means and one command that mends it.",
        discussion: "Exit status: 0 all is well, 1 something is not, 2 it could not look.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let view = try await NodeView(common)
        let findings =
            FileChecks(paths: view.paths).findings + MachineChecks(view: view).findings
            + NodeChecks(view: view).findings + BusChecks(view: view).findings
        if common.json {
            try printJSON(findings)
        } else {
            show(findings)
        }
        if findings.contains(where: { $0.result == .warn || $0.result == .bad }) { throw ExitCode(1) }
    }

    private func show(_ findings: [Finding]) {
        let columns = Terminal.isLive ? Terminal.size.columns : 100
        let counts = Finding.Result.allCases.map { result in
            (result, findings.filter { $0.result == result }.count)
        }
        print(
            counts.filter { $0.0 != .unknown || $0.1 > 0 }.map { "\($0.0.rawValue) \($0.1)" }
                .joined(separator: "  "))
        // What is wrong stands first, and says most.
        for result in [Finding.Result.bad, .warn, .unknown, .ok] {
            for finding in findings where finding.result == result {
                for line in finding.lines(columns) { print(line) }
            }
        }
    }
}

/// What one look found.
struct Finding: Encodable {
    /// How it is; `unknown`: it could not be looked at.
    enum Result: String, Encodable, CaseIterable {
        case ok, warn, bad, unknown
    }

    let check: String
    let result: Result
    let what: String
    /// What it means for the node.
    let effect: String
    /// A command.
    let fix: String

    init(_ check: String, _ result: Result, _ what: String, effect: String = "", fix: String = "") {
        self.check = check
        self.result = result
        self.what = what
        self.effect = effect
        self.fix = fix
    }

    func lines(_ columns: Int) -> [String] {
        let mark = padded(result.rawValue, 9)
        let name = padded(check, 10)
        let indent = String(repeating: " ", count: 20)
        return wrapped("\(mark)\(name) ", what, indent, columns)
            + (effect.isEmpty ? [] : wrapped("\(indent)effect: ", effect, indent, columns))
            + (fix.isEmpty ? [] : ["\(indent)fix: \(fix)"])
    }
}
