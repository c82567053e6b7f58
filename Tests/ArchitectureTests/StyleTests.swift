import Foundation
import Testing

private let maxFileLines = 800
private let medianFileLines = 150
private let maxFunctionLines = 70
private let medianFunctionLines = 8
private let usualFunctionLines = 40

/// Programs that people start; the rest are libraries, which do not print.
private let programs = [
    "Sources/spacenode/", "Sources/Conformance/", "Sources/Wallet/", "Sources/NodeCommand/", "Plugins/",
]

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

/// Absolute paths in a text that a clone elsewhere does not have: homes, and where this checkout lies.
private func machinePaths(in text: String, root: String = SourceTree.root) -> [String] {
    let homes = text.matches(of: /\/(?:home|Users)\/[A-Za-z][\w.-]*|\/root\/[\w.]/).map { String($0.0) }
    let parent = root.split(separator: "/").dropLast().joined(separator: "/")
    // A checkout right below a folder that every machine has says nothing about this one.
    let everywhere = ["", "tmp", "var", "srv", "opt", "root", "usr/src"]
    let places = [root] + (everywhere.contains(parent) ? [] : ["/\(parent)/"])
    return homes + places.filter { text.contains($0) }
}

/// Vectors whose name, or folder, no reader's text holds.
private func unread(_ vectors: [String], by readers: [String]) -> [String] {
    vectors.filter { name in
        let file = String(name.split(separator: "/").last ?? "")
        let folder = name.split(separator: "/").dropLast().joined(separator: "/")
        return !readers.contains {
            $0.contains(file) || (!folder.isEmpty && $0.contains("Vectors/\(folder)"))
        }
    }
}

/// What is wrong with a source file, as `line: why`.
private func faults(in file: SourceFile) -> [String] {
    var result: [String] = []
    let isProgram = programs.contains { file.path.hasPrefix($0) }
    let rules = banned()
    for (index, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        for rule in rules where line.firstMatch(of: rule.pattern) != nil {
            result.append("\(index + 1): \(rule.why)")
        }
        if !isProgram, line.firstMatch(of: /(?:^|[^.\w])print\(/) != nil {
            result.append("\(index + 1): only programs print: log, or return the text")
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
        all.sort()
        #expect(all[all.count / 2] <= medianFunctionLines)
        let short = all.filter { $0 <= usualFunctionLines }.count
        #expect(all.count > 100)
        #expect(Double(short) >= 0.95 * Double(all.count))
    }

    @Test("nothing banned stands in the sources")
    func bannedCalls() {
        for file in sources { #expect(faults(in: file) == [], "\(file.path)") }
    }

    @Test("no file names a path of somebody's machine")
    func machinePaths() {
        for file in SourceTree.all() where !file.path.hasSuffix("StyleTests.swift") {
            #expect(ArchitectureTests.machinePaths(in: file.text) == [], "\(file.path)")
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
        #expect(unread(names.filter { $0.contains(".") }, by: readers) == [])
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

    @Test("print is found in libraries, and allowed in programs")
    func plantedPrint() {
        let text = "func f() {\n    print(\"x\")\n    log.print(1)\n}\n"
        #expect(faults(in: SourceFile(path: "Sources/NodeBus/X.swift", text: text)).count == 1)
        #expect(faults(in: SourceFile(path: "Sources/spacenode/X.swift", text: text)).isEmpty)
    }

    @Test("planted paths of a machine are found")
    func plantedPaths() {
        let root = "/build/checkouts/node"
        let planted = [
            "see /home/alice/x", "/Users/bob", "/root/.cache", "cd /build/checkouts/node",
            "/build/checkouts/x",
        ]
        for text in planted {
            #expect(!ArchitectureTests.machinePaths(in: text, root: root).isEmpty, "\(text)")
        }
        for text in ["/run/spacenode/1", "/tmp/x", "/usr/bin/env", "the /home page"] {
            #expect(ArchitectureTests.machinePaths(in: text, root: "/tmp/node").isEmpty, "\(text)")
        }
    }

    @Test("a vector that nobody reads is found")
    func plantedVector() {
        let readers = ["open(\"frames.json\")", "below Vectors/corpus"]
        #expect(unread(["bus/frames.json", "corpus/1.bin"], by: readers) == [])
        #expect(unread(["bus/lost.json"], by: readers) == ["bus/lost.json"])
    }
}
