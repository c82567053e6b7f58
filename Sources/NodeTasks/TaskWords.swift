/// What the owner says of a lease.
///
/// Raw values are those of `spacenode.task.v1.Standing`.
package enum TaskStanding: Int, Sendable, Hashable {
    /// Go on.
    case held = 1
    /// Somebody else has it: stop.
    case fenced = 2
    /// No such task: stop.
    case unknown = 3
    /// It is finished: forget the result.
    case done = 4
    /// The owner no longer wants it: stop.
    case cancelled = 5
    /// It went back.
    case released = 6
}

/// A worker's word about one lease.
package struct LeaseWord: Sendable, Hashable {
    package let id: TaskID
    package let fence: UInt64
    /// Instance on the bus that says it.
    package let holder: UInt64

    /// A word.
    package init(id: TaskID, fence: UInt64, holder: UInt64) {
        self.id = id
        self.fence = fence
        self.holder = holder
    }
}

/// What a worker asks for.
package struct TakeWish: Sendable {
    /// Free places of one capability.
    package struct Slot: Sendable {
        package let capability: String
        package let free: UInt32

        /// Free places.
        package init(capability: String, free: UInt32) {
            self.capability = capability
            self.free = free
        }
    }

    package let holder: UInt64
    package let worker: String
    package let slots: [Slot]
    package let localities: [String]
    package let held: [(id: TaskID, fence: UInt64)]

    /// A wish.
    package init(
        holder: UInt64, worker: String, slots: [Slot], localities: [String] = [],
        held: [(id: TaskID, fence: UInt64)] = []
    ) {
        self.holder = holder
        self.worker = worker
        self.slots = slots
        self.localities = localities
        self.held = held
    }

    func check() throws(TaskFault) {
        guard worker.utf8.count <= TaskLimit.nameBytes else {
            throw TaskFault("the worker's name has over \(TaskLimit.nameBytes) bytes: shorten it")
        }
        guard slots.count <= 16, localities.count <= 4096, held.count <= TaskLimit.leasesPerWorker else {
            throw TaskFault(
                "at most 16 slots, 4096 localities and \(TaskLimit.leasesPerWorker) held leases in one Take")
        }
    }
}

/// A task handed out.
package struct TaskGrant: Sendable, Hashable {
    package let task: TaskSpecification
    package let fence: UInt64
    package let leaseMilliseconds: UInt32
    /// Where the previous holder was, empty: at the beginning.
    package let checkpoint: [UInt8]
}
