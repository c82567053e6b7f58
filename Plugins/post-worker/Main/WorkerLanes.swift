internal import Foundation
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// Tasks come here before they run, and wait for their turn.
final class WorkerLanes: Sendable {
    private struct State {
        var schedule = LaneSchedule()
        var waiting: [LaneSchedule.Ticket: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Waits for a lane.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func enter(_ lane: String, deadline: UInt64) async throws -> LaneSchedule.Ticket {
        let (ticket, runs) = state.withLock { $0.schedule.enter(lane, deadline: deadline) }
        if runs { return ticket }
        let isTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Whose turn has come before this line is known by the schedule alone.
                let turn = state.withLock { state -> Bool? in
                    if state.schedule.runs(ticket) { return true }
                    if Task.isCancelled { return false }
                    state.waiting[ticket] = continuation
                    return nil
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: false)
        }
        guard isTurn, !Task.isCancelled else {
            leave(ticket)
            throw CancellationError()
        }
        return ticket
    }

    /// Makes room for the next.
    func leave(_ ticket: LaneSchedule.Ticket) {
        let next = state.withLock { state in
            state.schedule.leave(ticket).flatMap { state.waiting.removeValue(forKey: $0) }
        }
        next?.resume(returning: true)
    }

    /// Whether nobody is in a lane.
    func isFree(_ lane: String) -> Bool { state.withLock { $0.schedule.isFree(lane) } }
}

/// Runs a body on a thread of its own, so that neither the bus thread nor Swift's own pool waits; a cancelled task stops
/// the control.
func onOwnThread<Value: Sendable>(
    _ control: WorkControl? = nil, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.stackSize = 1 << 20
            thread.start()
        }
    } onCancel: {
        control?.stop()
    }
}
