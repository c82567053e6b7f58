internal import NodeTasks
internal import Synchronization

/// Looks at the disks and tells the owner's queue which places are here.
final class Surveyor: Sendable {
    private let state: WorkerState
    private let worker = Mutex(TaskWorker?.none)

    init(state: WorkerState) {
        self.state = state
    }

    /// Who is told; set once, when it is made.
    func tell(_ tasks: TaskWorker) {
        worker.withLock { $0 = tasks }
    }

    /// Looks.
    func look() async throws {
        try await state.survey()
        worker.withLock { $0 }?.state(localities: state.localities)
    }
}
