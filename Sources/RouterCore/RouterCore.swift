internal import BusWire
internal import CBusProtocol

/// The router's decisions: frames and time in, actions out.
///
/// No socket, clock, file or randomness.
///
/// It knows sessions, credit, open requests, streams and topics; it never reads a payload but those of its own
/// contract. What it decides stands in `outbox` after each call; the process carries it out and clears it.
/// The rules are those of docs/protocol/bus.md.
package struct RouterCore: ~Copyable {
    /// What the last call asks the process to do.
    package var outbox = Outbox()
    package let limits: RouterLimits
    package private(set) var registry: TypeRegistry
    /// Rises with every start of the router.
    package let routerEpoch: UInt64
    /// The router's own instance number.
    package static let instance: UInt64 = 1

    var sessions: [Session] = []
    var controlPeers: [UInt32: Int32] = [:]
    var dataPeers = PeerPlaces()
    var instances: [UInt64: Int32] = [:]
    var providers: [UInt32: [Int32]] = [:]
    var open: OpenRequests
    var topics = TopicTable()
    var dead: DeadLetters
    var arena = Arena()
    var totals = RouterTotals()
    var traffic: TrafficRing
    var types = TypeTable()
    /// Unix nanoseconds of what happens now, for people; the process sets it before it hands frames over.
    package var wallNanoseconds: UInt64 = 0
    private(set) var tokens: [UInt32: [UInt8]]
    private var nextEpoch: UInt32
    private var nextSession: UInt64 = 1
    private var cachedRule: TypeRule?
    private var cachedTotals = 0
    var strangers = StrangerBudget()
    var providerTurn = 0
    /// The newest sessions that ended, oldest first.
    var departed: [Departure] = []
    /// When the first tick came.
    var began: UInt64?

    /// A router without sessions.
    /// - Parameters:
    ///   - tokens: 32 bytes by role, for sessions on ipc.
    ///   - routerEpoch: higher than at any earlier start.
    ///   - firstEpoch: first session epoch; higher than any of an earlier start.
    package init(
        limits: RouterLimits = RouterLimits(), registry: TypeRegistry = TypeRegistry(),
        tokens: [UInt32: [UInt8]],
        routerEpoch: UInt64, firstEpoch: UInt32
    ) {
        self.limits = limits
        self.registry = registry
        self.tokens = tokens
        self.routerEpoch = routerEpoch
        self.nextEpoch = firstEpoch
        open = OpenRequests(limit: limits.maxOpenRequests)
        dead = DeadLetters(capacity: limits.deadLetters)
        traffic = TrafficRing(capacity: limits.trafficBytes)
        sessions.reserveCapacity(limits.maxSessions)
        controlPeers.reserveCapacity(limits.maxSessions)
        dataPeers.reserveCapacity(limits.maxSessions)
    }

    /// Sessions now.
    package var sessionCount: Int { instances.count }

    /// The rule of a type, or nil: nobody may send it.
    @inline(__always)
    mutating func rule(_ type: UInt32) -> TypeRule? {
        if let cachedRule, cachedRule.type == type { return cachedRule }
        guard let found = registry.types[type] else { return nil }
        cachedRule = found
        cachedTotals = types.place(type)
        return found
    }

    mutating func takeEpoch() -> (epoch: UInt32, session: UInt64) {
        nextEpoch &+= 1
        nextSession &+= 1
        return (nextEpoch, nextSession)
    }

    // MARK: - Frames

    /// Takes a frame of the control socket.
    ///
    /// It is never kept.
    /// - Parameters:
    /// - identity: who the connection is.
    /// - random: fresh random bits, used when a session begins.
    package mutating func receiveControl(
        _ frame: UnsafeRawBufferPointer, from peer: UInt32, identity: PeerIdentity, random: (UInt64, UInt64),
        now: UInt64
    ) {
        let header: FrameHeader
        do {
            header = try FrameHeader(frame: frame)
        } catch {
            return refuseStranger(peer, .control, .badFrame, error.text.description, frame, now)
        }
        let payload = UnsafeRawBufferPointer(
            rebasing: frame[header.payloadOffset..<header.payloadOffset + header.payloadCount])
        if header.kind == FrameKind.control, header.type == ControlNumber.hello.type {
            guard frame.count <= limits.maxHelloBytes else {
                return reject(peer, .tooLarge, "HELLO is over \(limits.maxHelloBytes) bytes", permanent: true)
            }
            return hello(payload, from: peer, identity: identity, random: random, now: now)
        }
        guard let place = controlPeers[peer] else {
            return refuseStranger(
                peer, .control, .unknownSession, "the router does not know this session: say HELLO", frame,
                now)
        }
        sessions[Int(place)].heard = now
        guard frame.count <= limits.maxControlBytes else {
            return refuse(
                place, header, frame, .tooLarge, "a control frame is at most \(limits.maxControlBytes) bytes",
                now,
                limit: UInt64(limits.maxControlBytes), actual: UInt64(frame.count))
        }
        if let fault = sessionFault(place, header) {
            return refuse(place, header, frame, fault.status, fault.text, now)
        }
        if header.kind == FrameKind.request {
            return answerOwnService(place, header, payload, frame, now)
        }
        guard header.kind == FrameKind.control, header.type >> 16 == 1 else {
            return refuse(
                place, header, frame, .badFrame,
                "only CONTROL frames and requests to the router go by the control lane",
                now)
        }
        control(place, ControlNumber(rawValue: header.type & 0xffff), payload, now)
    }

    /// Takes a frame of the data socket, held by the process in `slot` until an action sends or discards it.
    /// - Returns: false when the connection has no session: nothing was done, call `receiveStranger`.
    @inline(__always)
    package mutating func receiveData(
        _ frame: UnsafeRawBufferPointer, slot: Int32, from peer: UInt32, now: UInt64
    ) -> Bool {
        guard let place = dataPeers.find(peer) else { return false }
        sessions[Int(place)].heard = now
        let header: FrameHeader
        do {
            header = try FrameHeader(frame: frame)
        } catch {
            outbox.discard(slot)
            refuse(place, FrameHeader(), frame, .badFrame, error.text.description, now)
            return true
        }
        dispatch(place, header, frame, slot, now)
        return true
    }

    @inline(__always)
    private mutating func dispatch(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ slot: Int32, _ now: UInt64
    ) {
        if header.kind == FrameKind.control {
            outbox.discard(slot)
            return dataControl(place, header, frame, now)
        }
        guard charge(place, header, frame.count, now), check(place, header, frame, now) else {
            return outbox.discard(slot)
        }
        switch header.kind {
        case FrameKind.event: event(place, header, frame, slot, now)
        case FrameKind.request, FrameKind.streamOpen: request(place, header, frame, slot, now)
        case FrameKind.reply, FrameKind.error: reply(place, header, frame, slot, now)
        case FrameKind.streamItem, FrameKind.streamEnd: streamFrame(place, header, frame, slot, now)
        default:
            outbox.discard(slot)
            refuse(place, header, frame, .badFrame, "kind \(header.kind) is not known", now)
        }
    }

    /// Takes a frame of the data socket from a connection without a session: ATTACH, or something to refuse.
    package mutating func receiveStranger(
        _ frame: UnsafeRawBufferPointer, slot: Int32, from peer: UInt32, identity: PeerIdentity, now: UInt64
    ) {
        outbox.discard(slot)
        do {
            attach(try FrameHeader(frame: frame), frame, from: peer, identity: identity, now: now)
        } catch {
            refuseStranger(peer, .data, .badFrame, error.text.description, frame, now)
        }
    }

    /// Counts the frame against the sender's credit and gives more when half is used.
    /// - Returns: false when the sender overran it; its session is over then.
    @inline(__always)
    private mutating func charge(_ place: Int32, _ header: FrameHeader, _ bytes: Int, _ now: UInt64) -> Bool {
        sessions[Int(place)].inMessages &+= 1
        sessions[Int(place)].inBytes &+= UInt64(bytes)
        guard let index = CreditClass.index(header.trafficClass) else { return true }
        guard sessions[Int(place)][credit: index].useIn(bytes) else {
            reject(
                session: place, .credit, "sent more than CREDIT allowed: wait for CREDIT before sending",
                permanent: false)
            endSession(place, now)
            return false
        }
        if sessions[Int(place)][credit: index].needsGrant { grant(place, index) }
        return true
    }

    /// Checks what every data frame must have.
    @inline(__always)
    private mutating func check(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) -> Bool {
        if let fault = sessionFault(place, header) {
            refuse(place, header, frame, fault.status, fault.text, now)
            return false
        }
        guard let rule = rule(header.type) else {
            refuse(
                place, header, frame, .unknownType,
                "type \(hex(header.type)) is in no contract that the router knows", now)
            return false
        }
        guard UInt32(rule.trafficClass.rawValue) == header.trafficClass else {
            refuse(
                place, header, frame, .badFrame,
                "traffic_class is \(header.trafficClass), the contract says \(rule.trafficClass.rawValue)",
                now)
            return false
        }
        guard frame.count <= rule.maxBytes else {
            refuse(
                place, header, frame, .tooLarge,
                "the frame has \(frame.count) bytes, the contract allows \(rule.maxBytes): use a stream", now,
                limit: UInt64(rule.maxBytes), actual: UInt64(frame.count))
            return false
        }
        types[cachedTotals].messages &+= 1
        types[cachedTotals].bytes &+= UInt64(frame.count)
        return true
    }

    /// What is wrong with the sender's word about itself, if anything.
    @inline(__always)
    func sessionFault(_ place: Int32, _ header: FrameHeader) -> (status: BusStatus, text: String)? {
        // Field by field: a copy of the session would retain and release all that it holds.
        let index = Int(place)
        if header.source == sessions[index].instance, header.epoch == sessions[index].epoch,
            header.role == sessions[index].role
        {
            return nil
        }
        return identityFault(sessions[index], header)
    }

    @inline(never)
    private func identityFault(_ session: Session, _ header: FrameHeader) -> (status: BusStatus, text: String)
    {
        if header.source != session.instance {
            return (.badFrame, "source is \(header.source), this session's instance is \(session.instance)")
        }
        if header.epoch != session.epoch {
            return (
                .late,
                "epoch is \(header.epoch), this session's is \(session.epoch): a frame of an earlier session"
            )
        }
        return (.badFrame, "role is \(header.role), this session's is \(session.role)")
    }

    // MARK: - What the process found out

    /// The router's configuration names other types or roles; sessions stay, what they may send changes.
    package mutating func registryChanged(_ registry: TypeRegistry, tokens: [UInt32: [UInt8]]) {
        self.registry = registry
        self.tokens = tokens
        cachedRule = nil
        for place in sessions.indices { sessions[place].lastTopic = -1 }
    }

    /// A frame could not be sent to a session's connection: it is gone, or its pipe is full in spite of credit.
    package mutating func sendFailed(to peer: UInt32, lane: Lane, isFull: Bool, now: UInt64) {
        guard let place = lane == .control ? controlPeers[peer] : dataPeers[peer] else { return }
        if isFull {
            totals.highWaterTrips &+= 1
            outbox.audit(
                .warning, "pipe full in spite of credit: session closed", session: sessions[Int(place)].name)
        } else {
            outbox.audit(.info, "connection gone", session: sessions[Int(place)].name)
        }
        endSession(place, now)
    }

    /// The machine list changed: sessions whose key is no longer listed, or has another role, end now.
    /// - Parameter roles: role by first eight bytes of the key.
    package mutating func machinesChanged(_ roles: [UInt64: UInt32], now: UInt64) {
        for place in sessions.indices where sessions[place].state != .free && sessions[place].identity.isCurve
        {
            guard roles[sessions[place].identity.curveInstance] != sessions[place].role else { continue }
            reject(
                session: Int32(place), .unauthorized,
                "this key was revoked: spacenode machine allow … lists it again", permanent: true)
            endSession(Int32(place), now)
        }
    }
}
