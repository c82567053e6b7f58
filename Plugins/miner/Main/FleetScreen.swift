internal import Foundation
internal import MinerCore
internal import NodeCommand

/// Shows lanes on standard error: a picture in place on a terminal, a line now and then elsewhere.
struct FleetScreen {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let json: Bool
    private var shownAt: UInt64 = 0
    private var height = 0

    init(json: Bool) { self.json = json }

    /// Milliseconds between two pictures.
    private var interval: UInt64 { json ? 1000 : isTerminal ? 500 : 10_000 }

    /// Shows a picture when it is time.
    mutating func show(_ now: UInt64, _ picture: () -> FleetPicture) {
        guard shownAt == 0 || now >= shownAt + interval else { return }
        shownAt = max(now, 1)
        let picture = picture()
        if json {
            note(FleetScreen.line(picture))
        } else if isTerminal {
            draw(FleetScreen.lines(picture))
        } else {
            note(FleetScreen.sentence(picture))
        }
    }

    /// Takes the picture away.
    mutating func end() {
        if height > 0 { write("\u{1b}[\(height)A\u{1b}[J") }
        height = 0
    }

    private mutating func draw(_ lines: [String]) {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let (columns, rows) = isKnown ? (Int(size.ws_col), Int(size.ws_row)) : (80, 24)
        let shown = lines.prefix(max(rows - 1, 1)).map { line in
            line.count < columns ? line : String(line.prefix(max(columns - 2, 1))) + "…"
        }
        let up = height > 0 ? "\u{1b}[\(height)A" : ""
        write(up + shown.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J")
        height = shown.count
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    // MARK: - Words

    static func sentence(_ picture: FleetPicture) -> String {
        var words = [picture.title, String(format: "%.1f %%", 100 * picture.share)]
        if let bound = picture.bound { words.append("slowest lane: \(timeText(seconds: bound / 1000)) left") }
        let gone = Set(picture.rows.filter { !$0.isThere }.map(\.name.worker))
        if !gone.isEmpty { words.append("not there: \(gone.sorted().joined(separator: ", "))") }
        if let proving = picture.proving {
            words.append("best nonce has \(proving.best) of \(proving.needed)")
            words.append("odds \(text(odds: proving.odds))")
        }
        let faults = picture.rows.filter { !$0.error.isEmpty }.map { "\($0.name.worker): \($0.error)" }
        return (words + picture.trouble + faults).joined(separator: " · ")
    }

    static func lines(_ picture: FleetPicture) -> [String] {
        let header = ["WORKER", "DISK", "DOES", "DONE", "RATE", "LEFT"]
        let cells = picture.rows.map { row in
            [
                row.name.worker, row.name.disk, row.isThere ? row.what : "not there",
                amount(row, picture.isCounting), row.rate.map { text(rate: $0) } ?? "-",
                row.left.map { timeText(seconds: $0 / 1000) } ?? "-",
            ]
        }
        let widths = header.indices.map { column in ([header] + cells).map { $0[column].count }.max() ?? 0 }
        let table = ([header] + cells).enumerated().map { number, row in
            let text = zip(row, widths).map { $0 + String(repeating: " ", count: max($1 - $0.count, 0)) }
                .joined(separator: "  ")
            guard number > 0 else { return text }
            let lane = picture.rows[number - 1]
            return "\(text)  \(bar(lane.total > 0 ? lane.done / lane.total : 1))"
        }
        return table + summary(picture) + picture.trouble
            + picture.rows.filter { !$0.error.isEmpty }.map {
                "\($0.name.worker) \($0.name.disk): \($0.error)"
            }
    }

    private static func summary(_ picture: FleetPicture) -> [String] {
        var line = "\(picture.title)  \(bar(picture.share)) " + String(format: "%.1f %%", 100 * picture.share)
        if let bound = picture.bound {
            line +=
                ", the slowest lane ends in \(timeText(seconds: bound / 1000)), at \(clock(in: bound / 1000))"
        }
        guard let proving = picture.proving else { return [line] }
        var odds = "\(proving.hits) hits, the best nonce has \(proving.best) of \(proving.needed); "
        odds += "odds of a proof in this pass \(text(odds: proving.odds))"
        if picture.rows.contains(where: { !$0.isThere }) {
            odds += ", \(text(odds: proving.oddsPresent)) without the disks that are not there"
        }
        if proving.damaged > 0 { odds += "; \(proving.damaged) labels are damaged" }
        return [line, odds]
    }

    /// The time of day after so many seconds, with its date when that is another day.
    private static func clock(in seconds: Double) -> String {
        var moment = time(nil) + time_t(min(max(seconds, 0), 1e9))
        var parts = tm()
        localtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, seconds > 43_200 ? "%Y-%m-%d %H:%M" : "%H:%M:%S", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func amount(_ row: LaneState, _ isCounting: Bool) -> String {
        isCounting
            ? "\(Int(row.done)) of \(Int(row.total))"
            : "\(text(bytes: row.done)) of \(text(bytes: row.total))"
    }

    private static func bar(_ share: Double) -> String {
        let full = Int(min(max(share, 0), 1) * 20)
        return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: 20 - full) + "]"
    }

    static func text(odds: Double) -> String {
        odds > 0.9999 && odds < 1 ? "over 99.99 %" : String(format: "%.2f %%", 100 * odds)
    }

    static func text(bytes: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var (value, unit) = (max(bytes, 0), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(Int(value)) B" : String(format: "%.1f %@", value, units[unit])
    }

    private static func text(rate: Double) -> String { text(bytes: rate) + "/s" }

    // MARK: - JSON

    private struct Row: Encodable {
        let worker, disk, what, error: String
        let isThere: Bool
        let done, total: Double
        let rate, secondsLeft: Double?
    }

    private struct Line: Encodable {
        let stage: String
        let share: Double
        let secondsLeft: Double?
        let lanes: [Row]
        let proving: FleetPicture.Proving?
        let trouble: [String]
    }

    static func line(_ picture: FleetPicture) -> String {
        let line = Line(
            stage: picture.title, share: picture.share, secondsLeft: picture.bound.map { $0 / 1000 },
            lanes: picture.rows.map {
                Row(
                    worker: $0.name.worker, disk: $0.name.disk, what: $0.what, error: $0.error,
                    isThere: $0.isThere, done: $0.done, total: $0.total, rate: $0.rate,
                    secondsLeft: $0.left.map { $0 / 1000 })
            }, proving: picture.proving, trouble: picture.trouble)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
