internal import Foundation
internal import NodeCommand
internal import Synchronization

/// What the terminal is like; plain when piped.
enum Terminal {
    static var isLive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Columns and rows; 80 × 24 when unknown.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// A line no wider than the terminal; whole when piped.
    static func cut(_ line: String) -> String {
        guard isLive else { return line }
        let width = size.columns
        return line.count <= width ? line : String(line.prefix(max(1, width - 1))) + "…"
    }

    /// Writes a line at once, so that a pipe has it when it happens.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Draws a screen in place.
    static func draw(_ lines: [String]) {
        let (columns, rows) = size
        let shown = lines.prefix(max(1, rows - 1)).map { line in
            line.count <= columns ? line : String(line.prefix(max(1, columns - 1))) + "…"
        }
        // Home, each line cleared to its end, then all below.
        let text = "\u{1b}[H" + shown.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + "\r\n\u{1b}[J"
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// Time of day with milliseconds.
    static func time(_ nanoseconds: UInt64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return padded(Int(parts.tm_hour), 2) + ":" + padded(Int(parts.tm_min), 2) + ":"
            + padded(Int(parts.tm_sec), 2) + "." + padded(Int(nanoseconds / 1_000_000 % 1000), 3)
    }

    /// ISO 8601 in UTC with microseconds.
    static func timestamp(_ nanoseconds: UInt64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date =
            "\(1900 + parts.tm_year)-" + padded(Int(parts.tm_mon) + 1, 2) + "-"
            + padded(Int(parts.tm_mday), 2)
        return date + "T" + padded(Int(parts.tm_hour), 2) + ":" + padded(Int(parts.tm_min), 2) + ":"
            + padded(Int(parts.tm_sec), 2) + "." + padded(Int(nanoseconds / 1000 % 1_000_000), 6) + "Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
