import BusWire
import Logging
import NodeBus
import NodeProtocol
import SwiftProtobuf

/// `BusEngine` with handlers, and one task of each kind that waits for the router.
///
/// Besides not trapping, every task must come to its end when the session is over for good.
final class EngineWorld {
    /// What a step does; the wire value is taken modulo the count.
    enum Operation: UInt8, CaseIterable {
        case control, data, time, disconnected, connected, callAgain, full
    }

    static let instance: UInt64 = 77
    private let engine: BusEngine
    private let client: BusClient
    private var now: UInt64 = 1000
    private let link = CheckingLink()
    private let tasks = TaskCount()
    private var started = 0

    private static let logger: Logger = {
        var logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        return logger
    }()

    init() {
        // No contract is named in HELLO: reading their descriptors for Describe would be most of an input's time.
        var options = BusOptions(address: .ipc(directory: "none"), name: "plugin", role: .example)
        options.token = [UInt8](repeating: 1, count: 32)
        let executor = BusExecutor(wake: {})
        executor.adoptThread()
        engine = BusEngine(options: options, executor: executor, logger: Self.logger)
        client = BusClient(driving: engine, logger: Self.logger)
        engine.attach(link, now: now)
        serve()
        start { client in try? await client.run() }
        engine.handle(.connected, now: now)
        for frame in EngineSeeds.opening() { receive(frame.lane, frame.bytes) }
        startLoad()
    }

    static func run(_ input: UnsafeRawBufferPointer) {
        let world = EngineWorld()
        var steps = StepReader(input)
        while let step = steps.next() { world.take(step.operation, step.bytes) }
        world.finish()
    }

    private func take(_ operation: UInt8, _ bytes: UnsafeRawBufferPointer) {
        let count = UInt8(Operation.allCases.count)
        switch Operation(rawValue: operation % count) {
        case .control: engine.receive(bytes, lane: .control, now: now)
        case .data: engine.receive(bytes, lane: .data, now: now)
        case .time:
            now += number(bytes)
            engine.tick(now: now)
        case .disconnected: engine.handle(.disconnected, now: now)
        case .connected: engine.handle(.connected, now: now)
        case .callAgain: if started < 32 { startCall() }
        case .full: link.isFull.toggle()
        case nil: break
        }
        engine.executor.runJobs()
    }

    private func receive(_ lane: BusLane, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { engine.receive($0, lane: lane, now: now) }
        engine.executor.runJobs()
    }

    private func finish() {
        engine.handle(.refused(BusError(.unauthorized, "the end")), now: now)
        for _ in 0..<64 where engine.executor.runJobs() {}
        precondition(tasks.ended == started, "\(started - tasks.ended) tasks never end")
    }

    // MARK: - What the plugin does

    private func start(_ body: @escaping @Sendable (BusClient) async -> Void) {
        started += 1
        let client = client
        let tasks = tasks
        Task(executorPreference: engine.executor) {
            await body(client)
            tasks.ended += 1
        }
        engine.executor.runJobs()
    }

    private func serve() {
        client.serve(ExampleContract.echo) { [unowned client] request, _ in
            if request.delayMs > 0 { await client.pause(UInt64(request.delayMs)) }
            var reply = Spacenode_Example_V1_EchoReply()
            reply.body = request.body
            return reply
        }
        client.serve(ExampleContract.count) { request, writer, _ in
            var item = Spacenode_Example_V1_CountItem()
            for number in 0..<min(request.items, 40) {
                item.number = number
                try await writer.send(item)
            }
        }
        client.serve(ExampleContract.sum) { reader, _ in
            var reply = Spacenode_Example_V1_SumReply()
            while let item = try await reader.next() { reply.sum &+= item.value }
            return reply
        }
    }

    /// Ids 1, 2 and 3, then a subscription and two events.
    private func startLoad() {
        startCall()
        start { client in
            guard let stream = try? await client.open(ExampleContract.count, .init()) else { return }
            while let item = try? await stream.next() { precondition(item.number >= 0) }
        }
        start { client in
            guard let upload = try? await client.open(ExampleContract.sum) else { return }
            for _ in 0..<3 { guard (try? await upload.send(.init())) != nil else { return } }
            _ = try? await upload.finish()
        }
        start { client in
            guard let subscription = try? await client.subscribe(ExampleContract.ticks) else { return }
            while let element = try? await subscription.next() { _ = element }
        }
        start { client in
            for key in [[], [UInt8(1)]] {
                _ = try? await client.publish(ExampleContract.ticks, .init(), key: key)
            }
        }
    }

    private func startCall() {
        start { client in _ = try? await client.call(ExampleContract.echo, .init(), ttl: .seconds(2)) }
    }
}

/// A link that takes every frame, or none, and checks that each can be read.
private final class CheckingLink: BusLink {
    var isFull = false

    func send(
        _ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane
    ) -> Int? {
        if isFull { return nil }
        let frame = header.frame(topicKey: topicKey, payload: [UInt8](payload))
        let isReadable = (try? frame.withUnsafeBytes { try FrameHeader(frame: $0) }) != nil
        precondition(isReadable, "sent what is no frame")
        return frame.count
    }
}

/// How many tasks have ended.
///
/// `@unchecked Sendable`: touched on the thread that drives the engine alone.
private final class TaskCount: @unchecked Sendable {
    var ended = 0
}
