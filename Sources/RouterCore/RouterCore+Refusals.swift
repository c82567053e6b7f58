internal import BusWire
internal import CBusProtocol

extension RouterCore {
    /// A header from the router.
    func header(kind: UInt32, type: UInt32, dest: UInt64) -> HeaderMessage {
        var header = HeaderMessage()
        spacenode__bus__v1__header__init(&header)
        header.wire = 1
        header.kind = kind
        header.type = type
        header.dest = dest
        header.source = Self.instance
        header.role = 1
        return header
    }

    /// Sends a control message to a session.
    mutating func send<M>(_ number: ControlNumber, _ payload: inout M, to place: Int32, lane: Lane = .control)
    {
        let peer = lane == .control ? sessions[Int(place)].controlPeer : sessions[Int(place)].dataPeer
        var head = header(kind: FrameKind.control, type: number.type, dest: sessions[Int(place)].instance)
        outbox.send(&head, &payload, to: peer, lane: lane)
    }

    /// Sends a control message to a connection without a session.
    mutating func send<M>(_ number: ControlNumber, _ payload: inout M, toPeer peer: UInt32, lane: Lane) {
        var head = header(kind: FrameKind.control, type: number.type, dest: 0)
        outbox.send(&head, &payload, to: peer, lane: lane)
    }

    /// Gives a caller the outcome that its request will not get from a provider.
    mutating func sendError(
        to place: Int32, type: UInt32, id: UInt64, _ status: BusStatus, _ text: String,
        retryAfter: UInt32 = 0,
        limit: UInt64 = 0, actual: UInt64 = 0
    ) {
        var head = header(kind: FrameKind.error, type: type, dest: sessions[Int(place)].instance)
        head.reply_to = id
        head.status = status.rawValue
        head.retry_after_ms = retryAfter
        head.traffic_class = UInt32(registry.types[type]?.trafficClass.rawValue ?? 0)
        let peer = sessions[Int(place)].controlPeer
        withBinary(Array(text.utf8.prefix(256))) {
            var fault = Spacenode__Bus__V1__Fault()
            spacenode__bus__v1__fault__init(&fault)
            fault.text = $0
            fault.limit = limit
            fault.actual = actual
            outbox.send(&head, &fault, to: peer, lane: .control)
        }
        watchOwn(type, to: head.dest)
    }

    /// Ends a stream towards one end; `seq` says how many items were passed on to it.
    mutating func sendStreamEnd(
        to place: Int32, dest: UInt64, entry: OpenRequest, _ status: BusStatus, _ text: String, seq: UInt64
    ) {
        var head = header(kind: FrameKind.streamEnd, type: entry.type, dest: dest)
        head.reply_to = entry.id
        head.seq = seq
        head.status = status.rawValue
        head.traffic_class = UInt32(entry.classIndex + 2)
        // The provider finds the stream by its opener.
        head.cause_source = sessions[Int(entry.caller)].instance
        head.cause_id = entry.id
        let peer = sessions[Int(place)].controlPeer
        withBinary(Array(text.utf8.prefix(256))) {
            var fault = Spacenode__Bus__V1__Fault()
            spacenode__bus__v1__fault__init(&fault)
            fault.text = $0
            outbox.send(&head, &fault, to: peer, lane: .control)
        }
        watchOwn(entry.type, to: dest)
    }

    /// Refuses a frame of a session and tells it: an ERROR to who waits for an outcome, else a NOTICE.
    @inline(never)
    mutating func refuse(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ status: BusStatus,
        _ text: String,
        _ now: UInt64, retryAfter: UInt32 = 0, limit: UInt64 = 0, actual: UInt64 = 0
    ) {
        sessions[Int(place)].refused &+= 1
        totals.refused &+= 1
        if status == .late { totals.late &+= 1 }
        if registry.types[header.type] != nil { types[types.place(header.type)].refused &+= 1 }
        bury(status, header, frame, now)
        let isOpening = header.kind == FrameKind.request || header.kind == FrameKind.streamOpen
        if isOpening, status != .duplicate, status != .late {
            return sendError(
                to: place, type: header.type, id: header.id, status, text, retryAfter: retryAfter,
                limit: limit,
                actual: actual)
        }
        withBinary(Array(text.utf8.prefix(256))) {
            var notice = Spacenode__Bus__V1__Notice()
            spacenode__bus__v1__notice__init(&notice)
            notice.status = status.rawValue
            notice.kind = header.kind
            notice.type = header.type
            notice.id = isOpening ? header.id : header.replyTo
            notice.seq = header.seq
            notice.text = $0
            notice.limit = limit
            notice.actual = actual
            send(.notice, &notice, to: place)
        }
    }

