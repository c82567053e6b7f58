import Foundation

/// One source file with what the checks need to know of it.
struct SourceFile {
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// Folder of the target: `Sources/NodeBus`, `Plugins/example/Main`, `Tests/RouterCoreTests`.
    var folder: String {
        let parts = path.split(separator: "/")
        return parts.prefix(parts.first == "Plugins" ? 3 : 2).joined(separator: "/")
    }
    var isTest: Bool { path.hasPrefix("Tests/") }
    var isGenerated: Bool { path.contains("/Generated/") }
}

/// The files of the repository.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Swift files below `Sources`, `Plugins` and `Tests`.
    static func swift() -> [SourceFile] {
        ["Sources", "Plugins", "Tests"].flatMap { files(below: $0, suffix: ".swift") }
    }

    /// Every text file that belongs to the project, in the root and in its folders.
    static func all() -> [SourceFile] {
        let folders = ["Sources", "Plugins", "Tests", "SDK", "Protos", "docs", "scripts", "config", ".ci"]
        let inRoot = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let rootFiles = inRoot.compactMap { name -> SourceFile? in
            guard let text = try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8) else {
                return nil
            }
            return SourceFile(path: name, text: text)
        }
        return folders.flatMap { files(below: $0, suffix: "") } + rootFiles
    }

    static func files(below folder: String, suffix: String) -> [SourceFile] {
        let base = "\(root)/\(folder)"
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(suffix) && !$0.contains(".build") && !$0.contains(".pyc") }
            .sorted().compactMap { name in
                guard let text = try? String(contentsOfFile: "\(base)/\(name)", encoding: .utf8) else {
                    return nil
                }
                return SourceFile(path: "\(folder)/\(name)", text: text)
            }
    }
}

/// Where one function stands and how long it is, found by matching braces.
struct FunctionSpan: Equatable {
    let line: Int
    let length: Int
}

/// Functions of a file: from the line of `func`, `init` or `deinit` to the line of its closing brace.
func functions(in file: SourceFile) -> [FunctionSpan] {
    let pattern =
        /^\s*(@\w+(\(.*\))?\s+)*((package|private|fileprivate|internal|static|mutating|override|final|nonisolated|required|convenience)\s+)*(func\b|init[?(<]|deinit\b)/
    var result: [FunctionSpan] = []
    let lines = file.lines
    for (index, line) in lines.enumerated() where line.firstMatch(of: pattern) != nil {
        var depth = 0
        var hasBody = false
        for end in index..<min(index + 400, lines.count) {
            let code = lines[end].replacing(/"([^"\\]|\\.)*"/, with: "").prefix { _ in true }
            for character in code {
                if character == "{" { depth += 1; hasBody = true }
                if character == "}" { depth -= 1 }
            }
            if hasBody && depth <= 0 {
                result.append(FunctionSpan(line: index + 1, length: end - index + 1))
                break
            }
        }
    }
    return result
}
