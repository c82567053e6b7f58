internal import Foundation
internal import StorageCore
internal import Synchronization

extension StorageThread {
    /// Writes batches in the order they came; those that want it durable share one sync and are answered after it.
    func commit(_ jobs: [WriteJob]) {
        var waiting: [(job: WriteJob, sequence: UInt64)] = []
        for job in jobs {
            guard let sequence = write(job) else { continue }
            if job.isDurable {
                waiting.append((job, sequence))
            } else {
                job.reply(.success(sequence))
            }
        }
        if waiting.isEmpty { return }
        do throws(StorageFailure) {
            try sync()
            engine.status.withLock {
                $0.syncs += 1
                $0.durableWrites += UInt64(waiting.count)
            }
            for (job, sequence) in waiting { job.reply(.success(sequence)) }
        } catch {
            for (job, _) in waiting { job.reply(.failure(error.refusal(whileWriting: true))) }
        }
    }

    /// Returns when everything written is on the disk.
    private func sync() throws(StorageFailure) {
        // RocksDB 7.8 aborts the process when a log that a write has failed on is synced.
        guard let database, health.condition.refusal == nil else {
            let kind: StorageFailure.Kind = if case .full = health.condition { .full } else { .io }
            throw StorageFailure(kind, "a write beside it failed: \(health.condition.reason)")
        }
        do throws(StorageFailure) {
            try database.sync()
            keepMark(database.sequence)
        } catch {
            take(.writeFailed(error))
            throw error
        }
    }

    /// Hands one batch to RocksDB.
    /// - Returns: the number of its last operation; nil: it failed, and its caller has been told.
    private func write(_ job: WriteJob) -> UInt64? {
        if let refusal = health.condition.refusal {
            job.reply(.failure(refusal))
            return nil
        }
        guard let database else {
            job.reply(.failure(StorageRefusal(.closed, "the database is closed")))
            return nil
        }
        do {
            let bytes = try put(job, database)
            engine.status.withLock {
                $0.writes += 1
                $0.writtenBytes += UInt64(bytes)
            }
            return database.sequence
        } catch let refusal as StorageRefusal {
            job.reply(.failure(refusal))
        } catch let failure as StorageFailure {
            take(.writeFailed(failure))
            job.reply(.failure(failure.refusal(whileWriting: true)))
        } catch {
            job.reply(.failure(StorageRefusal(.invalid, "\(error)")))
        }
        return nil
    }

    private func put(_ job: WriteJob, _ database: RocksDatabase) throws -> Int {
        switch job.content {
        case .packed(let packed, let role):
            scratch.clear()
            _ = try scratch.add(packed, table: engine.table, role: role, to: database)
            try database.write(scratch)
            return packed.count
        case .built(let batch, let bytes):
            try database.write(batch)
            return bytes
        }
    }
}
