internal import Foundation
internal import NodeCommand
internal import PostWorkerPlots
internal import Synchronization

/// Shows how far long work is: a bar on a terminal, a line now and then elsewhere.
final class ToolProgress: Sendable {
    private struct State {
        var began = wallSeconds()
        var base = 0.0
        var shown = 0.0
        var title = ""
    }

    private let state = Mutex(State())
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// Seconds between pictures on a terminal, and between lines elsewhere.
    private var interval: Double { isTerminal ? 0.2 : 60 }

    /// Shows a state.
    ///
    /// - Parameters:
    ///   - title: what is done; the estimate begins anew with each.
    ///   - share: how much of it, 0 to 1; nil when nobody knows how much there is.
    ///   - detail: more words.
    func show(_ title: String, share: Double?, detail: @autoclosure () -> String) {
        let now = wallSeconds()
        let left = state.withLock { state -> String? in
            if state.title != title {
                state = State(began: now, base: share ?? 0, shown: isTerminal ? 0 : now, title: title)
            }
            guard now - state.shown >= interval else { return nil }
            state.shown = now
            guard let share, share - state.base > 0, now - state.began >= 1 else { return "" }
            let seconds = (now - state.began) * (1 - share) / (share - state.base)
            return share < 1 ? ", \(timeText(seconds: seconds)) left" : ""
        }
        guard let left else { return }
        let line = "\(title) \(bar(share))\(detail())\(left)"
        if isTerminal {
            write("\r\u{1b}[K\(line)")
        } else {
            write(line + "\n")
        }
    }

    /// Takes the bar away.
    func end() {
        let wasShown = state.withLock { $0.shown > 0 }
        if isTerminal, wasShown { write("\r\u{1b}[K") }
    }

    private func bar(_ share: Double?) -> String {
        guard let share else { return "" }
        let percent = String(format: "%5.1f %%  ", 100 * min(max(share, 0), 1))
        guard isTerminal else { return percent }
        let full = Int(min(max(share, 0), 1) * 24)
        return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: 24 - full) + "] "
            + percent
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// Bytes for people.
    static func text(bytes: UInt64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", value, units[unit])
    }
}

/// Ends work softly when the operator or the system asks for it.
enum StopSignals {
    /// Takes SIGINT and SIGTERM from now on: the first stops the work, the second ends the process at once.
    ///
    /// Call it before any other thread is there: they inherit that these signals are waited for.
    static func stop(_ control: WorkControl) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let wanted = signals
        let thread = Thread {
            var wanted = wanted
            var number: Int32 = 0
            sigwait(&wanted, &number)
            control.stop()
            note("\nstopping; once more to end at once")
            sigwait(&wanted, &number)
            _exit(2)
        }
        thread.stackSize = 1 << 18
        thread.start()
    }
}
