/// Holds the reins of work that is under way: ends it, pauses it, keeps it below a rate.
///
/// Any thread may call it at any time. One control may be given to several pieces of work: a stop ends all of them, and the
/// rate is that of all together.
package final class WorkControl: Sendable {
    private struct State {
        var isStopped = false
        var isPaused = false
        var bytesPerSecond: UInt64?
        /// When all that was admitted would have passed at the rate.
        var paid = 0.0
    }

    /// Time that was not used is saved up for so long, so that late wakings cost nothing of the rate.
    private static let saved = 0.25

    private let state = Monitor(State())

    /// Work that runs, as fast as it can or below a rate.
    package init(bytesPerSecond: UInt64? = nil) {
        limit(bytesPerSecond: bytesPerSecond)
    }

    /// Ends the work soon, for good: what is done is kept, and the call that runs it returns.
    package func stop() { state.with { $0.isStopped = true } }
    /// Holds the work until `resume`.
    package func pause() { state.with { $0.isPaused = true } }
    /// Lets it go on.
    package func resume() { state.with { $0.isPaused = false } }
    /// Changes the rate, of bytes that are read or of labels made (16 bytes each); nil for none.
    package func limit(bytesPerSecond: UInt64?) {
        state.with {
            $0.bytesPerSecond = bytesPerSecond.map { max($0, 1) }
            $0.paid = 0
        }
    }

    /// Whether it was ended.
    package var isStopped: Bool { state.with { $0.isStopped } }

    /// Lets those who wait look again whether their work is over.
    func wake() { state.with { _ in } }

    /// Waits until so many bytes may pass; false when the work was ended, or is over for another reason.
    func admit(bytes: Int, unless isOver: () -> Bool = { false }) -> Bool {
        var isPaid = false
        return state.poll { state -> Waiting<Bool> in
            if state.isStopped || isOver() { return .done(false) }
            if state.isPaused { return .change }
            guard let rate = state.bytesPerSecond else { return .done(true) }
            let now = wallSeconds()
            if !isPaid {
                state.paid = max(state.paid, now - WorkControl.saved) + Double(bytes) / Double(rate)
                isPaid = true
            }
            let left = state.paid - now
            return left <= 0 ? .done(true) : .seconds(left)
        }
    }
}