    /// Keeps the head of a refused frame for people to look at.
    mutating func bury(
        _ status: BusStatus, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        let isSensitive = registry.types[header.type]?.isSensitive ?? true
        dead.add(
            status: status.rawValue, frame: frame, payloadOffset: header.payloadOffset,
            isSensitive: isSensitive,
            now: now)
        var note = TrafficNote()
        note.type = header.type
        note.status = status
        note.payloadOffset = header.payloadOffset
        note.isSensitive = isSensitive
        note.nanoseconds = wallNanoseconds
        traffic.add(note, frame)
    }

    /// Keeps a frame that was taken, for people to look at.
    @inline(__always)
    mutating func watch(
        _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, to destination: UInt64, receivers: UInt32 = 0
    ) {
        var note = TrafficNote()
        note.type = header.type
        note.to = destination
        note.receivers = receivers
        note.payloadOffset = header.payloadOffset
        note.isSensitive = rule(header.type)?.isSensitive ?? true
        note.nanoseconds = wallNanoseconds
        traffic.add(note, frame)
    }

    /// Keeps the outcome that was queued last, which the router made itself.
    private mutating func watchOwn(_ type: UInt32, to destination: UInt64) {
        guard let action = outbox.actions.last else { return }
        var note = TrafficNote()
        note.type = type
        note.to = destination
        note.nanoseconds = wallNanoseconds
        traffic.add(note, outbox.bytes(of: action))
    }

    /// Refuses a frame of a connection without a session.
    mutating func refuseStranger(
        _ peer: UInt32, _ lane: Lane, _ status: BusStatus, _ text: String, _ frame: UnsafeRawBufferPointer,
        _ now: UInt64
    ) {
        totals.refused &+= 1
        if lane == .control, let place = controlPeers[peer] {
            return refuse(place, FrameHeader(), frame, status, text, now)
        }
        guard strangers.mayAnswer(peer, now: now) else { return }
        withBinary(Array(text.utf8.prefix(256))) {
            var notice = Spacenode__Bus__V1__Notice()
            spacenode__bus__v1__notice__init(&notice)
            notice.status = status.rawValue
            notice.text = $0
            send(.notice, &notice, toPeer: peer, lane: lane)
        }
    }

    /// Tells a session that it is over.
    mutating func reject(session place: Int32, _ status: BusStatus, _ text: String, permanent: Bool) {
        reject(sessions[Int(place)].controlPeer, status, text, permanent: permanent)
    }

    /// Refuses a HELLO, or ends a session.
    mutating func reject(
        _ peer: UInt32, _ status: BusStatus, _ text: String, permanent: Bool, contract: UInt32 = 0,
        offered: (UInt32, UInt32) = (0, 0), needed: (UInt32, UInt32) = (0, 0)
    ) {
        outbox.audit(.warning, "\(status): \(text)")
        withBinary(Array(text.utf8.prefix(256))) {
            var reject = Spacenode__Bus__V1__Reject()
            spacenode__bus__v1__reject__init(&reject)
            reject.status = status.rawValue
            reject.text = $0
            reject.permanent = permanent ? 1 : 0
            reject.contract = contract
            reject.offered_min = offered.0
            reject.offered_max = offered.1
            reject.needed_min = needed.0
            reject.needed_max = needed.1
            send(.reject, &reject, toPeer: peer, lane: .control)
        }
    }

    /// Raises what a sender may have sent in one class.
    mutating func grant(_ place: Int32, _ index: Int) {
        var credit = Spacenode__Bus__V1__Credit()
        spacenode__bus__v1__credit__init(&credit)
        credit.traffic_class = UInt32(index + 2)
        let window = sessions[Int(place)][credit: index].inWindow
        sessions[Int(place)][credit: index].inAllowedBytes =
            sessions[Int(place)][credit: index].inUsedBytes &+ window.bytes
        sessions[Int(place)][credit: index].inAllowedMessages =
            sessions[Int(place)][credit: index].inUsedMessages &+ window.messages
        credit.bytes = sessions[Int(place)][credit: index].inAllowedBytes
        credit.messages = sessions[Int(place)][credit: index].inAllowedMessages
        send(.credit, &credit, to: place)
    }
}
