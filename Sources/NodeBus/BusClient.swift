package import Logging
package import NodeProtocol
internal import ServiceLifecycle
package import SwiftProtobuf

/// A plugin's place on the bus: what it serves, calls, publishes and reads.
///
/// Register handlers with `serve` before `run`: a provider is STARTING until then. `run` keeps the session until the
/// service group shuts down, then drains: what was taken is finished, nothing new comes. Every plugin answers
/// `System/Describe` and publishes `System/Beats` by itself.
package final class BusClient: Service, Sendable {
    let engine: BusEngine
    private let thread: BusThread?
    let logger: Logger

    /// A plugin that talks over ZeroMQ.
    package init(options: BusOptions, logger: Logger) {
        let thread = BusThread(options, logger: logger)
        self.thread = thread
        self.engine = thread.engine
        self.logger = logger
        registerSystem()
        thread.start()
    }

    /// A plugin over an engine that somebody else drives: the in-memory bus.
    package init(driving engine: BusEngine, logger: Logger) {
        self.engine = engine
        self.thread = nil
        self.logger = logger
        registerSystem()
    }

    deinit {
        thread?.close()
    }

    /// The executor of the bus thread: calls from tasks that prefer it need no hop.
    package var executor: BusExecutor { engine.executor }

    /// Keeps the session and runs handlers until shutdown.
    /// - Throws: the `BusError` that ended the session for good, such as UNAUTHORIZED.
    package func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withTaskExecutorPreference(engine.executor) { await self.serveAll() }
            } onGracefulShutdown: {
                self.drain()
            }
        } onCancel: {
            drain()
        }
        if let failure = engine.failure { throw failure }
    }

    /// Runs the session with a plugin's own work beside it, until the session ends; the work is cancelled then.
    ///
    /// Work that ends before is left alone, work that throws ends the session.
    package func run(beside work: [@Sendable () async throws -> Void]) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.run()
                return true
            }
            for part in work {
                group.addTask {
                    try await part()
                    return false
                }
            }
            while let isEnd = try await group.next(), !isEnd {}
            group.cancelAll()
        }
    }

    @concurrent
    private func serveAll() async {
        engine.beginServing()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.publishBeats() }
            while let work = await engine.nextWork() {
                group.addTask { await self.engine.performAll(work) }
            }
            group.cancelAll()
        }
    }

    /// Finishes what was taken and ends the session; `run` returns then.
    package func drain() {
        engine.executor.post { [engine] in engine.beginDrain() }
    }

    /// Tells the router and all who look how this plugin is.
    package func setState(_ state: PluginState) {
        engine.executor.post { [engine] in
            engine.statedState = state
            if engine.isEstablished { engine.sendState() }
        }
    }

    /// Waits until the session is established.
    /// - Throws: `BusError` when there is none within the time, or there will never be one.
    package func waitUntilReady(within milliseconds: UInt64 = 10_000) async throws {
        try await onBus { try await $0.waitForSession(milliseconds) }
    }

    /// This plugin's instance number, 0 without a session.
    package func instance() async -> UInt64 {
        (try? await onBus { $0.instance }) ?? 0
    }

    // MARK: - Calls

    /// Sends a request and waits for its reply.
    ///
    /// Methods marked idempotent are sent again after BUSY, NOT_READY, PEER_LOST and ROUTER_LOST within the deadline.
    /// - Parameters:
    ///   - dest: instance, 0: any ready provider.
    ///   - ttl: deadline; nil: the contract's.
    ///   - cause: the message that made us ask.
    /// - Throws: `BusError`; exactly one outcome a call.
    package func call<Request: Message, Reply: Message>(
        _ method: CallMethod<Request, Reply>, _ request: Request, to dest: UInt64 = 0, ttl: Duration? = nil,
        cause: Cause? = nil
    ) async throws -> Reply {
        let payload: [UInt8] = try request.serializedBytes()
        let milliseconds = ttl.map(milliseconds) ?? method.info.ttlMilliseconds
        let outcome: CallOutcome
        if engine.executor.isCurrent {
            outcome = await engine.callWithRetry(
                method.info, payload: payload, to: dest, ttlMilliseconds: milliseconds, cause: cause)
        } else {
            outcome = try await onBus {
                await $0.callWithRetry(
                    method.info, payload: payload, to: dest, ttlMilliseconds: milliseconds, cause: cause)
            }
        }
        switch outcome {
        case .reply(let bytes): return try Reply(serializedBytes: bytes)
        case .failure(let error): throw error
        }
    }

    // MARK: - Events

    /// Publishes an event; waits for credit.
    /// - Returns: under which number it went.
    @discardableResult
    package func publish<Subscription: Message, Event: Message>(
        _ method: EventMethod<Subscription, Event>, _ event: Event, key: [UInt8] = [], cause: Cause? = nil
    ) async throws -> EventContext {
        let payload: [UInt8] = try event.serializedBytes()
        return try await onBus { try await $0.publish(method.info, payload: payload, key: key, cause: cause) }
    }

    /// Follows a topic, over sessions, until the subscription is dropped or ended.
    /// - Parameter key: empty: all keys.
    package func subscribe<Subscription: Message, Event: Message>(
        _ method: EventMethod<Subscription, Event>, key: [UInt8] = []
    ) async throws -> BusSubscription<Event> {
        let state = try await onBus { try await $0.subscribe(method.info, key: key) }
        return BusSubscription(state: state, client: self)
    }

    // MARK: - Streams

    /// Opens a stream of items from a provider.
    package func open<Request: Message, Item: Message>(
        _ method: DownStreamMethod<Request, Item>, _ request: Request, to dest: UInt64 = 0,
        ttl: Duration? = nil,
        cause: Cause? = nil
    ) async throws -> BusDownload<Item> {
        let payload: [UInt8] = try request.serializedBytes()
        let milliseconds = ttl.map(milliseconds) ?? method.info.ttlMilliseconds
        let stream = try await onBus {
            try await $0.openStream(
                method.info, payload: payload, to: dest, ttlMilliseconds: milliseconds, cause: cause)
        }
        return BusDownload(stream: stream, client: self)
    }

    /// Opens a stream of items to a provider.
    package func open<Item: Message, Reply: Message>(
        _ method: UpStreamMethod<Item, Reply>, to dest: UInt64 = 0, ttl: Duration? = nil, cause: Cause? = nil
    ) async throws -> BusUpload<Item, Reply> {
        let milliseconds = ttl.map(milliseconds) ?? method.info.ttlMilliseconds
        let stream = try await onBus {
            try await $0.openStream(
                method.info, payload: [], to: dest, ttlMilliseconds: milliseconds, cause: cause)
        }
        return BusUpload(stream: stream, client: self)
    }

    /// Waits by the bus's own clock, which a test may turn.
    package func pause(_ milliseconds: UInt64) async {
        _ = try? await onBus { await $0.pause(milliseconds) }
    }

    /// Milliseconds of the bus's own clock, which never goes back.
    package func now() async -> UInt64 {
        (try? await onBus { $0.now }) ?? 0
    }

    /// Keeps the session during a drain until `releaseSession`, at most for the time that a drain may last.
    package func holdSession() async {
        _ = try? await onBus { $0.drainHolds += 1 }
    }

    /// Takes back one `holdSession`.
    package func releaseSession() async {
        _ = try? await onBus { $0.drainHolds -= 1 }
    }

    /// Whether the session ends or has ended.
    package func isDraining() async -> Bool {
        (try? await onBus { $0.isDraining }) ?? true
    }

    /// Whether the session is over for good.
    package func isStopped() async -> Bool {
        (try? await onBus { $0.isStopped }) ?? true
    }

    // MARK: - The way to the bus thread

    /// Runs `body` on the bus thread.
    func onBus<R: Sendable>(_ body: @Sendable @escaping (BusEngine) async throws -> R) async throws -> R {
        if engine.executor.isCurrent { return try await body(engine) }
        return try await withTaskExecutorPreference(engine.executor) { try await self.hop(body) }
    }

    @concurrent
    private func hop<R: Sendable>(_ body: @Sendable (BusEngine) async throws -> R) async throws -> R {
        try await body(engine)
    }
}

/// A duration in whole milliseconds, at least 1.
private func milliseconds(_ duration: Duration) -> UInt32 {
    let (seconds, attoseconds) = duration.components
    let total = max(0, seconds).multipliedReportingOverflow(by: 1000)
    guard !total.overflow else { return 3_600_000 }
    return UInt32(min(3_600_000, max(1, total.partialValue + attoseconds / 1_000_000_000_000_000)))
}
