internal import BusWire
internal import CBusProtocol

/// Method numbers of contract 1, service Router.
private enum OwnMethod {
    static let listSessions: UInt32 = 1 << 16 | 64
    static let listDeadLetters: UInt32 = 1 << 16 | 65
    static let stats: UInt32 = 1 << 16 | 66
    static let drain: UInt32 = 1 << 16 | 67
    static let readTraffic: UInt32 = 1 << 16 | 68
}

extension RouterCore {
    /// Answers a request to the router itself, on the control lane.
    mutating func answerOwnService(
        _ place: Int32, _ request: FrameHeader, _ payload: UnsafeRawBufferPointer,
        _ frame: UnsafeRawBufferPointer,
        _ now: UInt64
    ) {
        guard let rule = rule(request.type), request.type >> 16 == 1 else {
            return refuse(
                place, request, frame, .unknownType, "the router has no method \(hex(request.type))", now)
        }
        guard rule.callers & sessions[Int(place)].roleBit != 0 else {
            let role = registry.roleName(sessions[Int(place)].role)
            return refuse(
                place, request, frame, .forbidden, "role \(role) may not send type \(hex(request.type))", now)
        }
        switch request.type {
        case OwnMethod.listSessions: listSessions(place, request, now)
        case OwnMethod.listDeadLetters: listDeadLetters(place, request, payload, now)
        case OwnMethod.stats: stats(place, request, now)
        case OwnMethod.readTraffic: readTraffic(place, request, payload, frame, now)
        default: drain(place, request, payload, frame, now)
        }
    }

    private mutating func sendReply<M>(_ place: Int32, _ request: FrameHeader, _ payload: inout M) {
        var head = header(kind: FrameKind.reply, type: request.type, dest: sessions[Int(place)].instance)
        head.reply_to = request.id
        head.traffic_class = request.trafficClass
        outbox.send(&head, &payload, to: sessions[Int(place)].controlPeer, lane: .control)
    }

    private mutating func listSessions(_ place: Int32, _ request: FrameHeader, _ now: UInt64) {
        let storage = ByteStorage()
        let live = sessions.indices.filter { sessions[$0].state != .free }
        var infos = live.map { info(sessions[$0], storage, now) }
        infos.withUnsafeMutableBufferPointer { infos in
            var pointers = infos.indices.map { index in infos.baseAddress.map { $0 + index } }
            pointers.withUnsafeMutableBufferPointer {
                var reply = Spacenode__Bus__V1__ListSessionsReply()
                spacenode__bus__v1__list_sessions_reply__init(&reply)
                reply.router_epoch = routerEpoch
                reply.n_sessions = $0.count
                reply.sessions = $0.baseAddress
                Self.withDepartures(departed, storage, now) { departed in
                    reply.n_departed = departed.count
                    reply.departed = departed.baseAddress
                    sendReply(place, request, &reply)
                }
            }
        }
        withExtendedLifetime(storage) {}
    }

    private static func withDepartures(
        _ departed: [Departure], _ storage: ByteStorage, _ now: UInt64,
        _ body: (UnsafeMutableBufferPointer<UnsafeMutablePointer<Spacenode__Bus__V1__Departure>?>) -> Void
    ) {
        var entries = departed.map { departure in
            var entry = Spacenode__Bus__V1__Departure()
            spacenode__bus__v1__departure__init(&entry)
            entry.instance = departure.instance
            entry.name = storage.keep(departure.name)
            entry.role = departure.role
            entry.ago_ms = now &- departure.at
            return entry
        }
        entries.withUnsafeMutableBufferPointer { entries in
            var pointers = entries.indices.map { index in entries.baseAddress.map { $0 + index } }
            pointers.withUnsafeMutableBufferPointer { body($0) }
        }
    }

    private func info(_ session: Session, _ storage: ByteStorage, _ now: UInt64)
        -> Spacenode__Bus__V1__SessionInfo
    {
        var info = Spacenode__Bus__V1__SessionInfo()
        spacenode__bus__v1__session_info__init(&info)
        info.instance = session.instance
        info.name = storage.keep(session.identity.name)
        info.role = session.role
        info.state = session.state.rawValue
        info.reason = storage.keep(session.identity.reason)
        info.epoch = session.epoch
        info.since_ms = now &- session.began
        info.heard_ms = now &- session.heard
        info.in_messages = session.inMessages
        info.in_bytes = session.inBytes
        info.out_messages = session.outMessages
        info.out_bytes = session.outBytes
        info.parked = UInt64(session.parkedCount)
        info.refused = session.refused
        info.gaps = session.gaps
        info.build = storage.keep(session.identity.build)
        info.in_flight = session.openForProvider
        info.curve = session.identity.isCurve ? 1 : 0
        return info
    }

