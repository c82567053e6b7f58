internal import Glibc
package import Logging
internal import RouterCore
internal import ZeroMQ

/// The router's process: one thread that moves frames between sockets as `RouterCore` decides, and never blocks.
package struct RouterLoop: ~Copyable {
    private var core: RouterCore
    private var slab = MessageSlab(capacity: 4096)
    private var gatekeeper: Gatekeeper
    private let control: Socket
    private let data: Socket
    private let stop: StopSignal
    private let folder: RunDirectory
    private let settings: RouterProcessSettings
    private let logger: Logger
    private var random = SystemRandomNumberGenerator()

    /// Frames taken from one socket before the others get their turn.
    private static let batch = 128
    private static let tickMilliseconds: UInt64 = 50

    /// Takes the run directory and binds the sockets.
    /// - Throws: `RouterStartError` or `ZeroMQError` with what to do.
    package init(_ settings: RouterProcessSettings, logger: Logger) throws {
        let stop = StopSignal()
        let folder = try RunDirectory(settings.endpoints.runDirectory)
        let tokens = try folder.tokens(settings.registry.roleNames)
        let context = try Context()
        // Before any bind with CURVE: libzmq lets every key in while nobody answers.
        var gatekeeper = try Gatekeeper(context, logger: logger)
        let control = try Self.open(context, .control, settings)
        let data = try Self.open(context, .data, settings)
        _ = gatekeeper.replace(try settings.machines())
        let wall = wallNanoseconds() / 1_000_000
        core = RouterCore(
            limits: settings.limits, registry: settings.registry, tokens: tokens, routerEpoch: wall,
            firstEpoch: UInt32(truncatingIfNeeded: (wall / 1000) << 10))
        self.stop = stop
        self.folder = folder
        self.gatekeeper = gatekeeper
        self.control = control
        self.data = data
        self.settings = settings
        self.logger = logger
    }

    private static func open(
        _ context: Context, _ lane: Lane, _ settings: RouterProcessSettings
    ) throws -> Socket {
        let socket = try Socket(context, .router)
        try socket.set(.routerMandatory, 1)
        try socket.set(.linger, 0)
        // Above every window, so that a full pipe is a bug and not a matter of course.
        try socket.set(.sendHighWater, lane == .control ? 16_384 : 20_000)
        try socket.set(.receiveHighWater, 4096)
        try socket.set(.handshakeInterval, 5000)
        try socket.set(.tcpKeepalive, 1)
        try socket.set(wide: .maxMessageSize, Int64(settings.limits.maxFrame.max() ?? 0) + 65_536)
        try bind(socket, settings.endpoints.ipc(lane))
        let offset = lane == .control ? 0 : 1
        if let port = settings.endpoints.plainLoopbackPort {
            try bind(socket, "tcp://127.0.0.1:\(port + offset)")
        }
        guard let tcp = settings.endpoints.tcp else { return socket }
        guard let secret = settings.endpoints.secretKey else {
            throw RouterStartError(description: "tcp needs the router's key: spacenode machine key makes it")
        }
        // Options count for binds that follow: ipc stays open to tokens, tcp is CURVE alone.
        try socket.set(.curveServer, 1)
        try socket.set(.curveSecretKey, secret)
        try socket.set(.zapDomain, "spacenode")
        try bind(socket, "tcp://\(tcp.host):\(tcp.port + offset)")
        return socket
    }

    private static func bind(_ socket: borrowing Socket, _ endpoint: String) throws {
        do throws(ZeroMQError) {
            try socket.bind(endpoint)
        } catch {
            let fix =
                error.isAddressInUse
                ? "another process has the port: stop it or give another --tcp"
                : "check that the address is of this machine"
            throw RouterStartError(description: "cannot listen on \(endpoint): \(error); \(fix)")
        }
    }

    /// Routes until SIGTERM or SIGINT.
    package mutating func run() throws {
        var poller = Poller(capacity: 3)
        _ = try poller.add(control)
        _ = try poller.add(data)
        let zapEntry = try poller.add(gatekeeper.socket)
        logger.info("router listens", metadata: ["run": "\(folder.path)"])
        var nextTick: UInt64 = 0
        var nextReload = monotonicMilliseconds() + 1000
        while true {
            let now = monotonicMilliseconds()
            core.wallNanoseconds = wallNanoseconds()
            if now >= nextTick {
                if stop.isRaised { return logger.info("router stops") }
                nextTick = now + Self.tickMilliseconds
                core.tick(now: now)
                try carryOut(now)
                try gatekeeper.answer()
            }
            if now >= nextReload {
                nextReload = now + 1000
                try reload(now)
            }
            let hasControl = try receiveControl(now)
            // The poller's rule: nothing came and so nothing was sent since both sockets were found empty.
            if try receiveData(now) || hasControl { continue }
            try poller.wait(timeoutMilliseconds: Int(nextTick - now))
            if poller.isReadable(zapEntry) { try gatekeeper.answer() }
        }
    }

    /// - Returns: whether anything came.
    private mutating func receiveControl(_ now: UInt64) throws -> Bool {
        for taken in 0..<Self.batch {
            guard let arrival = try slab.receive(control) else { return taken > 0 }
            guard arrival.isWhole else {
                slab.discard(arrival.slot)
                continue
            }
            core.receiveControl(
                slab.bytes(arrival.slot), from: arrival.peer, identity: identity(arrival.slot),
                random: (random.next(), random.next()), now: now)
            slab.discard(arrival.slot)
            try carryOut(now)
        }
        return true
    }

    /// Takes what is there, up to a batch, and only then sends: libzmq's I/O thread, which wakes at the first frame
    /// sent, would otherwise overtake this one and hand the kernel a few frames at a time.
    /// - Returns: whether anything came.
    private mutating func receiveData(_ now: UInt64) throws -> Bool {
        var taken = 0
        while taken < Self.batch, let arrival = try slab.receive(data) {
            taken += 1
            guard arrival.isWhole else {
                slab.discard(arrival.slot)
                continue
            }
            let frame = slab.bytes(arrival.slot)
            if !core.receiveData(frame, slot: arrival.slot, from: arrival.peer, now: now) {
                core.receiveStranger(
                    frame, slot: arrival.slot, from: arrival.peer, identity: identity(arrival.slot), now: now)
            }
        }
        try carryOut(now)
        return taken > 0
    }

    private func identity(_ slot: Int32) -> PeerIdentity {
        guard let userID = slab.property(slot, "User-Id"), !userID.isEmpty else { return .local }
        return gatekeeper.identity(userID)
    }

    /// Does what the core decided; what fails on the way is told to the core, which may decide more.
    @inline(__always)
    private mutating func carryOut(_ now: UInt64) throws {
        var position = 0
        while position < core.outbox.actions.count {
            let action = core.outbox.actions[position]
            position += 1
            let outcome: SendOutcome
            switch action.kind {
            case .forward: outcome = try slab.send(action.slot, to: action.peer, on: data)
            case .forwardCopy: outcome = try slab.send(action.slot, to: action.peer, on: data, keeping: true)
            case .discard:
                slab.discard(action.slot)
                continue
            case .send: outcome = try send(action)
            }
            switch outcome {
            case .sent: break
            case .full: core.sendFailed(to: action.peer, lane: action.lane, isFull: true, now: now)
            case .unreachable: core.sendFailed(to: action.peer, lane: action.lane, isFull: false, now: now)
            }
        }
        for audit in core.outbox.audits { log(audit) }
        core.outbox.clear()
    }

    private mutating func send(_ action: Action) throws -> SendOutcome {
        let bytes = core.outbox.bytes(of: action)
        return action.lane == .control
            ? try slab.send(bytes: bytes, to: action.peer, on: control)
            : try slab.send(bytes: bytes, to: action.peer, on: data)
    }

    private func log(_ audit: AuditEvent) {
        let metadata: Logger.Metadata = audit.session.isEmpty ? [:] : ["plugin": "\(audit.session)"]
        logger.log(level: audit.level == .warning ? .warning : .info, "\(audit.text)", metadata: metadata)
    }

    private mutating func reload(_ now: UInt64) throws {
        do {
            if let registry = try settings.changedRegistry() {
                core.registryChanged(registry, tokens: try folder.tokens(registry.roleNames))
                logger.info("roles and contracts read again", metadata: ["types": "\(registry.types.count)"])
            }
        } catch {
            logger.error("router.yaml not read, what it said before stays in force: \(error)")
        }
        guard settings.machinesChanged() else { return }
        do {
            let roles = gatekeeper.replace(try settings.machines())
            logger.info("machine list read again", metadata: ["machines": "\(roles.count)"])
            core.machinesChanged(roles, now: now)
            try carryOut(now)
        } catch let error as ZeroMQError {
            throw error
        } catch {
            logger.error("machine list not read, the old one stays in force: \(error)")
        }
    }
}
