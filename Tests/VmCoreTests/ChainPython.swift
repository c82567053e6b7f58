import Foundation
import Testing

/// Asks Python, whose whole numbers have no end.
enum ChainPython {
    /// The lines that a script prints for an input.
    static func lines(_ script: String, _ input: String) throws -> [String] {
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script]
        // A file: two pipes could wait for each other.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("chain-\(UUID()).input")
        try Data(input.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let stdout = Pipe()
        python.standardInput = try FileHandle(forReadingFrom: file)
        python.standardOutput = stdout
        try python.run()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        python.waitUntilExit()
        try #require(python.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
