internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeProtocol
internal import ServiceLifecycle
internal import StorageCore
internal import Synchronization

/// Storage on the bus: handlers, the storage thread, and what they tell the world.
struct StoragePlugin: Service {
    let bus: BusClient
    let engine: StorageEngine
    private let thread: StorageThread

    /// Takes the folder and registers the handlers; nothing is opened before `run`.
    /// - Throws: when another process has the folder.
    init(_ options: BusOptions, _ settings: StorageSettings, logger: Logger) throws {
        // The folder first: a second process must not take the first one's session before it is refused.
        engine = try StorageEngine(settings, logger: logger)
        thread = try StorageThread(engine)
        bus = BusClient(options: options, logger: logger)
        StorageHandlers(engine: engine).serve(on: bus)
        bus.setState(.starting)
    }

    func run() async throws {
        thread.start { [bus] in bus.setState($0.pluginState) }
        let outcome: Result<Void, any Error>
        do {
            try await bus.run(beside: [watch, measure])
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await thread.end()
        try outcome.get()
    }

    // MARK: - What others are told

    private func watch() async throws {
        for await notice in thread.notices {
            switch notice {
            case .fatal(let failure):
                throw failure
            case .note(let text):
                await publish(
                    text, effect: "what was not durable is gone", fix: "nothing needs to be done", 1)
            case .condition(let condition):
                await publish(
                    condition.reason.isEmpty ? "storage is \(condition)" : condition.reason,
                    effect: condition.effect, fix: condition.fix, condition.severity)
            }
        }
        // Cancelled: the bus has ended.
    }

    private func publish(_ what: String, effect: String, fix: String, _ severity: UInt32) async {
        var event = Spacenode_System_V1_Event()
        event.what = what
        event.sinceMs = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        event.effect = effect
        event.fix = fix
        event.severity = severity
        _ = try? await bus.publish(SystemContract.events, event)
    }

    private func measure() async {
        await bus.publishSamples { [engine] in await engine.stats().samples }
    }
}

extension StorageCondition {
    fileprivate var pluginState: PluginState {
        switch self {
        case .opening: .starting
        case .ready: .ready
        case .attention, .full, .failing, .corrupt: .degraded("\(reason): \(fix)")
        }
    }

    fileprivate var effect: String {
        switch self {
        case .opening: "requests wait"
        case .ready, .attention: ""
        case .full, .failing: "writes are refused"
        case .corrupt: "writes are refused; reads work as far as they go"
        }
    }

    fileprivate var severity: UInt32 {
        switch self {
        case .opening, .ready: 0
        case .attention: 1
        case .full, .failing, .corrupt: 2
        }
    }
}

extension Spacenode_Storage_V1_StatsReply {
    /// The figures under Prometheus names.
    fileprivate var samples: [Spacenode_System_V1_Sample] {
        let figures: [(String, UInt64)] = [
            ("storage_condition", UInt64(condition.rawValue)), ("storage_sequence", sequence),
            ("storage_durable_sequence", durableSequence), ("storage_disk_free_bytes", diskFreeBytes),
            ("storage_wal_bytes", walBytes), ("storage_cache_bytes", cacheBytes),
            ("storage_writes_total", writes), ("storage_written_bytes_total", writtenBytes),
            ("storage_syncs_total", syncs), ("storage_durable_writes_total", durableWrites),
            ("storage_reads_total", reads), ("storage_open_scans", UInt64(openScans)),
            ("storage_upload_bytes", uploadBytes),
        ]
        let whole = figures.map { Self.sample($0.0, $0.1, []) }
        return whole
            + keyspaces.flatMap { keyspace in
                let labels = ["keyspace=\(keyspace.name)"]
                return [
                    Self.sample("storage_keyspace_disk_bytes", keyspace.diskBytes, labels),
                    Self.sample("storage_keyspace_keys", keyspace.keys, labels),
                ]
            }
    }

    private static func sample(_ name: String, _ value: UInt64, _ labels: [String])
        -> Spacenode_System_V1_Sample
    {
        var sample = Spacenode_System_V1_Sample()
        sample.name = name
        sample.value = Double(value)
        sample.labels = labels
        return sample
    }
}
