internal import ArgumentParser
internal import Foundation

/// Plays a scripted router against a program and names each rule of the protocol that it breaks.
@main
struct ConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-conformance",
        abstract: "Plays a scripted router against any plugin and names the rules that it breaks.",
        discussion: """
            The program must serve contracts 64 (spacenode.example.v1) and 2 (system); it is started with
            --bus ipc:DIR --name NAME added to its own arguments. Exit status: 0 all passed, 1 a rule is broken, 2 error.
            """)

    @Flag(help: "List the rules.") var list = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments, after --.")
    var program: [String] = []

    func run() throws {
        if list {
            for rule in Rule.all {
                print(
                    "\(rule.name.padding(toLength: 18, withPad: " ", startingAt: 0)) §\(rule.section)  \(rule.text)"
                )
            }
            return
        }
        let words = program.first == "--" ? Array(program.dropFirst()) : program
        guard !words.isEmpty else {
            throw ValidationError("which program? spacenode conformance -- PROGRAM ARGUMENTS")
        }
        let judge = Judge()
        try Scenarios(program: words, judge: judge).run { name in
            FileHandle.standardError.write(Data("playing: \(name)\n".utf8))
        }
        let broken = try report(judge)
        if broken > 0 { throw ExitCode(1) }
    }

    private func report(_ judge: Judge) throws -> Int {
        let verdicts = Rule.all.map { rule -> (Rule, String?) in
            if let why = judge.failures[rule.name] { return (rule, why) }
            return (rule, judge.passed.contains(rule.name) ? nil : "was not reached")
        }
        let broken = verdicts.filter { $0.1 != nil }.count
        if json {
            let rows = verdicts.map {
                ["rule": $0.0.name, "verdict": $0.1 == nil ? "ok" : "broken", "why": $0.1 ?? ""]
            }
            print(
                String(
                    decoding: try JSONSerialization.data(
                        withJSONObject: rows, options: [.prettyPrinted, .sortedKeys]), as: UTF8.self))
            return broken
        }
        for (number, (rule, why)) in verdicts.enumerated() {
            print(
                why.map { "not ok \(number + 1) - \(rule.name): \($0)" } ?? "ok \(number + 1) - \(rule.name)")
        }
        print("\(verdicts.count - broken) passed, \(broken) failed")
        return broken
    }
}
