internal import Glibc
package import Logging

/// One line of text an event on standard error, with milliseconds, so that the logs of several processes can be merged.
///
/// `2026-01-31T08:30:00.125Z info router: session began plugin=storage`
package struct LineLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let label: String

    private init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    /// All loggers of this process write lines from here on; `SPACENODE_LOG_LEVEL` says from which level, else info.
    package static func bootstrap() {
        let word = getenv("SPACENODE_LOG_LEVEL").map { String(cString: $0) } ?? ""
        let level = Logger.Level(rawValue: word) ?? .info
        LoggingSystem.bootstrap { LineLog(label: $0, level: level) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = "\(event.message)\(details)"
        // A line that goes on is indented, so that it cannot pass for one of its own.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")
        var line = "\(Self.timestamp()) \(event.level) \(label): \(lines)\n"
        // In one piece, as others may write into the same file.
        _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The time in UTC, to the millisecond.
    package static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var seconds = now.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(1900 + parts.tm_year)-" + padded(parts.tm_mon + 1, 2) + "-" + padded(parts.tm_mday, 2)
        let time = padded(parts.tm_hour, 2) + ":" + padded(parts.tm_min, 2) + ":" + padded(parts.tm_sec, 2)
        return "\(date)T\(time)." + padded(Int32(now.tv_nsec / 1_000_000), 3) + "Z"
    }

    private static func padded(_ value: Int32, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
