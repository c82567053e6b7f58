import Foundation
import Testing

/// A folder for plots, and `spacenode post` on them; both end with the object.
final class PlotCommand {
    let folder = NSTemporaryDirectory() + "plots-\(UUID().uuidString.prefix(8))"
    let id = String(repeating: "4d", count: 32)
    let zeros = String(repeating: "00", count: 32)
    let easy = String(repeating: "ff", count: 32)
    /// What `init` needs besides the directory.
    let plot: [String]

    init(labels: UInt64, scryptN: UInt32, maxFileSize: UInt64) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        plot = [
            "--id", id, "--commitment-atx", zeros, "--units", "1", "--labels-per-unit", "\(labels)",
            "--scrypt-n", "\(scryptN)", "--max-file-size", "\(maxFileSize)",
        ]
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs `spacenode post`.
    func post(_ words: String..., timeout: TimeInterval = 60) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", ["post"] + words, timeout: timeout)
    }

    /// Runs `spacenode post init` on a directory below the folder.
    func make(_ name: String, _ more: String...) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", initWords(name) + more, timeout: 120)
    }

    func initWords(_ name: String) -> [String] { ["post", "init", "--dir", "\(folder)/\(name)"] + plot }

    /// Starts `init`, and kills it after a time unless it has ended before.
    ///
    /// - Returns: whether it was killed.
    func makeAndKill(_ name: String, after seconds: Double, _ more: [String] = []) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode")
        process.arguments = initWords(name) + more
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = Date() + seconds
        while process.isRunning, Date() < end { usleep(500) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        if process.terminationReason == .exit {
            try #require(process.terminationStatus == 0, "init failed")
            return false
        }
        return true
    }

    /// The bytes of all files of a directory below the folder, by name.
    func contents(_ name: String) throws -> [String: Data] {
        var result: [String: Data] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)") {
            result[file] = FileManager.default.contents(atPath: "\(folder)/\(name)/\(file)")
        }
        return result
    }
}
