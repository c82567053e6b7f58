internal import BusWire
internal import CBusProtocol

extension RouterCore {
    /// Carries out a control message of a session.
    mutating func control(
        _ place: Int32, _ number: ControlNumber?, _ payload: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        switch number {
        case .credit: credit(place, payload)
        case .pong: break
        case .ping: pong(place, payload, now)
        case .state: state(place, payload)
        case .cancel: cancel(place, payload)
        case .streamCredit: streamCredit(place, payload, now)
        case .subscribe: subscribe(place, payload)
        case .unsubscribe: unsubscribe(place, payload)
        // What a later version may send is not an error.
        default: break
        }
    }

    private mutating func credit(_ place: Int32, _ payload: UnsafeRawBufferPointer) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__credit__unpack($0, $1, $2) }),
            let index = CreditClass.index(message.pointee.traffic_class)
        else { return }
        let session = Int(place)
        // Totals never fall, and never allow more than a window beyond what was sent.
        let window = sessions[session][credit: index].outWindow
        let bytes = min(message.pointee.bytes, sessions[session][credit: index].outUsedBytes &+ window.bytes)
        let messages = min(
            message.pointee.messages, sessions[session][credit: index].outUsedMessages &+ window.messages)
        sessions[session][credit: index].outAllowedBytes = max(
            sessions[session][credit: index].outAllowedBytes, bytes)
        sessions[session][credit: index].outAllowedMessages = max(
            sessions[session][credit: index].outAllowedMessages, messages)
        release(place, index)
        reportGaps(place)
    }

    private mutating func pong(_ place: Int32, _ payload: UnsafeRawBufferPointer, _ now: UInt64) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__ping__unpack($0, $1, $2) }) else {
            return
        }
        var pong = Spacenode__Bus__V1__Pong()
        spacenode__bus__v1__pong__init(&pong)
        pong.stamp = message.pointee.stamp
        pong.state = SessionState.ready.rawValue
        send(.pong, &pong, to: place)
    }

    private mutating func state(_ place: Int32, _ payload: UnsafeRawBufferPointer) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__state__unpack($0, $1, $2) }),
            let state = SessionState(rawValue: message.pointee.state), state != .free
        else { return }
        sessions[Int(place)].state = state
        sessions[Int(place)].identity.reason = Array(message.pointee.reason.array.prefix(128))
        outbox.audit(
            .info, "state \(state) \(message.pointee.reason.text(limit: 128))",
            session: sessions[Int(place)].name)
    }

    private mutating func cancel(_ place: Int32, _ payload: UnsafeRawBufferPointer) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__cancel__unpack($0, $1, $2) }),
            let entry = open.find(caller: place, id: message.pointee.id)
        else { return }
        cancelAtProvider(entry)
        close(entry)
    }

    /// Tells the provider that nobody waits any more.
    mutating func cancelAtProvider(_ entry: Int32) {
        var cancel = Spacenode__Bus__V1__Cancel()
        spacenode__bus__v1__cancel__init(&cancel)
        cancel.source = sessions[Int(open[entry].caller)].instance
        cancel.id = open[entry].id
        send(.cancel, &cancel, to: open[entry].provider)
    }

    /// Forgets an open request or stream.
    mutating func close(_ entry: Int32) {
        let provider = Int(open[entry].provider)
        if sessions[provider].openForProvider > 0 { sessions[provider].openForProvider -= 1 }
        open.remove(entry)
    }

    // MARK: - The data lane's control frames

    /// ATTACH, from a connection that belongs to no session yet.
    mutating func attach(
        _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, from peer: UInt32, identity: PeerIdentity,
        now: UInt64
    ) {
        let payload = UnsafeRawBufferPointer(
            rebasing: frame[header.payloadOffset..<header.payloadOffset + header.payloadCount])
        guard header.kind == FrameKind.control, header.type == ControlNumber.attach.type,
            let message = arena.decode(payload, { spacenode__bus__v1__attach__unpack($0, $1, $2) }),
            let place = sessions.firstIndex(where: {
                $0.state != .free && $0.number == message.pointee.session
                    && $0.identity.attachToken == message.pointee.attach_token.array
                    && $0.identity.curveInstance == identity.curveInstance
            })
        else {
            return refuseStranger(
                peer, .data, .unknownSession, "the router does not know this session: say HELLO", frame, now)
        }
        if sessions[place].isAttached { dataPeers[sessions[place].dataPeer] = nil }
        sessions[place].dataPeer = peer
        sessions[place].isAttached = true
        sessions[place].heard = now
        dataPeers[peer] = Int32(place)
        var attached = Spacenode__Bus__V1__Attached()
        spacenode__bus__v1__attached__init(&attached)
        attached.session = sessions[place].number
        send(.attached, &attached, to: Int32(place), lane: .data)
    }

    /// GOODBYE, or ATTACH once more after a new HELLO over the same connection.
    mutating func dataControl(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        switch ControlNumber(rawValue: header.type & 0xffff) {
        case .goodbye:
            guard sessionFault(place, header) == nil else { return }
            outbox.audit(.info, "goodbye", session: sessions[Int(place)].name)
            endSession(place, now)
        case .attach:
            break
        default:
            refuse(place, header, frame, .badFrame, "this control message goes by the control lane", now)
        }
    }

    // MARK: - The end of a session

    /// Ends a session: everybody who waits for it is told, and nothing of it stays.
    mutating func endSession(_ place: Int32, _ now: UInt64) {
        let session = Int(place)
        guard sessions[session].state != .free else { return }
        sessions[session].state = .draining
        for index in 0..<CreditClass.count { discardParked(place, index) }
        for entry in open.places(where: { $0.caller == place || $0.provider == place }) {
            lose(entry, because: place)
        }
        for topic in topics.places(publisher: place) { endTopic(topic) }
        topics.forget(subscriber: place)
        for offered in sessions[session].identity.provides {
            providers[offered.number]?.removeAll { $0 == place }
        }
        instances[sessions[session].instance] = nil
        if controlPeers[sessions[session].controlPeer] == place {
            controlPeers[sessions[session].controlPeer] = nil
        }
        if sessions[session].isAttached { dataPeers[sessions[session].dataPeer] = nil }
        depart(session, now)
        sessions[session] = Session()
    }

    /// Remembers whose session ended, for those who look at what it sent.
    private mutating func depart(_ session: Int, _ now: UInt64) {
        let instance = sessions[session].instance
        departed.removeAll { $0.instance == instance }
        if departed.count >= limits.maxDepartures { departed.removeFirst() }
        departed.append(
            Departure(
                instance: instance, name: sessions[session].identity.name, role: sessions[session].role,
                at: now))
    }

    private mutating func discardParked(_ place: Int32, _ index: Int) {
        while let frame = sessions[Int(place)][credit: index].parked.first {
            outbox.discard(frame.slot)
            sessions[Int(place)][credit: index].parked.removeFirst()
        }
    }

    /// One end of a request or stream is gone: the other is told.
    private mutating func lose(_ entry: Int32, because lost: Int32) {
        let request = open[entry]
        let survivor = request.caller == lost ? request.provider : request.caller
        if survivor != lost {
            let name = sessions[Int(lost)].name
            if request.isStream {
                endStream(entry, .lost, "\(name) is gone", except: lost)
                return
            } else if survivor == request.caller {
                sendError(
                    to: survivor, type: request.type, id: request.id, .peerLost,
                    "\(name) is gone; whether it carried out the request is unknown")
            } else {
                cancelAtProvider(entry)
            }
        }
        close(entry)
    }

    private mutating func endTopic(_ topic: Int32) {
        for subscriber in topics.topics[Int(topic)].subscribers where subscriber.gapFrom > 0 {
            sendGap(
                topic, to: subscriber.session, from: subscriber.gapFrom, to: topics.topics[Int(topic)].lastSeq
            )
        }
        topics.remove(topic)
    }
}
