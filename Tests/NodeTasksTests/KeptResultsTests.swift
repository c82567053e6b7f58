import Foundation
import NodeBus
import NodeBusTesting
import NodeProtocol
import NodeTasks
import Synchronization
import Testing

/// A worker that dies with a result in its hands.
@Suite("Kept results", .serialized)
struct KeptResultsTests {
    private func options(_ name: String, provides: Bool) -> BusOptions {
        BusOptions(
            address: .ipc(directory: "memory"), name: name, role: .example,
            provides: provides ? [TasksContract.contract] : [], requires: [TasksContract.contract])
    }

    private func start(_ client: BusClient, _ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: client.executor) { await body() }
    }

    private func startWorker(_ bus: InMemoryBus, _ kept: KeptResults, log: Log)
        -> InMemoryBus.Plugin
    {
        let plugin = bus.add(options("worker", provides: false))
        var options = TaskWorker.Options(name: "worker", slots: ["cpu": 1])
        options.kept = kept
        let client = plugin.client
        let worker = TaskWorker(
            bus: client, options: options,
            handlers: [
                "once": { _ in
                    log.runs.withLock { $0 += 1 }
                    await client.pause(50)
                    return [42]
                }
            ])
        start(client) { try? await client.run() }
        start(client) { await worker.run() }
        return plugin
    }

    final class Log: Sendable {
        let runs = Mutex(0)
        let outcome = Mutex<TaskOutcome?>(nil)
    }

    @Test("a result that was not delivered is sent by the worker's next life, and not worked out again")
    func secondLife() throws {
        let folder = NSTemporaryDirectory() + "kept-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bus = InMemoryBus()
        let log = Log()
        let owner = bus.add(options("owner", provides: true))
        let client = owner.client
        let tasks = TaskOwner(bus: client, store: MemoryTaskStore(), wallClock: { 1 })
        start(client) { try? await client.run() }
        start(client) { try? await tasks.run() }
        bus.advance(100)
        let kept = try KeptResults(folder: folder)
        let first = startWorker(bus, kept, log: log)
        bus.advance(200)
        start(client) {
            _ = try? await tasks.offer(TaskSpecification(kind: "once", inputs: [1], capability: "cpu"))
            let outcome = await tasks.outcome(of: TaskID(kind: "once", inputs: [1]))
            log.outcome.withLock { $0 = outcome }
        }
        // The owner stops the moment the task is out.
        while log.runs.withLock({ $0 }) == 0, bus.now < 5_000 { bus.advance(5) }
        owner.isStalled = true
        bus.advance(300)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 1 && log.outcome.withLock { $0 } == nil)
        first.isStalled = true
        _ = startWorker(bus, kept, log: log)
        bus.advance(1_000)
        owner.isStalled = false
        bus.advance(10_000)
        #expect(log.outcome.withLock { $0 } == .output([42]))
        #expect(log.runs.withLock { $0 } == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        for plugin in bus.plugins {
            plugin.isStalled = false
            plugin.client.drain()
        }
        bus.advance(12_000)
    }
}
