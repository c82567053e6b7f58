import Foundation
import SupervisorProcess
import Testing

/// A folder that goes with its test.
final class Folder {
    let path = NSTemporaryDirectory() + "supervisor-\(UUID().uuidString.prefix(8))"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Adds to a file as a process does that holds it open.
private func append(_ text: String, _ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(file) }
    let bytes = Array(text.utf8)
    try #require(write(file, bytes, bytes.count) == bytes.count)
}

@Suite("Logs")
struct LogTests {
    @Test("the newest lines come in order, later ones follow, and a line is whole")
    func follow() throws {
        let folder = try Folder()
        let path = "\(folder.path)/a.log"
        try append("one\ntwo\nthr", path)
        var reader = LogReader(process: "a", path: path)
        #expect(reader.newest(1, since: nil).map(\.text) == ["two"])
        #expect(reader.next().isEmpty)
        try append("ee\nfour\n", path)
        #expect(reader.next().map(\.text) == ["three", "four"])
    }

    @Test("a rotated log is read over its rotation, no line twice and none left out")
    func rotation() throws {
        let folder = try Folder()
        let path = "\(folder.path)/a.log"
        try append("one\n", path)
        var reader = LogReader(process: "a", path: path)
        #expect(reader.newest(nil, since: nil).map(\.text) == ["one"])
        try append("two\n", path)
        LogFile(path).rotate(limit: 4)
        try append("3\n", path)
        #expect(reader.next().map(\.text) == ["two", "3"])
        var again = LogReader(process: "a", path: path)
        #expect(again.newest(nil, since: nil).map(\.text) == ["one", "two", "3"])
        let mode = try FileManager.default.attributesOfItem(atPath: "\(path).1")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a log holds twice its limit at most, whatever is written")
    func bound() throws {
        let folder = try Folder()
        let path = "\(folder.path)/a.log"
        for number in 0..<200 {
            try append("line \(number)\n", path)
            LogFile(path).rotate(limit: 500)
        }
        let log = LogFile(path)
        #expect(log.size <= 510 && LogFile(log.older).size <= 510)
        var reader = LogReader(process: "a", path: path)
        #expect(reader.newest(1, since: nil).map(\.text) == ["line 199"])
    }

    @Test("many lines: the newest are found from the end, over the blocks of reading")
    func long() throws {
        let folder = try Folder()
        let path = "\(folder.path)/a.log"
        try append((0..<20_000).map { "line \($0) \(String(repeating: "x", count: 30))\n" }.joined(), path)
        var reader = LogReader(process: "a", path: path)
        let lines = reader.newest(5000, since: nil)
        #expect(lines.count == 5000 && lines.first?.text.hasPrefix("line 15000 ") == true)
        #expect(reader.newest(nil, since: nil).count == 20_000)
    }

    @Test("times are read in their zone; a line without one belongs to the line before")
    func times() throws {
        #expect(LogTime.milliseconds("1970-01-01T01:00:10+0100 info x") == 10_000)
        #expect(LogTime.milliseconds("1970-01-01T00:00:10.250Z x") == 10_250)
        #expect(LogTime.milliseconds("1970-01-02 00:00:00 x") == 86_400_000)
        #expect(LogTime.milliseconds("hello") == nil)
        #expect(LogTime.milliseconds("1970-13-01T00:00:10Z hello") == nil)
        let folder = try Folder()
        let path = "\(folder.path)/a.log"
        try append("1970-01-01T00:00:10Z a\n  more\n1970-01-01T00:00:20Z b\n", path)
        var reader = LogReader(process: "a", path: path)
        #expect(reader.newest(nil, since: nil).map(\.time) == [10_000, 10_000, 20_000])
        #expect(reader.newest(nil, since: 15_000).map(\.text) == ["1970-01-01T00:00:20Z b"])
    }

    @Test("logs are merged by time, and lines of one log keep their order")
    func merge() throws {
        let folder = try Folder()
        let logs = try ["a": [1, 3, 2], "b": [2, 4]].sorted { $0.key < $1.key }.map { name, times in
            let path = "\(folder.path)/\(name).log"
            try append(times.map { "1970-01-01T00:00:0\($0)Z \(name)\($0)\n" }.joined(), path)
            var reader = LogReader(process: name, path: path)
            return reader.newest(nil, since: nil)
        }
        #expect(merged(logs).map { $0.text.suffix(2) } == ["a1", "b2", "a3", "a2", "b4"])
    }
}
