internal import BusWire
extension RouterCore {
    /// What became of a frame for a destination.
    enum Delivery {
        case sent, parked, full
    }

    /// Passes a held frame on, or holds it until the destination has credit.
    /// - Returns: `.full` when neither is possible; the frame is still held then.
    @inline(__always)
    mutating func deliver(
        _ slot: Int32, _ bytes: Int, to place: Int32, classIndex: Int, entry: Int32, isOpening: Bool
    ) -> Delivery {
        let session = Int(place)
        if sessions[session][credit: classIndex].parked.isEmpty,
            sessions[session][credit: classIndex].canSend(bytes)
        {
            pass(slot, bytes, to: session, classIndex)
            return .sent
        }
        guard sessions[session][credit: classIndex].canPark(bytes) else { return .full }
        sessions[session][credit: classIndex].parked.append(
            ParkedFrame(
                slot: slot, bytes: bytes, entry: entry, generation: entry < 0 ? 0 : open[entry].generation,
                isOpening: isOpening))
        return .parked
    }

    @inline(__always)
    private mutating func pass(
        _ slot: Int32, _ bytes: Int, to session: Int, _ classIndex: Int, copy: Bool = false
    ) {
        sessions[session][credit: classIndex].useOut(bytes)
        count(out: bytes, session)
        outbox.forward(slot, to: sessions[session].dataPeer, copy: copy)
    }

    @inline(__always)
    mutating func count(out bytes: Int, _ session: Int) {
        sessions[session].outMessages &+= 1
        sessions[session].outBytes &+= UInt64(bytes)
        totals.routedMessages &+= 1
        totals.routedBytes &+= UInt64(bytes)
    }

    /// Passes on what was held for a destination, as far as its credit reaches.
    mutating func release(_ place: Int32, _ index: Int) {
        let session = Int(place)
        while let frame = sessions[session][credit: index].parked.first {
            if frame.isOpening, !open.isLive(frame.entry, generation: frame.generation) {
                outbox.discard(frame.slot)
            } else {
                guard sessions[session][credit: index].canSend(frame.bytes) else { return }
                pass(frame.slot, frame.bytes, to: session, index)
            }
            sessions[session][credit: index].parked.removeFirst()
        }
    }

    // MARK: - Requests

    /// REQUEST or STREAM_OPEN: finds a provider and remembers who waits.
    mutating func request(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ slot: Int32, _ now: UInt64
    ) {
        guard let provider = provider(place, header, frame, now) else { return outbox.discard(slot) }
        guard let rule = rule(header.type), let classIndex = CreditClass.index(header.trafficClass) else {
            return outbox.discard(slot)
        }
        let isStream = header.kind == FrameKind.streamOpen
        let ttl = UInt64(header.ttlMilliseconds == 0 ? rule.ttlMilliseconds : header.ttlMilliseconds)
        var entry = OpenRequest()
        entry.isStream = isStream
        entry.caller = place
        entry.provider = provider
        entry.type = header.type
        entry.classIndex = classIndex
        entry.id = header.id
        entry.ttl = ttl
        entry.deadline = now + ttl
        entry.toCaller.allowed = isStream ? header.seq : 0
        entry.began = wallNanoseconds
        guard let added = open.add(entry) else {
            refuse(
                place, header, frame, .busy, "\(limits.maxOpenRequests) requests are open in the router", now,
                retryAfter: limits.retryAfterMilliseconds)
            return outbox.discard(slot)
        }
        sessions[Int(provider)].openForProvider += 1
        let delivery = deliver(
            slot, frame.count, to: provider, classIndex: classIndex, entry: added, isOpening: true)
        guard delivery == .full else { return watch(header, frame, to: sessions[Int(provider)].instance) }
        close(added)
        refuse(
            place, header, frame, .busy,
            "\(sessions[Int(provider)].name) has no room: again after the time given", now,
            retryAfter: limits.retryAfterMilliseconds)
        outbox.discard(slot)
    }

