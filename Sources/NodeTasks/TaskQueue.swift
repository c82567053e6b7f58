/// The owner's decisions about its tasks: offers, leases, results.
///
/// No I/O and no clock: every call says what time it is, in milliseconds of any clock that never goes back, and
/// leaves in `changes` what a store must keep before the answer goes out.
package struct TaskQueue: Sendable {
    /// Times and counts an owner chooses.
    package struct Rules: Sendable {
        /// How long a lease lasts without a word of its holder.
        package var leaseMilliseconds: UInt32 = 30_000
        /// Results with an error before a task counts as failed.
        package var maxAttempts: UInt32 = 3
        /// Pause after an error, times the number of errors.
        package var retryMilliseconds: UInt64 = 2_000
        /// When a worker that got nothing shall ask again.
        package var pollMilliseconds: UInt32 = 500

        /// The defaults.
        package init() {}
    }

    package let rules: Rules
    package private(set) var records: [TaskID: TaskRecord] = [:]
    private var waiting = WaitingTasks()
    private var leases: Set<TaskID> = []
    private var leasesOf: [UInt64: Set<TaskID>] = [:]
    /// Finished tasks whose outcome the owner has taken, oldest first: the first to be forgotten.
    private var collected: [TaskID] = []
    private var nextNumber: UInt64 = 1
    private var changed: [TaskID: TaskChange] = [:]

    /// A queue, empty or as a store kept it.
    ///
    /// Leases that were running get a whole term anew: their holders may be at work.
    package init(rules: Rules = Rules(), records: [TaskRecord] = [], now: UInt64 = 0) {
        self.rules = rules
        for var record in records.sorted(by: { $0.number < $1.number }) {
            switch record.state {
            case .waiting:
                record.state = .waiting(notBefore: 0)
                waiting.insert(record)
            case .leased(var lease):
                lease.endsAt = now + UInt64(rules.leaseMilliseconds)
                record.state = .leased(lease)
                note(lease, of: record.task.id)
            case .finished: if record.isCollected { collected.append(record.task.id) }
            }
            self.records[record.task.id] = record
            nextNumber = max(nextNumber, record.number + 1)
        }
    }

    /// What has changed since the last call, one entry a task.
    package mutating func takeChanges() -> [TaskChange] {
        defer { changed.removeAll(keepingCapacity: true) }
        return changed.values.sorted { $0.id < $1.id }
    }

    package var waitingCount: Int { waiting.count }
    package var leasedCount: Int { leases.count }
    package var finishedCount: Int { records.count - waiting.count - leases.count }

    /// Puts a task in another state.
    /// - Parameter isKept: whether a store must know it; the end of a lease alone is not worth a write.
    mutating func update(_ record: TaskRecord, isKept: Bool = true) {
        let id = record.task.id
        switch records[id]?.state {
        case .waiting: if let old = records[id] { waiting.remove(old) }
        case .leased(let lease):
            leases.remove(id)
            leasesOf[lease.holder]?.remove(id)
            if leasesOf[lease.holder]?.isEmpty == true { leasesOf[lease.holder] = nil }
        case .finished, nil: break
        }
        switch record.state {
        case .waiting: waiting.insert(record)
        case .leased(let lease): note(lease, of: id)
        case .finished: break
        }
        records[id] = record
        if isKept { changed[id] = .put(record) }
    }

    private mutating func note(_ lease: TaskLease, of id: TaskID) {
        leases.insert(id)
        leasesOf[lease.holder, default: []].insert(id)
    }

    // MARK: - Offers

    /// Takes a task in.
    /// - Returns: false when it was there already, in whatever state.
    /// - Throws: `TaskFault` when it is malformed or there are too many.
    package mutating func offer(_ task: TaskSpecification) throws(TaskFault) -> Bool {
        try task.check()
        if records[task.id] != nil { return false }
        guard waiting.count + leases.count < TaskLimit.openTasks else {
            throw TaskFault("\(TaskLimit.openTasks) tasks are open: wait until some are finished")
        }
        update(TaskRecord(task: task, number: nextNumber))
        nextNumber += 1
        return true
    }

    /// The owner no longer wants it; a holder learns it at its next word.
    package mutating func cancel(_ id: TaskID, _ reason: String) {
        guard var record = records[id], !record.state.isFinished else { return }
        record.state = .finished(.cancelled(reason))
        update(record)
    }

    /// The owner has dealt with the outcome: its bytes are dropped, and only the id is remembered for a while.
    package mutating func collect(_ id: TaskID) {
        guard var record = records[id], case .finished(let outcome) = record.state else { return }
        guard !record.isCollected else { return }
        record.isCollected = true
        record.checkpoint = []
        if case .output = outcome { record.state = .finished(.output([])) }
        update(record)
        collected.append(id)
        guard collected.count > TaskLimit.finishedTasks else { return }
        let oldest = collected.removeFirst()
        records[oldest] = nil
        changed[oldest] = .remove(oldest)
    }

    // MARK: - Leases

    /// Hands tasks to a worker, and takes back what it no longer knows of.
    package mutating func take(_ request: TakeWish, now: UInt64) throws(TaskFault) -> [TaskGrant] {
        try request.check()
        takeBack(request)
        var mine = leasesOf[request.holder]?.count ?? 0
        var grants: [TaskGrant] = []
        var bytes = 0
        for slot in request.slots {
            for _ in 0..<min(slot.free, UInt32(TaskLimit.leasesPerTake)) {
                guard grants.count < TaskLimit.leasesPerTake, mine < TaskLimit.leasesPerWorker,
                    bytes < TaskLimit.takeBytes,
                    let grant = lease(slot.capability, request, now)
                else { break }
                grants.append(grant)
                mine += 1
                bytes += grant.task.inputs.count + grant.checkpoint.count
            }
        }
        return grants
    }

    /// Leases of this worker that it does not name: of its earlier life, or of an answer that never reached it.
    private mutating func takeBack(_ request: TakeWish) {
        let held = Dictionary(request.held.map { ($0.id, $0.fence) }, uniquingKeysWith: max)
        for id in (leasesOf[request.holder] ?? []).sorted() {
            guard var record = records[id], held[id] != record.fence else { continue }
            record.lastHolder = nil
            record.state = .waiting(notBefore: 0)
            update(record)
        }
    }

    private mutating func lease(_ capability: String, _ request: TakeWish, _ now: UInt64) -> TaskGrant? {
        let due = waiting.first(capability: capability, localities: request.localities) { id in
            guard case .waiting(let notBefore) = records[id]?.state else { return false }
            return notBefore <= now
        }
        guard let due, var record = records[due] else { return nil }
        let lease = TaskLease(
            holder: request.holder, worker: request.worker,
            endsAt: now + UInt64(rules.leaseMilliseconds))
        record.fence += 1
        record.state = .leased(lease)
        record.lastHolder = lease
        update(record)
        return TaskGrant(
            task: record.task, fence: record.fence, leaseMilliseconds: rules.leaseMilliseconds,
            checkpoint: record.checkpoint)
    }

    /// Takes back leases whose holders were silent, and ends tasks whose deadline has passed.
    /// - Parameter wallMilliseconds: Unix time, for deadlines; 0: unknown, none passes.
    package mutating func tick(now: UInt64, wallMilliseconds: UInt64) {
        for id in leases.sorted() {
            guard var record = records[id], case .leased(let lease) = record.state, lease.endsAt <= now else {
                continue
            }
            // `lastHolder` stays: while nobody else took it, a late word of the holder revives the lease.
            record.state = .waiting(notBefore: 0)
            update(record)
        }
        guard wallMilliseconds > 0 else { return }
        let late = records.values.filter {
            $0.task.deadlineMilliseconds > 0 && $0.task.deadlineMilliseconds <= wallMilliseconds
                && !$0.state.isFinished
        }
        for record in late { cancel(record.task.id, "its deadline has passed") }
    }
}
