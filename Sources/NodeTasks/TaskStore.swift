internal import Synchronization

/// Where an owner keeps its tasks over its own restarts.
package protocol TaskStore: Sendable {
    /// All that was kept.
    func load() async throws -> [TaskRecord]

    /// Keeps changes; when it returns they are there after a crash, all or none of them.
    func save(_ changes: [TaskChange]) async throws
}

/// Keeps tasks as long as the process lives: for tests, and owners that can make their tasks again.
package final class MemoryTaskStore: TaskStore {
    private let records = Mutex<[TaskID: TaskRecord]>([:])

    /// An empty store.
    package init() {}

    package func load() async throws -> [TaskRecord] {
        records.withLock { Array($0.values) }
    }

    package func save(_ changes: [TaskChange]) async throws {
        records.withLock { records in
            for change in changes {
                switch change {
                case .put(let record): records[record.task.id] = record
                case .remove(let id): records[id] = nil
                }
            }
        }
    }
}
