import Foundation
import Logging
import NodeBus
import NodeDomain
import NodeProtocol
import NodeTasks
import PostWorkerCore
import SwiftProtobuf
import Synchronization
import Testing

/// A router, a post-worker with directories of its own, and an owner of its tasks.
///
/// Unchecked: the process is changed by the test's own thread of events alone.
final class TestPlots: @unchecked Sendable {
    let router: TestRouter
    private(set) var process = Process()
    let log: String

    /// - Parameters:
    ///   - config: further lines of post-worker.yaml.
    ///   - scryptN: cost of a label.
    init(plots: [String] = ["a", "b"], scryptN: Int = 16, config: String = "") throws {
        router = try TestRouter()
        log = "\(router.folder)/post-worker.log"
        let paths = plots.map { "\(router.folder)/\($0)" }
        for path in paths {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let text = "plots: [\(paths.joined(separator: ", "))]\nscrypt_n: \(scryptN)\nthreads: 1\n\(config)\n"
        try text.write(
            toFile: "\(router.data)/config/post-worker.yaml", atomically: true, encoding: .utf8)
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        try start()
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-post-worker")
        process.arguments = ["--bus", "ipc:\(router.run)", "--data", router.data, "--name", "worker"]
        let file = FileHandle(forWritingAtPath: log)
        file?.seekToEndOfFile()
        process.standardError = file
        try process.run()
    }

    /// Ends it, by a signal, and waits.
    @discardableResult
    func stop(_ signal: Int32 = SIGKILL) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    func path(_ name: String) -> String { "\(router.folder)/\(name)" }

    /// Runs `body` with an owner of tasks.
    /// - Parameter owner: one that goes on where another was, or by other rules.
    func with<Value: Sendable>(
        _ owner: PostOwner? = nil, _ body: @escaping @Sendable (PostOwner) async throws -> Value
    ) async throws -> Value {
        let owner = owner ?? PostOwner(run: router.run)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await owner.bus.run() }
            group.addTask { try? await owner.tasks.run() }
            try await owner.bus.waitUntilReady()
            let value = try await body(owner)
            owner.bus.drain()
            group.cancelAll()
            return value
        }
    }
}

/// The owner's side, as small as it can be.
final class PostOwner: Sendable {
    /// What was said of a scan.
    struct Said: Sendable {
        var hits: Set<ScanHit> = []
        var next: UInt64 = 0
    }

    let bus: BusClient
    let tasks: TaskOwner
    let store: MemoryTaskStore
    let said: Mutex<[Data: Said]>
    let wants = Mutex(true)

    /// - Parameters:
    ///   - before: whose memory it has.
    ///   - usual: with the times that owners have, not with those of a test.
    init(run: String, before: PostOwner? = nil, usual: Bool = false) {
        store = before?.store ?? MemoryTaskStore()
        said = Mutex(before?.said.withLock { $0 } ?? [:])
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        bus = BusClient(
            options: BusOptions(
                address: .ipc(directory: run), name: "owner", role: .miner,
                provides: [TasksContract.contract, ScanHitsContract.contract],
                requires: [PostContract.contract]), logger: logger)
        var rules = TaskQueue.Rules()
        if !usual {
            rules.leaseMilliseconds = 1500
            rules.retryMilliseconds = 50
            rules.pollMilliseconds = 100
        }
        tasks = TaskOwner(bus: bus, store: store, rules: rules)
        bus.serve(ScanHitsContract.hits) { [unowned self] request, _ in
            said.withLock { said in
                let hits = zip(request.hits.nonces, request.hits.indices).map {
                    ScanHit(nonce: $0, index: $1)
                }
                said[request.task, default: Said()].hits.formUnion(hits)
                said[request.task]?.next = request.nextLabel
            }
            var reply = Spacenode_Post_V1_HitsReply()
            reply.wanted = wants.withLock { $0 }
            return reply
        }
    }

    /// What the worker has, once it has looked.
    func offers() async throws -> Spacenode_Post_V1_OffersReply {
        let end = Date() + 20
        while true {
            let reply = try? await bus.call(PostContract.offers, .init())
            if let reply, reply.scannedMs > 0 { return reply }
            guard Date() < end else { throw CancellationError() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func offer(
        _ kind: String, _ work: some SwiftProtobuf.Message, _ capability: String, _ locality: String = ""
    ) async throws -> TaskID {
        let task = TaskSpecification(
            kind: "post.\(kind)", inputs: try work.serializedBytes(), capability: capability,
            locality: locality)
        try await tasks.offer(task)
        return task.id
    }

    /// The output of a task.
    func output<Output: SwiftProtobuf.Message>(_ id: TaskID) async throws -> Output {
        switch await tasks.outcome(of: id) {
        case .output(let bytes)?: return try Output(serializedBytes: bytes)
        case let other: throw Unexpected(text: "\(String(describing: other))")
        }
    }

    /// Why a task failed.
    func fault(_ id: TaskID) async -> String {
        if case .failed(let text)? = await tasks.outcome(of: id) { return text }
        return "no fault"
    }

    func record(_ id: TaskID) async throws -> TaskRecord? {
        try await store.load().first { $0.task.id == id }
    }

    struct Unexpected: Error {
        let text: String
    }
}
