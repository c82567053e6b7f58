internal import Foundation
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// Runs the work of one task: waits for its lane, runs it on a thread, holds its reins, tells how far it is.
struct TaskRunner: Sendable {
    /// Where a piece of work runs.
    struct Place: Sendable {
        let task: TaskSpecification
        let lane: String
        let disk: String?
        /// Whether the limit for reading is its.
        let reads: Bool

        init(_ task: TaskSpecification, lane: String, disk: String? = nil, reads: Bool = false) {
            self.task = task
            self.lane = lane
            self.disk = disk
            self.reads = reads
        }
    }

    /// Tells how far the work is; on any thread.
    typealias Report = @Sendable (_ done: UInt64, _ total: UInt64) -> Void

    /// Lane of work that makes labels.
    static let labels = "labels"
    /// Lane of proofs of work.
    static let work = "pow"

    let state: WorkerState

    /// Runs a body when its lane is free.
    ///
    /// The body returns soon after the control was stopped, which a cancelled task does.
    /// - Throws: what the body throws; `CancellationError` when the task was cancelled.
    func run<Value: Sendable>(
        _ place: Place, control: WorkControl,
        _ body: @escaping @Sendable (@escaping Report) throws -> Value
    ) async throws -> Value {
        let kind = place.task.kind.split(separator: ".").last.map(String.init) ?? ""
        let number = state.progress.withLock {
            $0.add(task: Array(place.task.id.bytes.prefix(8)), kind: kind, lane: place.lane)
        }
        defer { state.progress.withLock { $0.remove(number) } }
        let ticket = try await state.lanes.enter(place.lane, deadline: place.task.deadlineMilliseconds)
        defer { state.lanes.leave(ticket) }
        let piece = state.reins.begin(disk: place.disk, reads: place.reads, control)
        defer { state.reins.end(piece) }
        let state = state
        let value = try await onOwnThread(control) {
            try body { done, total in
                let now = steadyMilliseconds()
                state.progress.withLock { $0.report(number, done: done, total: total, now: now) }
            }
        }
        try Task.checkCancellation()
        return value
    }
}

/// A share of a whole, for the queue's list.
func share(_ done: UInt64, of all: UInt64) -> Double {
    all == 0 ? 0 : min(Double(done) / Double(all), 1)
}

/// Milliseconds since a moment of `wallSeconds`, as they are told.
func milliseconds(since start: Double) -> UInt32 {
    UInt32(clamping: Int((wallSeconds() - start) * 1000))
}
