internal import BusWire
package import Logging
internal import NodeProtocol
internal import SwiftProtobuf

/// The numbers of a session that every frame needs: a plain value, as it is copied for each.
struct SessionNumbers {
    let session: UInt64
    let instance: UInt64
    let epoch: UInt32
    let heartbeatMilliseconds: UInt32
}

/// How far the session has come; each case has only the data it needs.
enum SessionPhase {
    /// No connection.
    case connecting
    /// HELLO was sent at this time.
    case greeting(since: UInt64)
    /// WELCOME came; ATTACH is to be sent, or was.
    case attaching(SessionNumbers, token: [UInt8], sent: Bool)
    case established(SessionNumbers)
    /// Finishing what was taken, until the given time.
    case draining(SessionNumbers, until: UInt64)
    case stopped(BusError?)
}

/// What a caller gets.
enum CallOutcome {
    case reply([UInt8])
    case failure(BusError)
}

/// A call that waits for its outcome.
final class PendingCall {
    let continuation: UnsafeContinuation<CallOutcome, Never>
    let deadline: UInt64
    let info: MethodInfo
    /// Who waits, if that may be cancelled.
    let task: UnsafeCurrentTask?

    init(
        continuation: UnsafeContinuation<CallOutcome, Never>, deadline: UInt64, info: MethodInfo,
        task: UnsafeCurrentTask?
    ) {
        self.continuation = continuation
        self.deadline = deadline
        self.info = info
        self.task = task
    }
}

/// Somebody who waits for credit or for a session.
struct Waiter {
    let continuation: UnsafeContinuation<Void, Never>
    let deadline: UInt64
}

/// Another instance's request, and the stream of it.
struct RequestKey: Hashable {
    let source: UInt64
    let id: UInt64
}

/// The message that made us act, for `cause_source` and `cause_id`.
package struct Cause: Sendable, Hashable {
    package let source: UInt64
    package let id: UInt64

    /// Names a message.
    package init(source: UInt64, id: UInt64) {
        self.source = source
        self.id = id
    }
}