    /// The session that shall get a request, or nil after a refusal.
    private mutating func provider(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) -> Int32? {
        guard header.id > sessions[Int(place)].lastID else {
            refuse(
                place, header, frame, .duplicate,
                "id \(header.id) is not above \(sessions[Int(place)].lastID), the last of this session", now)
            return nil
        }
        sessions[Int(place)].lastID = header.id
        guard let rule = rule(header.type), fits(header.kind, rule.pattern) else {
            refuse(
                place, header, frame, .badFrame, "kind \(header.kind) does not fit the type's pattern", now)
            return nil
        }
        guard rule.callers & sessions[Int(place)].roleBit != 0 else {
            let role = registry.roleName(sessions[Int(place)].role)
            refuse(
                place, header, frame, .forbidden, "role \(role) may not send type \(hex(header.type))", now)
            return nil
        }
        guard header.ttlMilliseconds <= limits.maxTTLMilliseconds else {
            refuse(
                place, header, frame, .badFrame, "ttl_ms is over \(limits.maxTTLMilliseconds)", now,
                limit: UInt64(limits.maxTTLMilliseconds), actual: UInt64(header.ttlMilliseconds))
            return nil
        }
        let contract = header.type >> 16
        let found = header.dest == 0 ? anyProvider(contract, now) : named(header.dest, contract, now)
        switch found {
        case .success(let provider):
            guard frame.count <= sessions[Int(provider)].maxFrame else {
                refuse(
                    place, header, frame, .tooLarge,
                    "\(sessions[Int(provider)].name) takes frames of at most \(sessions[Int(provider)].maxFrame) bytes",
                    now, limit: UInt64(sessions[Int(provider)].maxFrame), actual: UInt64(frame.count))
                return nil
            }
            return provider
        case .failure(let fault):
            refuse(
                place, header, frame, fault.status, fault.text, now,
                retryAfter: fault.status == .notReady ? limits.retryAfterMilliseconds * 4 : 0)
            return nil
        }
    }

    private func fits(_ kind: UInt32, _ pattern: RoutingPattern) -> Bool {
        switch pattern {
        case .call: kind == FrameKind.request
        case .downStream, .upStream: kind == FrameKind.streamOpen
        case .event: false
        }
    }

    /// The ready provider with the fewest open requests; turns among equals.
    private mutating func anyProvider(_ contract: UInt32, _ now: UInt64) -> Result<Int32, RouteFault> {
        guard let places = providers[contract], !places.isEmpty else {
            return .failure(
                RouteFault(
                    status: .noRoute, text: "nobody provides contract \(contract): start a plugin that does"))
        }
        var best: Int32?
        providerTurn &+= 1
        for step in places.indices {
            let place = places[(step &+ providerTurn) % places.count]
            guard isReady(place, now) else { continue }
            if let known = best, sessions[Int(known)].openForProvider <= sessions[Int(place)].openForProvider
            {
                continue
            }
            best = place
        }
        if let best { return .success(best) }
        return .failure(
            RouteFault(status: .notReady, text: "no provider of contract \(contract) is ready yet"))
    }

    private func named(_ instance: UInt64, _ contract: UInt32, _ now: UInt64) -> Result<Int32, RouteFault> {
        guard let place = instances[instance] else {
            return .failure(RouteFault(status: .noRoute, text: "instance \(instance) is not there"))
        }
        guard sessions[Int(place)].identity.provides.contains(where: { $0.number == contract }) else {
            return .failure(
                RouteFault(
                    status: .noRoute,
                    text: "\(sessions[Int(place)].name) does not provide contract \(contract)"))
        }
        guard isReady(place, now) else {
            return .failure(RouteFault(status: .notReady, text: "\(sessions[Int(place)].name) is not ready"))
        }
        return .success(place)
    }

    private func isReady(_ place: Int32, _ now: UInt64) -> Bool {
        let session = Int(place)
        return sessions[session].isAttached && sessions[session].state.takesRequests
            && now < sessions[session].heard + limits.suspectAfterMilliseconds
    }

    /// REPLY or ERROR of a provider: passed to who waits, once.
    mutating func reply(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ slot: Int32, _ now: UInt64
    ) {
        guard let caller = instances[header.dest], let entry = open.find(caller: caller, id: header.replyTo),
            open[entry].provider == place
        else {
            refuse(place, header, frame, .late, "nobody waits for this answer any more", now)
            return outbox.discard(slot)
        }
        guard !open[entry].isStream, open[entry].type == header.type else {
            refuse(place, header, frame, .badFrame, "the answer's type is not that of its request", now)
            return outbox.discard(slot)
        }
        let began = open[entry].began
        close(entry)
        let delivery = deliver(
            slot, frame.count, to: caller,
            classIndex: CreditClass.index(header.trafficClass) ?? CreditClass.normal,
            entry: -1, isOpening: false)
        guard delivery == .full else {
            types[types.place(header.type)].answered(wallNanoseconds &- began)
            return watch(header, frame, to: header.dest)
        }
        sendError(
            to: caller, type: header.type, id: header.replyTo, .lost,
            "the answer did not fit: this plugin's own window is full, read faster or ask for less at once")
        bury(.lost, header, frame, now)
        outbox.discard(slot)
    }
}

/// Why there is no provider.
struct RouteFault: Error {
    let status: BusStatus
    let text: String
}