    private mutating func listDeadLetters(
        _ place: Int32, _ request: FrameHeader, _ payload: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        let message = arena.decode(
            payload, { spacenode__bus__v1__list_dead_letters_request__unpack($0, $1, $2) })
        let wanted = Int(message?.pointee.limit ?? 0)
        let storage = ByteStorage()
        var letters = dead.newest(wanted == 0 ? 20 : wanted).map { letter -> Spacenode__Bus__V1__DeadLetter in
            var entry = Spacenode__Bus__V1__DeadLetter()
            spacenode__bus__v1__dead_letter__init(&entry)
            entry.status = letter.status
            entry.age_ms = now &- letter.at
            entry.frame = storage.keep(letter.frame)
            entry.frame_bytes = UInt64(letter.frameBytes)
            return entry
        }
        letters.withUnsafeMutableBufferPointer { letters in
            var pointers = letters.indices.map { index in letters.baseAddress.map { $0 + index } }
            pointers.withUnsafeMutableBufferPointer {
                var reply = Spacenode__Bus__V1__ListDeadLettersReply()
                spacenode__bus__v1__list_dead_letters_reply__init(&reply)
                reply.n_letters = $0.count
                reply.letters = $0.baseAddress
                reply.total = dead.total
                sendReply(place, request, &reply)
            }
        }
        withExtendedLifetime(storage) {}
    }

    private mutating func stats(_ place: Int32, _ request: FrameHeader, _ now: UInt64) {
        var reply = Spacenode__Bus__V1__StatsReply()
        spacenode__bus__v1__stats_reply__init(&reply)
        reply.routed_messages = totals.routedMessages
        reply.routed_bytes = totals.routedBytes
        reply.refused = totals.refused
        reply.expired = totals.expired
        reply.gaps = totals.gaps
        reply.late = totals.late
        reply.in_flight = UInt64(open.count)
        reply.high_water_trips = totals.highWaterTrips
        reply.sessions = UInt64(instances.count)
        for session in sessions where session.state != .free {
            reply.parked_messages += UInt64(session.parkedCount)
            reply.parked_bytes += UInt64(session.parkedBytes)
            reply.window_bytes += session.windowBytes
        }
        reply.uptime_ms = now &- (began ?? now)
        let storage = TypeStatsStorage(types)
        storage.withPointers {
            reply.n_types = $0.count
            reply.types = $0.baseAddress
            sendReply(place, request, &reply)
        }
    }

    private mutating func drain(
        _ place: Int32, _ request: FrameHeader, _ payload: UnsafeRawBufferPointer,
        _ frame: UnsafeRawBufferPointer,
        _ now: UInt64
    ) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__drain_request__unpack($0, $1, $2) }),
            let target = instances[message.pointee.instance]
        else {
            return refuse(
                place, request, frame, .noRoute, "that instance is not there: see spacenode bus ls", now)
        }
        withBinary(Array(message.pointee.reason.array.prefix(128))) {
            var order = Spacenode__Bus__V1__Drain()
            spacenode__bus__v1__drain__init(&order)
            order.reason = $0
            send(.drain, &order, to: target)
        }
        outbox.audit(
            .info, "drain ordered by \(sessions[Int(place)].name)", session: sessions[Int(target)].name)
        var reply = Spacenode__Bus__V1__DrainReply()
        spacenode__bus__v1__drain_reply__init(&reply)
        sendReply(place, request, &reply)
    }
}

/// Keeps bytes in place while C structures point to them.
private final class ByteStorage {
    private var blocks: [UnsafeMutableBufferPointer<UInt8>] = []

    deinit {
        for block in blocks { block.deallocate() }
    }

    func keep(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = block.initialize(from: bytes)
        blocks.append(block)
        return ProtobufCBinaryData(len: block.count, data: block.baseAddress)
    }
}
