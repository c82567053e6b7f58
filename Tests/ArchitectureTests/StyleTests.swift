import Foundation
import Testing

private let maxFileLines = 800
private let medianFileLines = 150
private let maxFunctionLines = 70
private let usualFunctionLines = 40

/// Calls and words that sources may not have, and why.
private func banned() -> [(pattern: Regex<Substring>, why: String)] {
    [
        (/\btry!/, "`try!` traps: throw or handle"),
        (/\bfatalError\(/, "`fatalError` traps: throw or handle"),
        (/\b(?:TODO|FIXME|XXX)\b/, "unfinished work belongs into an issue"),
        (/\bDispatchQueue\b/, "work belongs on the bus thread or an executor of its own"),
        (/(?:^|[^.\w])Task\s*(?:\.detached\s*)?\{/, "a bare Task has no owner: use a task group"),
        (/\bas!/, "`as!` traps: use `as?`"),
    ]
}

/// Words of this or that machine, which a clone elsewhere does not have.
private func machineWords() -> [Regex<Substring>] {
    [/\/work\//, /\/farm\//, /\/opt\/swift/, /\/tmp\/bash_jobs/]
}

/// What is wrong with a source file, as `line: why`.
private func faults(in file: SourceFile) -> [String] {
    var result: [String] = []
    let rules = banned()
    for (index, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        for rule in rules where line.firstMatch(of: rule.pattern) != nil {
            result.append("\(index + 1): \(rule.why)")
        }
    }
    return result
}

@Suite("Style")
struct StyleTests {
    let sources = SourceTree.swift().filter { !$0.isTest && !$0.isGenerated }

    @Test("files are short")
    func files() {
        let lengths = sources.map(\.lines.count).sorted()
        #expect(lengths[lengths.count / 2] <= medianFileLines)
        for file in sources { #expect(file.lines.count <= maxFileLines, "\(file.path)") }
    }

    @Test("functions are short")
    func functionLengths() {
        var all: [Int] = []
        for file in sources {
            for span in functions(in: file) {
                all.append(span.length)
                #expect(span.length <= maxFunctionLines, "\(file.path):\(span.line)")
            }
        }
        let short = all.filter { $0 <= usualFunctionLines }.count
        #expect(all.count > 100)
        #expect(Double(short) >= 0.95 * Double(all.count))
    }

    @Test("nothing banned stands in the sources")
    func bannedCalls() {
        for file in sources { #expect(faults(in: file) == [], "\(file.path)") }
    }

    @Test("no file names a path of somebody's machine")
    func machinePaths() throws {
        let suffixes = [".swift", ".md", ".yaml", ".py", ".proto", ".sh", ".c", ".h"]
        for folder in ["Sources", "Plugins", "Tests", "docs", "scripts", "config", "SDK", "Protos"] {
            for file in suffixes.flatMap({ SourceTree.files(below: folder, suffix: $0) })
            where !file.path.hasSuffix("StyleTests.swift") {
                for word in machineWords() { #expect(file.text.firstMatch(of: word) == nil, "\(file.path)") }
            }
        }
    }

    @Test("every vector is read by some test")
    func vectors() {
        let readers =
            SourceTree.swift().filter(\.isTest).map(\.text)
            + SourceTree.files(below: "Tests", suffix: ".py").map(\.text)
        let names =
            FileManager.default.enumerator(atPath: "\(SourceTree.root)/Tests/Vectors")?
            .compactMap { $0 as? String } ?? []
        for name in names where name.contains(".") {
            let file = String(name.split(separator: "/").last ?? "")
            let folder = name.split(separator: "/").dropLast().joined(separator: "/")
            let isRead = readers.contains {
                $0.contains(file) || (!folder.isEmpty && $0.contains("Vectors/\(folder)"))
            }
            #expect(isRead, "Tests/Vectors/\(name)")
        }
    }

    @Test("the checks find planted offenders")
    func planted() {
        for text in [
            "let a = try! b()", "fatalError(\"x\")", "x() // done\n let y = z as! Int", "Task { }",
            "Task.detached {",
        ] {
            #expect(!faults(in: SourceFile(path: "Sources/X.swift", text: text)).isEmpty, "\(text)")
        }
        #expect(
            faults(in: SourceFile(path: "Sources/X.swift", text: "/// `try!` is banned\ngroup.addTask { }"))
                .isEmpty)
        let long = "func f() {\n" + String(repeating: "  a()\n", count: 80) + "}\nfunc g() { }\n"
        #expect(functions(in: SourceFile(path: "Sources/X.swift", text: long)).map(\.length) == [82, 1])
    }
}
