// Streams as whoever uses the connection sees them.

extension Connection {
    // MARK: - Wishes

    mutating func open(_ handle: StreamHandle, _ protocols: [String], now: UInt64) {
        guard !handle.isInbound, opened[handle] == nil else { return say(.refused(handle, .taken)) }
        guard case .open = phase, leaving == nil, !protocols.isEmpty else {
            return say(.refused(handle, .notNow))
        }
        guard let id = ask(protocols, handle: handle, .application, now: now) else {
            return say(.refused(handle, .tooMany))
        }
        opened[handle] = id
    }

    /// Opens a stream and asks for protocols; nil when there are too many streams.
    mutating func ask(
        _ protocols: [String], handle: StreamHandle?, _ use: ConnectionStream.Use, now: UInt64
    ) -> UInt32? {
        guard let id = yamux.open() else { return nil }
        begin(id, Multistream(asking: protocols), handle: handle, use, now: now)
        return id
    }

    private mutating func begin(
        _ id: UInt32, _ select: Multistream, handle: StreamHandle?, _ use: ConnectionStream.Use, now: UInt64
    ) {
        let deadline = Milliseconds.sum(now, limits.negotiation)
        streams[id] = ConnectionStream(
            handle: handle, use: use, stage: .negotiating(select, ByteQueue(), deadline: deadline),
            touched: now)
        yamux.write(id, select.start())
    }

    mutating func write(_ handle: StreamHandle, _ bytes: [UInt8], now: UInt64) {
        guard let id = agreed(handle) else { return }
        streams[id]?.touched = now
        yamux.write(id, bytes)
    }

    mutating func finish(_ handle: StreamHandle) {
        if let id = agreed(handle) { yamux.finish(id) }
    }

    mutating func reset(_ handle: StreamHandle) {
        guard let id = id(of: handle) else { return }
        yamux.reset(id)
        forget(id)
    }

    mutating func consume(_ handle: StreamHandle, _ count: Int) {
        if let id = id(of: handle) { yamux.consume(id, count) }
    }

    private func id(of handle: StreamHandle) -> UInt32? {
        let id = handle.isInbound ? handle.number : opened[handle]
        return id.flatMap { streams[$0]?.handle == handle ? $0 : nil }
    }

    /// A stream whose protocol is agreed on; one that is not yet is given up.
    private mutating func agreed(_ handle: StreamHandle) -> UInt32? {
        guard let id = id(of: handle) else { return nil }
        guard streams[id]?.isNegotiating == true else { return id }
        giveUp(id, .notNow)
        return nil
    }

    // MARK: - Ends

    /// Ends a stream that is not as it should be.
    mutating func giveUp(_ id: UInt32, _ fault: StreamFault) {
        yamux.reset(id)
        lose(id, fault)
    }

    /// Says that a stream is no more.
    private mutating func lose(_ id: UInt32, _ fault: StreamFault) {
        guard let stream = forget(id), let handle = stream.handle else { return }
        say(stream.isNegotiating ? .refused(handle, fault) : .reset(handle, fault))
    }

    @discardableResult
    private mutating func forget(_ id: UInt32) -> ConnectionStream? {
        guard let stream = streams.removeValue(forKey: id) else { return nil }
        if let handle = stream.handle, !handle.isInbound { opened[handle] = nil }
        return stream
    }

    // MARK: - What the muxer says

    /// Does what follows from the muxer's steps, and from the steps that follow from that.
    mutating func perform(_ now: UInt64) throws(ConnectionFault) {
        var steps = yamux.takeSteps()
        while !steps.isEmpty {
            for step in steps { try take(step, now) }
            steps = yamux.takeSteps()
        }
        if leaving != nil, !streams.values.contains(where: { $0.handle != nil }) { throw .goneAway(0) }
    }

    private mutating func take(_ step: Yamux.Step, _ now: UInt64) throws(ConnectionFault) {
        switch step {
        case .opened(let id):
            begin(id, Multistream(having: served), handle: nil, .application, now: now)
        case .data(let id, let bytes):
            streams[id]?.touched = now
            try receive(id, bytes, now)
        case .finished(let id): end(id)
        case .reset(let id): lose(id, .byPeer)
        case .overrun(let id): lose(id, .overrun)
        case .closed(let id):
            if let handle = forget(id)?.handle { say(.closed(handle)) }
        case .writable(let id):
            streams[id]?.touched = now
            sayWritable(id)
        // That anything came is all that was asked.
        case .pong: break
        case .goneAway(let code):
            guard code == 0 else { throw .goneAway(code) }
            leaving = leaving ?? Milliseconds.sum(now, limits.farewell)
        }
    }

    private mutating func sayWritable(_ id: UInt32) {
        guard let stream = streams[id], let handle = stream.handle, !stream.isNegotiating else { return }
        say(.writable(handle, yamux.writable(id)))
    }

    private mutating func receive(_ id: UInt32, _ bytes: [UInt8], _ now: UInt64) throws(ConnectionFault) {
        guard let stream = streams[id] else { return }
        switch stream.stage {
        case .open:
            if let handle = stream.handle { return say(.data(handle, bytes)) }
            try serve(id, bytes, now)
        case .negotiating(let select, let queue, let deadline):
            try negotiate(id, select, queue, bytes, deadline, now)
        }
    }

    private mutating func negotiate(
        _ id: UInt32, _ select: Multistream, _ queue: ByteQueue, _ bytes: [UInt8], _ deadline: UInt64,
        _ now: UInt64
    ) throws(ConnectionFault) {
        var (select, queue) = (select, queue)
        queue.append(bytes)
        while true {
            let before = queue.count
            let result: (send: [UInt8], outcome: Multistream.Outcome?)?
            do { result = try select.read(&queue) } catch { return giveUp(id, .malformed) }
            guard let (send, outcome) = result else { break }
            yamux.consume(id, before - queue.count)
            yamux.write(id, send)
            switch outcome {
            case .agreed(let name): return try agree(id, name, rest: queue.takeAll(), now)
            case .refused: return giveUp(id, .unsupported)
            case nil: break
            }
        }
        streams[id]?.stage = .negotiating(select, queue, deadline: deadline)
    }

    private mutating func agree(
        _ id: UInt32, _ name: String, rest: [UInt8], _ now: UInt64
    ) throws(ConnectionFault) {
        guard let stream = streams[id] else { return }
        streams[id]?.stage = .open(isLasting: limits.lasting.contains(name))
        if yamux.isInbound(id), let use = service(name) {
            streams[id]?.use = use
            begin(service: id, now)
        } else if case .application = stream.use {
            let handle = stream.handle ?? StreamHandle(inbound: id)
            streams[id]?.handle = handle
            say(.opened(handle, protocol: name, inbound: handle.isInbound))
            sayWritable(id)
        } else {
            begin(service: id, now)
        }
        if !rest.isEmpty { try receive(id, rest, now) }
    }

    private mutating func end(_ id: UInt32) {
        guard let stream = streams[id] else { return }
        if stream.isNegotiating { return giveUp(id, .byPeer) }
        if let handle = stream.handle { return say(.finished(handle)) }
        // What the other side wanted of us, it has; what we wanted of it will not come any more.
        yamux.finish(id)
    }
}
