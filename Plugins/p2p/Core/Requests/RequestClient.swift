/// Questions of this node: each on a stream that is opened for it, with limits on what comes back.
struct RequestClient: Sendable {
    /// A request under way.
    fileprivate struct Call: Sendable {
        let id: RequestID
        let peer: PeerHandle
        let stream: StreamHandle
        let question: Question
        let started: UInt64
        var progressed: UInt64
        /// What of the question was not sent yet.
        var rest: [UInt8]
        var isOpen = false
        var reader: FrameReader
        var got = 0
        var bytes = 0
        /// Bytes since the last progress.
        var loose = 0
        /// Bytes that are not told of yet.
        var untold = 0
        var told: UInt64

        func isOver(_ now: UInt64) -> Bool {
            now >= Milliseconds.sum(progressed, RequestLimit.soft)
                || now >= Milliseconds.sum(started, RequestLimit.hard)
        }
    }

    /// Streams below this number are others'.
    static let firstStream: UInt32 = 16

    private var calls: [Call] = []
    private var nextStream = firstStream

    func owns(_ peer: PeerHandle, _ stream: StreamHandle) -> Bool { place(peer, stream) != nil }

    /// Requests under way.
    var count: Int { calls.count }

    mutating func ask(_ id: RequestID, _ peer: PeerHandle, _ question: Question, _ now: UInt64)
        -> [RequestAction]
    {
        guard !calls.contains(where: { $0.id == id }),
            calls.count(where: { $0.peer == peer && $0.id.kind == id.kind }) < RequestLimit.ofPeer
        else { return [.failed(id, .tooMany)] }
        let stream = StreamHandle(opening: nextStream)
        nextStream = nextStream == .max ? Self.firstStream : nextStream + 1
        let limit = id.kind.itemBytes + AnswerFrame.frameBytes
        calls.append(
            Call(
                id: id, peer: peer, stream: stream, question: question, started: now, progressed: now,
                rest: question.delimited, reader: FrameReader(limit: limit), told: now))
        return []
    }

    /// The stream that a request is to be asked on.
    func stream(of id: RequestID) -> StreamHandle? { calls.first { $0.id == id }?.stream }

    mutating func cancel(_ id: RequestID) -> [RequestAction] {
        guard let place = calls.firstIndex(where: { $0.id == id }) else { return [] }
        let call = calls.remove(at: place)
        return [.connection(call.peer, .reset(call.stream))]
    }

    mutating func left(_ peer: PeerHandle) -> [RequestAction] {
        let gone = calls.filter { $0.peer == peer }
        calls.removeAll { $0.peer == peer }
        return gone.map { .failed($0.id, .gone) }
    }

    mutating func tick(_ now: UInt64) -> [RequestAction] {
        var actions: [RequestAction] = []
        for call in calls where call.isOver(now) { actions += fail(call, .late) }
        for place in calls.indices where calls[place].untold > 0 {
            guard Milliseconds.since(calls[place].told, now: now) >= RequestLimit.report else { continue }
            actions.append(.progressed(calls[place].id, bytes: calls[place].untold))
            (calls[place].untold, calls[place].told) = (0, now)
        }
        return actions
    }

    // MARK: - Streams

    mutating func take(_ action: ConnectionAction, _ peer: PeerHandle, _ now: UInt64) -> [RequestAction] {
        switch action {
        case .opened(let stream, _, _):
            if let place = place(peer, stream) { calls[place].isOpen = true }
            return []
        case .writable(let stream, let room): return write(peer, stream, room)
        case .data(let stream, let bytes): return read(bytes, peer, stream, now)
        case .refused(let stream, let fault):
            guard let place = place(peer, stream) else { return [] }
            let call = calls.remove(at: place)
            return [.failed(call.id, fault == .unsupported ? .unsupported : .broken)]
        case .reset(let stream, _), .closed(let stream), .finished(let stream):
            guard let place = place(peer, stream) else { return [] }
            return fail(calls[place], .broken)
        case .send, .secured, .identified, .pong, .close: return []
        }
    }

    private mutating func write(_ peer: PeerHandle, _ stream: StreamHandle, _ room: Int) -> [RequestAction] {
        guard let place = place(peer, stream), calls[place].isOpen, room > 0, !calls[place].rest.isEmpty
        else {
            return []
        }
        let part = Array(calls[place].rest.prefix(room))
        calls[place].rest.removeFirst(part.count)
        let write = RequestAction.connection(peer, .write(stream, part))
        return calls[place].rest.isEmpty ? [write, .connection(peer, .finish(stream))] : [write]
    }

    private mutating func read(
        _ bytes: [UInt8], _ peer: PeerHandle, _ stream: StreamHandle, _ now: UInt64
    ) -> [RequestAction] {
        // They are moved at once: what waits for the rest of a thing is bounded by the largest one.
        var actions: [RequestAction] = [.connection(peer, .consumed(stream, bytes.count))]
        guard let place = place(peer, stream) else { return actions }
        var call = calls[place]
        call.reader.append(bytes)
        call.loose += bytes.count
        call.untold += bytes.count
        var items: [[UInt8]] = []
        var end: AnswerFrame.End?
        do {
            while end == nil, let frame = try call.reader.next() {
                switch try AnswerFrame(call.id.kind, bytes: frame) {
                case .item(let item): items.append(try call.count(item))
                case .end(let how): end = how
                }
            }
            // Whatever follows the end is against the rules.
            guard end == nil || call.reader.waiting == 0 else {
                throw WireFault.invalid(offset: 0, what: "bytes follow the end")
            }
        } catch {
            return actions + fail(call, .malformed)
                + [.blame(peer, "its answer to a request cannot be read: \(error)")]
        }
        if !items.isEmpty || call.loose >= RequestLimit.progress { (call.progressed, call.loose) = (now, 0) }
        if !items.isEmpty {
            actions.append(.items(call.id, items))
            (call.untold, call.told) = (call.reader.waiting, now)
        }
        calls[place] = call
        guard let end else { return actions }
        calls.remove(at: place)
        // A stream of which both sides have finished ends by itself; one whose question is not even sent does not.
        if !call.rest.isEmpty { actions.append(.connection(peer, .reset(stream))) }
        switch end {
        case .done: return actions + [.ended(call.id)]
        case .busy: return actions + [.failed(call.id, .busy)]
        }
    }

    private mutating func fail(_ call: Call, _ failure: RequestFailure) -> [RequestAction] {
        calls.removeAll { $0.id == call.id }
        return [.connection(call.peer, .reset(call.stream)), .failed(call.id, failure)]
    }

    private func place(_ peer: PeerHandle, _ stream: StreamHandle) -> Int? {
        calls.firstIndex { $0.peer == peer && $0.stream == stream }
    }
}

extension RequestClient.Call {
    /// Counts a thing that came.
    ///
    /// - Throws: `WireFault` when it is more than was asked for.
    fileprivate mutating func count(_ item: [UInt8]) throws(WireFault) -> [UInt8] {
        got += 1
        bytes += item.count
        guard got <= question.count else {
            throw .invalid(offset: 0, what: "there are more things than \(question.count)")
        }
        guard got == 1 || bytes <= id.kind.answerBytes else {
            throw .tooLarge(UInt64(bytes), limit: id.kind.answerBytes)
        }
        return item
    }
}
