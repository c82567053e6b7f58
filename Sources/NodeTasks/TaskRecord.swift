/// How a task ended.
package enum TaskOutcome: Sendable, Hashable {
    case output([UInt8])
    /// It failed as often as the queue allows; the last error.
    case failed(String)
    /// The owner no longer wanted it, or its deadline passed.
    case cancelled(String)
}

/// Who has a task, since when a lease runs.
package struct TaskLease: Sendable, Hashable {
    /// Instance on the bus.
    package let holder: UInt64
    /// What the holder calls itself.
    package let worker: String
    /// End by the queue's clock, in milliseconds.
    package var endsAt: UInt64

    /// A lease, as a store gives it back.
    package init(holder: UInt64, worker: String, endsAt: UInt64) {
        self.holder = holder
        self.worker = worker
        self.endsAt = endsAt
    }
}

/// Where a task stands.
package enum TaskState: Sendable, Hashable {
    /// Nobody works on it; `notBefore` by the queue's clock holds back what has just failed.
    case waiting(notBefore: UInt64)
    case leased(TaskLease)
    case finished(TaskOutcome)

    var isFinished: Bool {
        if case .finished = self { return true }
        return false
    }
}

/// All that an owner knows of one task: what it stores, and what it goes on from after a restart.
package struct TaskRecord: Sendable, Hashable {
    package let task: TaskSpecification
    package var state: TaskState
    /// Rises with every hand-out; names the newest lease.
    package var fence: UInt64 = 0
    /// The newest word of any holder, empty: none.
    package var checkpoint: [UInt8] = []
    package var progress: Double = 0
    /// Results that were errors.
    package var attempts: UInt32 = 0
    package var lastError = ""
    /// Order of the offers.
    package let number: UInt64
    /// Whether it has ended and the owner has not dealt with that yet.
    package var awaitsOwner: Bool { state.isFinished && !isCollected }
    /// The owner has dealt with the outcome.
    package var isCollected = false
    /// Who held it last; may go on with the same fence while nobody else took it.
    var lastHolder: TaskLease?

    /// A task as it is offered, or as a store gives it back.
    package init(
        task: TaskSpecification, state: TaskState = .waiting(notBefore: 0), fence: UInt64 = 0,
        checkpoint: [UInt8] = [], progress: Double = 0, attempts: UInt32 = 0, lastError: String = "",
        number: UInt64, isCollected: Bool = false
    ) {
        self.task = task
        self.state = state
        self.fence = fence
        self.checkpoint = checkpoint
        self.progress = progress
        self.attempts = attempts
        self.lastError = lastError
        self.number = number
        self.isCollected = isCollected
    }
}

/// What a store is told after a change.
package enum TaskChange: Sendable, Hashable {
    case put(TaskRecord)
    case remove(TaskID)

    package var id: TaskID {
        switch self {
        case .put(let record): record.task.id
        case .remove(let id): id
        }
    }
}
