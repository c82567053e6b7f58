import Foundation
import NodeBus
import NodeBusTesting
import NodeProtocol
import NodeTasks
import Synchronization
import Testing

/// A generator with a seed: SplitMix64.
private struct Dice {
    var state: UInt64

    mutating func below(_ limit: UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return (z ^ z >> 31) % limit
    }
}

/// What a store was told, audited as it is told.
private final class AuditedStore: TaskStore {
    let inner = MemoryTaskStore()
    private let fences = Mutex<[TaskID: UInt64]>([:])
    private let outcomes = Mutex<[TaskID: TaskOutcome]>([:])
    let problems = Mutex<[String]>([])
    /// Every n-th write fails.
    let failEvery = Mutex(0)
    private let writes = Mutex(0)

    func load() async throws -> [TaskRecord] { try await inner.load() }

    func save(_ changes: [TaskChange]) async throws {
        let number = writes.withLock { writes in
            writes += 1
            return writes
        }
        let every = failEvery.withLock { $0 }
        if every > 0, number % every == 0 { throw BusError(.failed, "the store is away") }
        for case .put(let record) in changes { audit(record) }
        try await inner.save(changes)
    }

    private func audit(_ record: TaskRecord) {
        let id = record.task.id
        let last = fences.withLock { $0[id] ?? 0 }
        if record.fence < last { problems.withLock { $0.append("fence of \(id) fell") } }
        fences.withLock { $0[id] = record.fence }
        guard case .finished(let outcome) = record.state, !record.isCollected else { return }
        let known = outcomes.withLock { outcomes in
            defer { outcomes[id] = outcome }
            return outcomes[id]
        }
        if let known, known != outcome { problems.withLock { $0.append("\(id) ended twice") } }
    }
}

/// What a run saw.
private final class Tally: Sendable {
    /// Outcomes that the owner took over, by input.
    let taken = Mutex<[UInt8: [UInt8]]>([:])
    let runs = Mutex(0)
}

/// An owner and workers on the in-memory bus; faults from one seed.
private final class TaskSimulation {
    let bus = InMemoryBus()
    let store = AuditedStore()
    let count: UInt8 = 30
    private var owner: TaskOwner?
    private var ownerPlugin: InMemoryBus.Plugin?
    private var workers: [InMemoryBus.Plugin] = []
    let tally = Tally()

    private func options(_ name: String) -> BusOptions {
        BusOptions(
            address: .ipc(directory: "memory"), name: name, role: .example,
            provides: name == "owner" ? [TasksContract.contract] : [], requires: [TasksContract.contract])
    }

    private func start(_ client: BusClient, _ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: client.executor) { await body() }
    }

    func startOwner() {
        ownerPlugin?.isStalled = true
        let plugin = bus.add(options("owner"))
        let client = plugin.client
        var rules = TaskQueue.Rules()
        rules.leaseMilliseconds = 3_000
        let owner = TaskOwner(bus: client, store: store, rules: rules, wallClock: { 1 })
        self.owner = owner
        ownerPlugin = plugin
        let count = count
        start(client) { try? await client.run() }
        start(client) { try? await owner.run() }
        start(client) {
            for number in 1...count {
                let task = TaskSpecification(kind: "square", inputs: [number], capability: "cpu")
                while (try? await owner.offer(task)) == nil { await client.pause(50) }
            }
        }
        start(client) { [tally] in
            while let record = await owner.nextFinished() {
                if case .finished(.output(let output)) = record.state {
                    tally.taken.withLock { $0[record.task.inputs[0]] = output }
                    try? await owner.collect(record.task.id)
                }
            }
        }
    }

    func startWorker(_ number: Int) {
        let plugin = bus.add(options("worker-\(number)"))
        if number < workers.count {
            workers[number].isStalled = true
            workers[number] = plugin
        } else {
            workers.append(plugin)
        }
        let client = plugin.client
        let worker = TaskWorker(
            bus: client, options: .init(name: "worker-\(number)", slots: ["cpu": 2]),
            handlers: [
                "square": { [tally] context in
                    tally.runs.withLock { $0 += 1 }
                    var step = context.checkpoint.first ?? 0
                    while step < 10 {
                        await client.pause(100)
                        if Task.isCancelled { throw CancellationError() }
                        step += 1
                        try context.report(progress: Double(step) / 10, checkpoint: [step])
                    }
                    return [context.task.inputs[0] &* context.task.inputs[0]]
                }
            ])
        start(client) { try? await client.run() }
        start(client) { await worker.run() }
    }

    func run(seed: UInt64, faults: Int) {
        var dice = Dice(state: seed)
        startOwner()
        for number in 0..<3 { startWorker(number) }
        for _ in 0..<faults {
            bus.advance(dice.below(1500))
            let worker = Int(dice.below(3))
            switch dice.below(9) {
            case 0: bus.restartRouter()
            case 1: bus.disconnect(workers[worker])
            case 2: startWorker(worker)
            case 3: startOwner()
            case 4: workers[worker].isStalled = true
            case 5: for plugin in workers { plugin.isStalled = false }
            case 6: workers[worker].client.drain()
            case 7: store.failEvery.withLock { $0 = 3 }
            default: store.failEvery.withLock { $0 = 0 }
            }
        }
        store.failEvery.withLock { $0 = 0 }
        for number in 0..<3 { startWorker(number) }
        bus.advance(30_000)
    }

    func end() {
        for plugin in bus.plugins {
            plugin.isStalled = false
            plugin.client.drain()
        }
        bus.advance(12_000)
    }
}

@Suite("Tasks on a bus with faults", .serialized)
struct TaskSimulationTests {
    private let all = Dictionary(uniqueKeysWithValues: (UInt8(1)...30).map { ($0, [$0 &* $0]) })

    @Test("every task ends once with its own output, whatever fails")
    func seeds() {
        for seed in UInt64(1)...25 {
            let simulation = TaskSimulation()
            simulation.run(seed: seed, faults: 20)
            #expect(simulation.tally.taken.withLock { $0 } == all, "seed \(seed)")
            #expect(simulation.store.problems.withLock { $0 } == [], "seed \(seed)")
            simulation.end()
        }
    }

    @Test("without faults every task runs once, six at a time")
    func quiet() {
        let simulation = TaskSimulation()
        simulation.run(seed: 1, faults: 0)
        #expect(simulation.tally.taken.withLock { $0 } == all)
        #expect(simulation.tally.runs.withLock { $0 } == 30)
        simulation.end()
    }

    @Test("a drain gives tasks back with their checkpoints before the session ends")
    func drain() throws {
        let simulation = TaskSimulation()
        simulation.startOwner()
        simulation.startWorker(0)
        simulation.bus.advance(600)
        let before = simulation.tally.runs.withLock { $0 }
        #expect(before == 2)
        simulation.bus.plugins.last?.client.drain()
        simulation.bus.advance(500)
        let box = Mutex<[TaskRecord]>([])
        let store = simulation.store
        Task(executorPreference: simulation.bus.plugins[0].client.executor) {
            let records = (try? await store.load()) ?? []
            box.withLock { $0 = records }
        }
        simulation.bus.advance(50)
        let records = box.withLock { $0 }
        #expect(records.count == 30)
        #expect(records.allSatisfy { $0.state == .waiting(notBefore: 0) })
        #expect(records.filter { !$0.checkpoint.isEmpty }.count == 2)
        simulation.end()
    }
}
