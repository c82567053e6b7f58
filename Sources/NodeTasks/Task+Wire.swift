internal import Foundation
internal import NodeProtocol

extension TaskGrant {
    var wire: Spacenode_Task_V1_Lease {
        var lease = Spacenode_Task_V1_Lease()
        lease.task = task.wire
        lease.fence = fence
        lease.leaseMs = leaseMilliseconds
        lease.checkpoint = Data(checkpoint)
        return lease
    }

    /// - Throws: `TaskFault` when the owner hands out what no task is.
    init(wire: Spacenode_Task_V1_Lease) throws(TaskFault) {
        task = try TaskSpecification(wire: wire.task)
        fence = wire.fence
        leaseMilliseconds = wire.leaseMs
        checkpoint = [UInt8](wire.checkpoint)
    }
}

extension TaskStanding {
    var wire: Spacenode_Task_V1_Standing { Spacenode_Task_V1_Standing(rawValue: rawValue) ?? .unspecified }
}

extension LeaseWord {
    init(id: Data, fence: UInt64, holder: UInt64) throws(TaskFault) {
        guard let id = TaskID(id) else { throw TaskFault("id has \(id.count) bytes: a task's id has 32") }
        self.init(id: id, fence: fence, holder: holder)
    }
}

extension TakeWish {
    init(wire: Spacenode_Task_V1_TakeRequest, holder: UInt64) throws(TaskFault) {
        var held: [(id: TaskID, fence: UInt64)] = []
        for lease in wire.held {
            held.append((try LeaseWord(id: lease.id, fence: lease.fence, holder: holder).id, lease.fence))
        }
        self.init(
            holder: holder, worker: wire.worker,
            slots: wire.slots.map { Slot(capability: $0.capability, free: $0.free) },
            localities: wire.localities, held: held)
    }
}

extension TaskQueue {
    /// The queue as people see it: what runs first, then what waits, then what has ended.
    func listing(limit: Int, now: UInt64) -> Spacenode_Task_V1_ListReply {
        var reply = Spacenode_Task_V1_ListReply()
        reply.waiting = UInt64(waitingCount)
        reply.leased = UInt64(leasedCount)
        reply.finished = UInt64(finishedCount)
        let count = limit == 0 ? 100 : min(limit, TaskLimit.listed)
        let ordered = records.values.sorted {
            ($0.rank, $0.number) < ($1.rank, $1.number)
        }
        reply.tasks = ordered.prefix(count).map { $0.info(now: now) }
        return reply
    }
}

extension TaskRecord {
    fileprivate var rank: Int {
        switch state {
        case .leased: 0
        case .waiting: 1
        case .finished: 2
        }
    }

    fileprivate func info(now: UInt64) -> Spacenode_Task_V1_TaskInfo {
        var info = Spacenode_Task_V1_TaskInfo()
        info.id = Data(task.id.bytes)
        info.kind = task.kind
        info.capability = task.capability
        info.locality = task.locality
        info.fence = fence
        info.progress = progress
        info.attempts = attempts
        info.lastError = lastError
        info.deadlineMs = task.deadlineMilliseconds
        switch state {
        case .waiting: info.state = "waiting"
        case .leased(let lease):
            info.state = "leased"
            info.worker = lease.worker
            info.leaseLeftMs = lease.endsAt > now ? lease.endsAt - now : 0
        case .finished(.output): info.state = "done"
        case .finished(.failed): info.state = "failed"
        case .finished(.cancelled(let reason)):
            info.state = "cancelled"
            info.lastError = reason
        }
        return info
    }
}
