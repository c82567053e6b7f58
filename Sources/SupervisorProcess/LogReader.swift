internal import Foundation

/// One line of a process's log.
package struct LogLine: Sendable, Hashable {
    package let process: String
    /// Unix milliseconds: of the line, else of the one before it; nil: unknown.
    package let time: Int?
    package let text: String
}

/// Reads one log, from its end backwards and then as it grows, over its rotation.
package struct LogReader {
    package let process: String
    private let file: LogFile
    private var offset: UInt64 = 0
    /// What came without its end yet.
    private var rest: [UInt8] = []
    private var time: Int?

    /// Longer lines are cut here.
    static let longestLine = 65_536

    /// The log of a process.
    package init(process: String, path: String) {
        self.process = process
        file = LogFile(path)
    }

    // MARK: - What is there

    /// The newest lines, oldest first; later lines come with `next`.
    /// - Parameters:
    ///   - number: at most so many; nil: no limit.
    ///   - since: none that are older, in Unix milliseconds.
    package mutating func newest(_ number: Int?, since: Int?) -> [LogLine] {
        offset = file.size
        let older = LogFile(file.older).size
        var window: UInt64 = 65_536
        while true {
            let isAll = window >= offset + older
            let lines = lines(in: tail(window, older), isWhole: isAll)
            let fitting = lines.filter { line in since.map { $0 <= line.time ?? .max } ?? true }
            // Enough when a line is left over, so that all that fit are there.
            let isEnough = number.map { fitting.count > $0 } ?? false || fitting.count < lines.count
            if isAll || isEnough { return number.map { Array(fitting.suffix($0)) } ?? fitting }
            window *= 4
        }
    }

    /// The last bytes of both parts.
    private func tail(_ window: UInt64, _ older: UInt64) -> [UInt8] {
        if window <= offset { return read(file.path, offset - window, window) }
        let rest = min(window - offset, older)
        return read(file.older, older - rest, rest) + read(file.path, 0, offset)
    }

    private mutating func lines(in bytes: [UInt8], isWhole: Bool) -> [LogLine] {
        rest = []
        time = nil
        var lines = take(bytes)
        // The first one may have begun before.
        if !isWhole, !lines.isEmpty { lines.removeFirst() }
        return lines
    }

    // MARK: - What comes

    /// Lines since the last call.
    package mutating func next() -> [LogLine] {
        let size = file.size
        if size < offset {
            // It was emptied; what was not read yet stands in the older part.
            let missed = read(
                file.older, offset, LogFile(file.older).size - min(offset, LogFile(file.older).size))
            offset = 0
            return take(missed) + next()
        }
        guard size > offset else { return [] }
        let bytes = read(file.path, offset, min(size - offset, 1 << 20))
        offset += UInt64(bytes.count)
        return take(bytes)
    }

    private mutating func take(_ bytes: [UInt8]) -> [LogLine] {
        var lines: [LogLine] = []
        for byte in bytes {
            if byte != 0x0a, rest.count < Self.longestLine {
                rest.append(byte)
                continue
            }
            let text = String(decoding: rest, as: UTF8.self)
            time = LogTime.milliseconds(text) ?? time
            lines.append(LogLine(process: process, time: time, text: text))
            rest.removeAll(keepingCapacity: true)
            if byte != 0x0a { rest.append(byte) }
        }
        return lines
    }

    private func read(_ path: String, _ begin: UInt64, _ count: UInt64) -> [UInt8] {
        guard count > 0, let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        try? handle.seek(toOffset: begin)
        return [UInt8]((try? handle.read(upToCount: Int(clamping: count))) ?? Data())
    }
}

/// Times at the beginning of log lines.
package enum LogTime {
    /// Unix milliseconds of `2026-01-31T08:30:00.125Z` or `…+0100`, with or without a fraction; nil: the line has none.
    package static func milliseconds(_ line: some StringProtocol) -> Int? {
        let bytes = Array(line.utf8.prefix(40))
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] == 0x54 || bytes[10] == 0x20,
            bytes[13] == 0x3a, bytes[16] == 0x3a
        else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: bytes[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        return (timegm(&parts) - (offset(bytes.dropFirst(19)) ?? 0)) * 1000 + fraction(bytes.dropFirst(19))
    }

    /// `.125…` in milliseconds.
    private static func fraction(_ rest: ArraySlice<UInt8>) -> Int {
        guard rest.first == 0x2e || rest.first == 0x2c else { return 0 }
        let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }.prefix(3)
        let value = Int(String(decoding: digits, as: UTF8.self)) ?? 0
        return value * [1000, 100, 10, 1][digits.count]
    }

    /// Seconds east of Greenwich; nil: not stated.
    private static func offset(_ rest: ArraySlice<UInt8>) -> Int? {
        let zone = rest.drop { $0 == 0x2e || $0 == 0x2c || (0x30...0x39).contains($0) }
        guard let sign = zone.first, sign == 0x2b || sign == 0x2d else { return nil }
        let digits = zone.dropFirst().filter { $0 != 0x3a }.prefix(4)
        guard digits.count == 4, let value = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        let seconds = value / 100 * 3600 + value % 100 * 60
        return sign == 0x2d ? -seconds : seconds
    }
}

/// Puts the lines of several logs in the order of their times; lines of one log keep theirs.
package func merged(_ logs: [[LogLine]]) -> [LogLine] {
    var places = logs.map { _ in 0 }
    var result: [LogLine] = []
    result.reserveCapacity(logs.reduce(0) { $0 + $1.count })
    while true {
        // Few logs, so a look at each is enough; the first of equal times wins.
        var best: Int?
        for index in logs.indices where places[index] < logs[index].count {
            let time = logs[index][places[index]].time ?? 0
            if let chosen = best, (logs[chosen][places[chosen]].time ?? 0) <= time { continue }
            best = index
        }
        guard let chosen = best else { return result }
        result.append(logs[chosen][places[chosen]])
        places[chosen] += 1
    }
}
