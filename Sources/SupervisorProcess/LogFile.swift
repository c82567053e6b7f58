internal import Foundation
internal import NodeLogging

/// A log that a process writes to its end: the file, and the older part `.1` beside it.
///
/// The process holds the file open, so it cannot be renamed away from it. It is copied and emptied; what is written
/// between the last look at it and its emptying, microseconds later, is lost.
package struct LogFile: Sendable {
    package let path: String
    package var older: String { "\(path).1" }

    /// Largest size of the file; with the older part there is twice as much.
    package static let limit: UInt64 = 16 << 20

    /// The log at a path.
    package init(_ path: String) {
        self.path = path
    }

    /// Length now, 0 when there is none.
    package var size: UInt64 {
        var info = stat()
        return stat(path, &info) == 0 ? UInt64(max(0, info.st_size)) : 0
    }

    /// Makes the file the older part when it is too large.
    package func rotate(limit: UInt64 = Self.limit) {
        guard size > limit else { return }
        let source = open(path, O_RDWR | O_CLOEXEC)
        guard source >= 0 else { return }
        defer { close(source) }
        unlink(older)
        let target = open(older, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { if target >= 0 { close(target) } }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        // Without room for a copy the old part is given up: the bound holds.
        while target >= 0 {
            let count = read(source, &block, block.count)
            guard count > 0, write(target, block, count) == count else { break }
        }
        ftruncate(source, 0)
    }

    /// The end of the file, from a length it had before on.
    package func end(since length: UInt64, limit: Int = 8192) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? handle.close() }
        // A shorter file was emptied meanwhile.
        let begin = size < length ? 0 : length
        try? handle.seek(toOffset: max(begin, size > UInt64(limit) ? size - UInt64(limit) : 0))
        return String(decoding: (try? handle.read(upToCount: limit)) ?? Data(), as: UTF8.self)
    }

    /// Adds a line with the time; what cannot be written is not.
    package func add(_ line: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array("\(LineLog.timestamp()) \(line)\n".utf8)
        _ = write(file, bytes, bytes.count)
    }
}