/// The SDK's decisions: frames, time and wishes in; frames and outcomes out.
///
/// No socket and no clock.
///
/// Driven by one thread at a time, the one that also runs the executor's jobs: ZeroMQ's (`BusThread`), or a test's.
/// The rules are those of docs/protocol/bus.md.
///
/// `@unchecked Sendable`: everything is touched by the executor's thread alone; `isCurrent` is checked at each door.
package final class BusEngine: @unchecked Sendable {
    package let options: BusOptions
    package let executor: BusExecutor
    let logger: Logger
    @exclusivity(unchecked) var link: (any BusLink)?
    /// Milliseconds of a clock that never goes back, as the driver gave it last.
    @exclusivity(unchecked) package internal(set) var now: UInt64 = 0

    @exclusivity(unchecked) var phase = SessionPhase.connecting
    @exclusivity(unchecked) var credit = [CreditLedger](repeating: CreditLedger(), count: 3)
    var creditWaiters: [[Waiter]] = [[], [], []]
    var sessionWaiters: [Waiter] = []
    var sleepers: [Waiter] = []
    @exclusivity(unchecked) var nextID: UInt64 = 0
    @exclusivity(unchecked) var calls: [UInt64: PendingCall] = [:]
    @exclusivity(unchecked) var nextDeadline: UInt64 = .max
    @exclusivity(unchecked) var handlers: [UInt32: BusHandler] = [:]
    @exclusivity(unchecked) var work: [InboundWork] = []
    @exclusivity(unchecked) var workTaken = 0
    @exclusivity(unchecked) var workWaiter: UnsafeContinuation<InboundWork?, Never>?
    @exclusivity(unchecked) var idleWorkers: [UnsafeContinuation<InboundWork?, Never>] = []
    @exclusivity(unchecked) var inbound: [RequestKey: InboundWork] = [:]
    @exclusivity(unchecked) var streams: [RequestKey: StreamState] = [:]
    var nextStreamCheck: UInt64 = 0
    var topics: [PublishedTopic: UInt64] = [:]
    var subscriptions: [UInt64: SubscriptionState] = [:]
    var nextSubscription: UInt64 = 0
    var positions: [TopicPosition: SeenPosition] = [:]
    @exclusivity(unchecked) var heard: UInt64 = 0
    var pinged: UInt64 = 0
    var greetAgainAt: UInt64 = 0
    /// What the plugin says of itself, kept over sessions.
    var statedState = PluginState.ready
    /// Whether `run` has begun: handlers are registered before it.
    private(set) var isServing = false
    /// Counts sessions, so that a handler of an old one does not answer into a new one.
    @exclusivity(unchecked) var generation: UInt64 = 0
    var lastError = ""
    var failure: BusError?
    /// Those who need the session until they have said what they must.
    var drainHolds = 0

    /// An engine without a connection.
    package init(options: BusOptions, executor: BusExecutor, logger: Logger) {
        self.options = options
        self.executor = executor
        self.logger = logger
    }

    /// The session in force, if any.
    var session: SessionNumbers? {
        switch phase {
        case .established(let session), .draining(let session, _): session
        default: nil
        }
    }

    /// Whether frames may be sent.
    var isEstablished: Bool {
        switch phase {
        case .established, .draining: true
        default: false
        }
    }

    /// Whether the session is over for good.
    package var isStopped: Bool {
        if case .stopped = phase { return true }
        return false
    }

    /// Whether the session ends or has ended.
    var isDraining: Bool {
        switch phase {
        case .draining, .stopped: true
        default: false
        }
    }

    /// Our instance number, 0 without a session.
    package var instance: UInt64 { session?.instance ?? 0 }

    // MARK: - Driver's side

    /// Ties the engine to what carries its frames.
    package func attach(_ link: any BusLink, now: UInt64) {
        self.link = link
        self.now = now
        heard = now
    }

    /// The connection changed.
    package func handle(_ event: LinkEvent, now: UInt64) {
        self.now = now
        switch event {
        case .connected:
            // A connection that comes back is a new session: the old frames are gone.
            if isEstablished { sessionLost("the connection to the router was made anew") }
            if case .stopped = phase { return }
            greet()
        case .disconnected:
            sessionLost("the router is gone")
        case .refused(let error):
            stop(error)
        }
    }

    /// Time has passed.
    ///
    /// Call it at least every 20 ms.
    package func tick(now: UInt64) {
        self.now = now
        switch phase {
        case .greeting(let since) where now >= since + 1000: greet()
        case .connecting where greetAgainAt > 0 && now >= greetAgainAt: greet()
        case .attaching(let session, let token, let sent):
            if !sent { sendAttach(session, token) }
            if now >= heard + 2000 { sessionLost("no ATTACHED from the router") }
        case .established, .draining: watchSilence()
        default: break
        }
        if case .draining(_, let until) = phase, inbound.isEmpty && drainHolds <= 0 || now >= until {
            finishDrain()
        }
        giveUpCancelled()
        expireCalls()
        expireStreams()
        expireWaiters()
    }

    private func watchSilence() {
        let heartbeat = UInt64(session?.heartbeatMilliseconds ?? 500)
        if now >= heard + 10_000 {
            sessionLost("nothing heard from the router for 10 s")
            greet()
        } else if now >= max(heard, pinged) + 3 * heartbeat {
            pinged = now
            sendControl(.ping, Spacenode_Bus_V1_Ping())
        }
    }

    // MARK: - Session

    private func greet() {
        phase = .greeting(since: now)
        greetAgainAt = 0
        let hello: Spacenode_Bus_V1_Hello
        do {
            hello = try makeHello()
        } catch {
            lastError = "\(error)"
            greetAgainAt = now + 500
            phase = .connecting
            return
        }
        var header = FrameHeader()
        header.wire = 1
        header.kind = FrameKind.control
        header.type = ControlNumber.hello.type
        header.role = options.role.rawValue
        _ = send(header, hello, lane: .control)
    }

    private func makeHello() throws -> Spacenode_Bus_V1_Hello {
        var hello = Spacenode_Bus_V1_Hello()
        hello.name = .init(options.name.utf8)
        hello.role = options.role.rawValue
        hello.token = .init(try options.helloToken())
        hello.provides = (options.provides + [SystemContract.contract]).map(contractRange)
        hello.requires = options.requires.map(contractRange)
        hello.windows = options.windows.enumerated().map { index, window in
            var wire = Spacenode_Bus_V1_Window()
            wire.trafficClass = UInt32(index + 2)
            wire.bytes = window.bytes
            wire.messages = window.messages
            return wire
        }
        hello.maxFrame = UInt32(FrameLimit.bulk)
        hello.heldKeys = options.heldKeys.map { .init($0) }
        hello.build = .init(options.build.utf8.prefix(64))
        hello.labels = options.labels.map { label in
            var wire = Spacenode_Bus_V1_Label()
            wire.name = .init(label.name.utf8.prefix(32))
            wire.value = .init(label.value.utf8.prefix(64))
            return wire
        }
        return hello
    }

    private func contractRange(_ contract: ContractInfo) -> Spacenode_Bus_V1_ContractRange {
        var range = Spacenode_Bus_V1_ContractRange()
        range.contract = contract.number
        range.minorMax = contract.minor
        range.schema = contract.schema
        return range
    }

    func handleWelcome(_ welcome: Spacenode_Bus_V1_Welcome) {
        guard case .greeting = phase else { return }
        generation += 1
        // So that a late answer to a request of an earlier session fits none of this one.
        nextID = UInt64(welcome.epoch) << 32
        topics.removeAll()
        for window in welcome.windows where (2...4).contains(window.trafficClass) {
            let index = Int(window.trafficClass) - 2
            credit[index] = CreditLedger(
                sending: BusWindow(bytes: window.bytes, messages: window.messages),
                receiving: options.windows[index])
        }
        let session = SessionNumbers(
            session: welcome.session, instance: welcome.instance, epoch: welcome.epoch,
            heartbeatMilliseconds: welcome.heartbeatMs)
        sendAttach(session, [UInt8](welcome.attachToken))
    }

    private func sendAttach(_ session: SessionNumbers, _ token: [UInt8]) {
        var attach = Spacenode_Bus_V1_Attach()
        attach.session = session.session
        attach.attachToken = .init(token)
        let sent = send(controlHeader(.attach, session), attach, lane: .data)
        phase = .attaching(session, token: token, sent: sent)
    }

    func handleAttached(_ attached: Spacenode_Bus_V1_Attached) {
        guard case .attaching(let session, _, _) = phase, attached.session == session.session else { return }
        phase = .established(session)
        logger.info("session established", metadata: ["epoch": "\(session.epoch)"])
        sendState()
        for id in subscriptions.keys.sorted() { sendSubscribe(id) }
        wakeAll(&sessionWaiters)
    }

    func handleReject(_ reject: Spacenode_Bus_V1_Reject) {
        let error = BusError(
            .init(rawValue: reject.status), String(decoding: reject.text, as: UTF8.self),
            limit: UInt64(reject.neededMin),
            actual: UInt64(reject.offeredMax))
        lastError = error.description
        if reject.permanent { return stop(error) }
        logger.warning("session refused: \(error)")
        sessionLost(error.text)
        greetAgainAt = now + (error.code == .unknownSession ? 1 : 1000)
    }

    /// The session is over: everything open has its outcome now.
    func sessionLost(_ reason: String) {
        if isStopped { return }
        let wasEstablished = isEstablished
        if case .draining = phase { return finishDrain() }
        phase = .connecting
        greetAgainAt = now + 50
        guard wasEstablished else { return }
        lastError = reason
        logger.warning("session lost: \(reason)")
        generation += 1
        let error = BusError(.routerLost, "\(reason); whether the request was carried out is unknown")
        failEverything(error)
    }

    private func failEverything(_ error: BusError) {
        let open = calls
        calls.removeAll()
        for call in open.values { call.continuation.resume(returning: .failure(error)) }
        let lost = streams.values
        streams.removeAll()
        for stream in lost { stream.end(BusError(.lost, error.text)) }
        for item in inbound.values { item.cancel() }
        inbound.removeAll()
        work.removeAll()
        workTaken = 0
        for index in creditWaiters.indices { wakeAll(&creditWaiters[index]) }
    }

    /// Ends for good; `error` nil: in order.
    func stop(_ error: BusError?) {
        if isStopped { return }
        phase = .stopped(error)
        failure = error
        if let error { logger.error("bus session ends: \(error)") }
        failEverything(error ?? BusError(.cancelled, "this plugin has stopped"))
        for subscription in subscriptions.values { subscription.end(error) }
        wakeAll(&sessionWaiters)
        wakeAll(&sleepers)
        workWaiter.take()?.resume(returning: nil)
        for worker in idleWorkers { worker.resume(returning: nil) }
        idleWorkers.removeAll()
    }

    // MARK: - Drain and state

    /// Finishes what was taken and ends in order.
    package func beginDrain() {
        switch phase {
        case .established(let session):
            logger.info("draining")
            phase = .draining(session, until: now + options.drainMilliseconds)
            sendState()
        case .draining, .stopped: break
        default: stop(nil)
        }
    }

    private func finishDrain() {
        if let session { _ = send(controlHeader(.goodbye, session), Spacenode_Bus_V1_Goodbye(), lane: .data) }
        stop(nil)
    }

    /// What others may know: a provider is not READY before its handlers are there.
    var state: PluginState { isServing || options.provides.isEmpty ? statedState : .starting }

    /// All handlers are registered.
    func beginServing() {
        isServing = true
        if isEstablished { sendState() }
    }

    /// Tells the router how we are.
    func sendState() {
        var state = Spacenode_Bus_V1_State()
        if case .draining = phase {
            state.state = 4
        } else {
            state.state = self.state.wire
            state.reason = .init(self.state.reason.utf8.prefix(128))
        }
        sendControl(.state, state)
    }

    // MARK: - Sending

    /// A header with what every frame of this session has.
    @inline(__always)
    func header(kind: UInt32, type: UInt32, _ session: SessionNumbers) -> FrameHeader {
        var header = FrameHeader()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = session.instance
        header.epoch = session.epoch
        header.role = options.role.rawValue
        return header
    }

    private func controlHeader(_ type: ControlNumber, _ session: SessionNumbers) -> FrameHeader {
        header(kind: FrameKind.control, type: type.type, session)
    }

    func sendControl(_ type: ControlNumber, _ message: some SwiftProtobuf.Message) {
        guard let session else { return }
        if !send(controlHeader(type, session), message, lane: .control) {
            sessionLost("the control connection is full or gone")
        }
    }

    private func send(_ header: FrameHeader, _ message: some SwiftProtobuf.Message, lane: BusLane) -> Bool {
        guard let payload: [UInt8] = try? message.serializedBytes() else { return false }
        return payload.withUnsafeBytes { link?.send(header, topicKey: [], payload: $0, lane: lane) } != nil
    }

    /// Sends a data frame that `admission` found credit for.
    /// - Returns: whether the link took it; if not, the session is over.
    @inline(__always)
    @discardableResult
    func sendData(_ header: FrameHeader, topicKey: [UInt8] = [], payload: [UInt8], classIndex: Int) -> Bool {
        guard
            let bytes = payload.withUnsafeBytes({
                link?.send(header, topicKey: topicKey, payload: $0, lane: .data)
            })
        else {
            sessionLost("the data connection is full or gone")
            return false
        }
        credit[classIndex].send(bytes)
        return true
    }

    /// A received frame is done with; gives credit anew when half a window was used.
    @inline(__always)
    func processed(_ bytes: Int, classIndex: Int, generation: UInt64) {
        guard generation == self.generation, bytes > 0, let grant = credit[classIndex].process(bytes) else {
            return
        }
        var message = Spacenode_Bus_V1_Credit()
        message.trafficClass = UInt32(classIndex + 2)
        message.bytes = grant.bytes
        message.messages = grant.messages
        sendControl(.credit, message)
    }

    func wakeAll(_ waiters: inout [Waiter]) {
        let all = waiters
        waiters.removeAll(keepingCapacity: true)
        for waiter in all { waiter.continuation.resume() }
    }

    private func expireWaiters() {
        expire(&sessionWaiters)
        expire(&sleepers)
        for index in creditWaiters.indices { expire(&creditWaiters[index]) }
    }

    private func expire(_ waiters: inout [Waiter]) {
        guard waiters.contains(where: { $0.deadline <= now }) else { return }
        let over = waiters.filter { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        for waiter in over { waiter.continuation.resume() }
    }
}
