/// What a worker says of a lease, and what it is told.
extension TaskQueue {
    /// The holder is alive and this far.
    package mutating func renew(_ word: LeaseWord, checkpoint: [UInt8], progress: Double, now: UInt64)
        -> TaskStanding
    {
        switch standing(word) {
        case .failure(let standing): return standing
        case .success(var record):
            let wasWaiting = leaseOf(record) == nil
            extend(&record, now)
            let isNews =
                !checkpoint.isEmpty && checkpoint.count <= TaskLimit.checkpointBytes
                && checkpoint != record.checkpoint
            if isNews { record.checkpoint = checkpoint }
            // NaN is not comparable and falls out here.
            if progress >= 0, progress <= 1 { record.progress = progress }
            update(record, isKept: isNews || wasWaiting)
            return .held
        }
    }

    /// The holder is done; an error text other than empty means that it failed.
    /// - Returns: `.done` when the holder may forget its result.
    package mutating func result(_ word: LeaseWord, output: [UInt8], error: String, now: UInt64)
        -> TaskStanding
    {
        switch standing(word) {
        case .failure(let standing): return standing
        case .success(var record):
            record.lastHolder = nil
            if error.isEmpty {
                record.state = .finished(.output(output))
                record.progress = 1
            } else {
                record.attempts += 1
                record.lastError = String(error.prefix(TaskLimit.errorBytes))
                record.state =
                    record.attempts >= rules.maxAttempts
                    ? .finished(.failed(record.lastError))
                    : .waiting(notBefore: now + rules.retryMilliseconds * UInt64(record.attempts))
            }
            update(record)
            return .done
        }
    }

    /// The holder gives it back unfinished.
    package mutating func release(_ word: LeaseWord, checkpoint: [UInt8]) -> TaskStanding {
        switch standing(word) {
        case .failure(let standing): return standing
        case .success(var record):
            if !checkpoint.isEmpty, checkpoint.count <= TaskLimit.checkpointBytes {
                record.checkpoint = checkpoint
            }
            record.lastHolder = nil
            record.state = .waiting(notBefore: 0)
            update(record)
            return .released
        }
    }

    private func extend(_ record: inout TaskRecord, _ now: UInt64) {
        guard var lease = record.lastHolder ?? leaseOf(record) else { return }
        lease.endsAt = now + UInt64(rules.leaseMilliseconds)
        record.lastHolder = lease
        record.state = .leased(lease)
    }

    private func leaseOf(_ record: TaskRecord) -> TaskLease? {
        if case .leased(let lease) = record.state { return lease }
        return nil
    }

    /// The record when the word comes from who holds the newest lease, else what to tell it.
    private func standing(_ word: LeaseWord) -> Result<TaskRecord, TaskStanding> {
        guard let record = records[word.id] else { return .failure(.unknown) }
        switch record.state {
        case .finished(.output), .finished(.failed): return .failure(.done)
        case .finished(.cancelled): return .failure(.cancelled)
        case .leased(let lease):
            return lease.holder == word.holder && record.fence == word.fence
                ? .success(record) : .failure(.fenced)
        case .waiting:
            // Its lease ran out, but nobody has taken it since: the holder may go on.
            return record.lastHolder?.holder == word.holder && record.fence == word.fence
                ? .success(record) : .failure(.fenced)
        }
    }
}

/// As the reason why a word does not count.
extension TaskStanding: Error {}
