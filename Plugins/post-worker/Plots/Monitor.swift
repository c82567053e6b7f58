internal import Foundation

/// State that threads share, and wait for.
final class Monitor<State>: @unchecked Sendable {
    // Unchecked: `state` is touched under the lock alone.
    private let condition = NSCondition()
    private var state: State

    init(_ state: State) {
        self.state = state
    }

    /// Looks at the state, or changes it; those who wait look again.
    func with<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body(&state)
    }

    /// Waits until the body has an answer.
    func wait<Result>(_ body: (inout State) -> Result?) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        while true {
            if let result = body(&state) { return result }
            condition.wait()
        }
    }

    /// Waits until the body has an answer, or says for how many seconds at most to wait before it is asked again.
    func poll<Result>(_ body: (inout State) -> Waiting<Result>) -> Result {
        condition.lock()
        defer { condition.unlock() }
        while true {
            switch body(&state) {
            case .done(let result): return result
            case .change: condition.wait()
            case .seconds(let seconds): _ = condition.wait(until: Date(timeIntervalSinceNow: seconds))
            }
        }
    }
}

/// What somebody who waits is told.
enum Waiting<Result> {
    /// Go on.
    case done(Result)
    /// Wait until the state changes.
    case change
    /// Wait so long at most.
    case seconds(Double)
}
