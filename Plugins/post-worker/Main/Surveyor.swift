internal import NodeBus
internal import NodeTasks
internal import Synchronization

/// Looks at the disks, and tells the owner's queue and the router what came of it.
final class Surveyor: Sendable {
    private let state: WorkerState
    private let worker = Mutex(TaskWorker?.none)
    // The client keeps its handlers, and they keep this.
    private unowned let bus: BusClient

    init(state: WorkerState, bus: BusClient) {
        self.state = state
        self.bus = bus
    }

    /// Who takes tasks; set once, when it is made.
    func tell(_ tasks: TaskWorker) {
        worker.withLock { $0 = tasks }
    }

    /// Looks.
    func look() async throws {
        try await state.survey()
        worker.withLock { $0 }?.state(localities: state.localities)
        bus.setState(state.look.faults.first.map { .degraded($0) } ?? .ready)
    }
}
