internal import Logging
package import NodeBus
package import RouterCore

/// The whole bus in one process and one thread: the real `RouterCore`, the SDK's real engine, a turned clock, faults.
///
/// Everything happens inside `advance`, in the order of the clients' making: the same calls give the same run.
/// Use it from one synchronous function; start a plugin's work with `Task(executorPreference: client.executor)`.
package final class InMemoryBus {
    /// One plugin on the bus.
    package final class Plugin {
        package let client: BusClient
        let engine: BusEngine
        let link = MemoryLink()
        var inbox: [FrameInFlight] = []
        var controlPeer: UInt32 = 0
        var dataPeer: UInt32 = 0
        /// A stalled plugin neither reads nor runs.
        package var isStalled = false

        init(client: BusClient, engine: BusEngine) {
            self.client = client
            self.engine = engine
        }

        private var dropEvery = 0
        private var arrived = 0

        /// Loses every n-th data frame on its way to this plugin, without a word: for tests of tests.
        package func plantDrop(every count: Int) {
            dropEvery = count
        }

        func accept(_ frame: FrameInFlight) {
            arrived += 1
            if dropEvery > 0, frame.lane == .data, arrived % dropEvery == 0 { return }
            inbox.append(frame)
        }
    }

    /// Milliseconds since the bus began.
    package private(set) var now: UInt64 = 1
    package private(set) var plugins: [Plugin] = []
    private var core: RouterCore
    private let limits: RouterLimits
    private var held: [Int32: [UInt8]] = [:]
    private var nextSlot: Int32 = 0
    private var nextPeer: UInt32 = 0
    private var starts: UInt64 = 1
    private static let token = [UInt8](repeating: 7, count: 32)

    /// A bus without plugins.
    ///
    /// The calling thread drives it from now on.
    package init(limits: RouterLimits = RouterLimits()) {
        self.limits = limits
        core = Self.makeCore(limits, start: 1)
    }

    private static func makeCore(_ limits: RouterLimits, start: UInt64) -> RouterCore {
        let tokens = Dictionary(uniqueKeysWithValues: (UInt32(2)...62).map { ($0, token) })
        return RouterCore(limits: limits, tokens: tokens, routerEpoch: start, firstEpoch: UInt32(start) << 16)
    }

    /// Adds a plugin; it connects at the next `advance`.
    package func add(_ options: BusOptions) -> Plugin {
        var options = options
        options.token = Self.token
        var logger = Logger(label: options.name)
        logger.logLevel = .critical
        let executor = BusExecutor(wake: {})
        executor.adoptThread()
        let engine = BusEngine(options: options, executor: executor, logger: logger)
        let plugin = Plugin(client: BusClient(driving: engine, logger: logger), engine: engine)
        engine.attach(plugin.link, now: now)
        plugins.append(plugin)
        return plugin
    }

    // MARK: - Time

    /// Lets time pass in steps of at most 5 ms, and everything happen that is due.
    package func advance(_ milliseconds: UInt64) {
        let end = now + milliseconds
        repeat {
            now = min(end, now + 5)
            for plugin in plugins where !plugin.link.isConnected && !plugin.isStalled { connect(plugin) }
            for _ in 0..<4 { exchange() }
            core.wallNanoseconds = now &* 1_000_000
            core.tick(now: now)
            carryOut()
            for plugin in plugins where !plugin.isStalled {
                plugin.engine.tick(now: now)
                plugin.engine.executor.runJobs()
            }
        } while now < end
    }

    /// One round: what plugins sent reaches the router, what it sends reaches plugins, and their tasks run.
    private func exchange() {
        for plugin in plugins {
            let frames = plugin.link.toRouter
            plugin.link.toRouter.removeAll()
            for frame in frames { deliver(frame, from: plugin) }
        }
        for plugin in plugins where !plugin.isStalled {
            let frames = plugin.inbox
            plugin.inbox.removeAll()
            for frame in frames {
                frame.bytes.withUnsafeBytes { plugin.engine.receive($0, lane: frame.lane, now: now) }
            }
            plugin.engine.executor.runJobs()
        }
    }

    private func deliver(_ frame: FrameInFlight, from plugin: Plugin) {
        frame.bytes.withUnsafeBytes { bytes in
            if frame.lane == .control {
                core.receiveControl(
                    bytes, from: plugin.controlPeer, identity: .local,
                    random: (now, UInt64(plugin.controlPeer)), now: now)
                return
            }
            nextSlot &+= 1
            held[nextSlot] = frame.bytes
            if !core.receiveData(bytes, slot: nextSlot, from: plugin.dataPeer, now: now) {
                core.receiveStranger(bytes, slot: nextSlot, from: plugin.dataPeer, identity: .local, now: now)
            }
        }
        carryOut()
    }

    private func carryOut() {
        var position = 0
        while position < core.outbox.actions.count {
            let action = core.outbox.actions[position]
            position += 1
            let bytes: [UInt8]
            switch action.kind {
            case .forward: bytes = held.removeValue(forKey: action.slot) ?? []
            case .forwardCopy: bytes = held[action.slot] ?? []
            case .send: bytes = [UInt8](core.outbox.bytes(of: action))
            case .discard:
                held[action.slot] = nil
                continue
            }
            let isControl = action.lane == .control
            let plugin = plugins.first {
                (isControl ? $0.controlPeer : $0.dataPeer) == action.peer && $0.link.isConnected
            }
            if let plugin {
                plugin.accept(FrameInFlight(lane: isControl ? .control : .data, bytes: bytes))
            } else {
                core.sendFailed(to: action.peer, lane: action.lane, isFull: false, now: now)
            }
        }
        core.outbox.clear()
    }

    // MARK: - Faults

    private func connect(_ plugin: Plugin) {
        nextPeer += 2
        plugin.controlPeer = nextPeer
        plugin.dataPeer = nextPeer + 1
        plugin.link.isConnected = true
        plugin.engine.handle(.connected, now: now)
    }

    /// Breaks a plugin's connections; what was on the way is lost.
    ///
    /// It connects again by itself.
    package func disconnect(_ plugin: Plugin) {
        plugin.link.isConnected = false
        plugin.link.toRouter.removeAll()
        plugin.inbox.removeAll()
        plugin.engine.handle(.disconnected, now: now)
    }

    /// The router dies and a new one takes its place: it knows nothing.
    package func restartRouter() {
        for plugin in plugins { disconnect(plugin) }
        held.removeAll()
        starts += 1
        core = Self.makeCore(limits, start: starts)
    }

    /// Frames that the router holds for plugins without credit.
    package var heldFrames: Int { held.count }
}
