internal import Foundation
internal import MinerCore
internal import NodeCommand
internal import NodeTasks
internal import Synchronization

/// Keeps the queue and the hits of a plan in one file, a line of JSON a change, so that the command may be ended anyhow.
final class FleetStore: TaskStore {
    /// What stands in one line.
    private struct Line: Codable {
        var plan: String?
        var put: Record?
        var remove: Data?
        var hits: Hits?
    }

    fileprivate struct Hits: Codable {
        let task: Data
        let nonces: [UInt32]
        let indices: [UInt64]
    }

    private struct State {
        var handle: FileHandle
        var records: [TaskID: TaskRecord]
        var hits: [(task: TaskID, hits: [FleetHit])]
        var lines: Int
    }

    private let path: String
    private let fingerprint: String
    private let state: Mutex<State>
    /// Held as long as the store is open: two commands on one plan would hand out the same work twice.
    private let lock: Int32

    /// Opens the file, or makes it.
    /// - Parameters:
    ///   - fingerprint: of the plan; a file of another plan is refused.
    /// - Throws: `CommandFault`.
    init(_ path: String, fingerprint: String) throws {
        self.path = path
        self.fingerprint = fingerprint
        lock = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw CommandFault("\(path).lock cannot be written: give a place that can with --state")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw CommandFault("another command works on this plan (\(path) is in use): wait for its end")
        }
        var records: [TaskID: TaskRecord] = [:]
        var hits: [(task: TaskID, hits: [FleetHit])] = []
        var plan: String?
        let text = FileManager.default.contents(atPath: path) ?? Data()
        for line in text.split(separator: 0x0a) {
            // The last line may have been cut short by the end of the machine.
            guard let line = try? JSONDecoder().decode(Line.self, from: line) else { continue }
            plan = line.plan ?? plan
            if let record = line.put?.record { records[record.task.id] = record }
            if let id = line.remove.flatMap({ TaskID($0) }) { records[id] = nil }
            if let word = line.hits, let id = TaskID(word.task), word.nonces.count == word.indices.count {
                hits.append((id, zip(word.nonces, word.indices).map { FleetHit(nonce: $0, index: $1) }))
            }
        }
        guard text.isEmpty || plan == fingerprint else {
            close(lock)
            throw CommandFault(
                "\(path) is the state of another plan: remove it when its work is not wanted, or give another with --state"
            )
        }
        let handle = try FleetStore.rewrite(path, fingerprint, Array(records.values), hits)
        state = Mutex(State(handle: handle, records: records, hits: hits, lines: records.count))
    }

    deinit { close(lock) }

    /// Writes all anew: a file that takes the old one's place.
    private static func rewrite(
        _ path: String, _ fingerprint: String, _ records: [TaskRecord],
        _ hits: [(task: TaskID, hits: [FleetHit])]
    ) throws -> FileHandle {
        var text = try line(Line(plan: fingerprint))
        for record in records.sorted(by: { $0.number < $1.number }) {
            text += try line(Line(put: Record(record)))
        }
        for word in hits { text += try line(Line(hits: Hits(word.task, word.hits))) }
        let temporary = "\(path).new"
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: text, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forUpdatingAtPath: temporary)
        else { throw CommandFault("\(temporary) cannot be written: give a place that can with --state") }
        try handle.synchronize()
        guard rename(temporary, path) == 0 else {
            throw CommandFault("\(path) cannot be replaced: give a place that can with --state")
        }
        try handle.seekToEnd()
        return handle
    }

    private static func line(_ line: Line) throws -> Data {
        try JSONEncoder().encode(line) + [0x0a]
    }

    // MARK: - What was kept

    /// Hits that were acknowledged, by task.
    var hits: [(task: TaskID, hits: [FleetHit])] { state.withLock { $0.hits } }

    func load() async throws -> [TaskRecord] { kept }

    /// All records, in the order of the offers.
    var kept: [TaskRecord] { state.withLock { $0.records.values.sorted { $0.number < $1.number } } }

    // MARK: - Keeping

    /// Keeps hits before their worker is told so.
    func keep(_ hits: [FleetHit], of task: TaskID) throws {
        try state.withLock { state in
            try append(FleetStore.line(Line(hits: Hits(task, hits))), to: &state)
            state.hits.append((task, hits))
        }
    }

    func save(_ changes: [TaskChange]) async throws {
        try state.withLock { state in
            var text = Data()
            for change in changes {
                switch change {
                case .put(let record):
                    text += try FleetStore.line(Line(put: Record(record)))
                    state.records[record.task.id] = record
                case .remove(let id):
                    text += try FleetStore.line(Line(remove: Data(id.bytes)))
                    state.records[id] = nil
                    state.hits.removeAll { $0.task == id }
                }
            }
            guard !text.isEmpty else { return }
            try append(text, to: &state)
            state.lines += changes.count
            guard state.lines > 1000 + 8 * state.records.count else { return }
            let handle = try FleetStore.rewrite(path, fingerprint, Array(state.records.values), state.hits)
            try? state.handle.close()
            state.handle = handle
            state.lines = state.records.count
        }
    }

    private func append(_ text: Data, to state: inout sending State) throws {
        try state.handle.write(contentsOf: text)
        try state.handle.synchronize()
    }
}

extension FleetStore.Hits {
    init(_ task: TaskID, _ hits: [FleetHit]) {
        self.init(task: Data(task.bytes), nonces: hits.map(\.nonce), indices: hits.map(\.index))
    }
}

/// A task's record as JSON.
private struct Record: Codable {
    let kind: String
    let inputs: Data
    let capability, locality: String
    let fence: UInt64
    let checkpoint: Data
    let progress: Double
    let attempts: UInt32
    let lastError: String
    let number: UInt64
    let isCollected: Bool
    /// waiting, leased, output, failed or cancelled; with what belongs to it.
    let state: String
    let holder: UInt64
    let text: String
    let output: Data

    init(_ record: TaskRecord) {
        kind = record.task.kind
        inputs = Data(record.task.inputs)
        capability = record.task.capability
        locality = record.task.locality
        fence = record.fence
        checkpoint = Data(record.checkpoint)
        progress = record.progress
        attempts = record.attempts
        lastError = record.lastError
        number = record.number
        isCollected = record.isCollected
        switch record.state {
        case .waiting: (state, holder, text, output) = ("waiting", 0, "", Data())
        case .leased(let lease):
            (state, holder, text, output) = ("leased", lease.holder, lease.worker, Data())
        case .finished(.output(let bytes)): (state, holder, text, output) = ("output", 0, "", Data(bytes))
        case .finished(.failed(let why)): (state, holder, text, output) = ("failed", 0, why, Data())
        case .finished(.cancelled(let why)): (state, holder, text, output) = ("cancelled", 0, why, Data())
        }
    }

    var record: TaskRecord {
        let task = TaskSpecification(
            kind: kind, inputs: [UInt8](inputs), capability: capability, locality: locality)
        let now: TaskState =
            switch state {
            case "leased": .leased(TaskLease(holder: holder, worker: text, endsAt: 0))
            case "output": .finished(.output([UInt8](output)))
            case "failed": .finished(.failed(text))
            case "cancelled": .finished(.cancelled(text))
            default: .waiting(notBefore: 0)
            }
        return TaskRecord(
            task: task, state: now, fence: fence, checkpoint: [UInt8](checkpoint), progress: progress,
            attempts: attempts, lastError: lastError, number: number, isCollected: isCollected)
    }
}
