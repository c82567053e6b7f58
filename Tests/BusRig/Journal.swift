import Foundation

/// Lines that survive a kill -9 of their writer: each is written at once, and synced about twice a second.
final class Journal: @unchecked Sendable {
    private let descriptor: Int32
    private let lock = NSLock()
    private var synced = Date()

    init(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        precondition(descriptor >= 0, "cannot write \(path)")
    }

    func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        lock.withLock {
            _ = Glibc.write(descriptor, bytes, bytes.count)
            if Date().timeIntervalSince(synced) > 0.5 {
                fsync(descriptor)
                synced = Date()
            }
        }
    }
}

/// A journal read back: words of each whole line.
func readJournal(_ path: String) -> [[String]] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // A line without its end was cut by the kill.
    if !lines.isEmpty { lines.removeLast() }
    return lines.map { $0.split(separator: " ").map(String.init) }
}
