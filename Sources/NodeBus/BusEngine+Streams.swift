internal import BusWire
internal import NodeProtocol
internal import SwiftProtobuf

extension BusEngine {
    /// Items that one stream may have on the way: all open ones share a window of 64.
    private var itemWindow: UInt64 {
        UInt64(max(1, min(16, 64 / max(1, streams.count))))
    }

    // MARK: - Opening

    /// Sends STREAM_OPEN.
    func openStream(
        _ info: MethodInfo, payload: [UInt8], to dest: UInt64, ttlMilliseconds: UInt32, cause: Cause?
    ) async throws -> StreamState {
        let classIndex = creditIndex(info)
        let admitted = await admission(
            bytes: payload.count + frameOverhead, info: info, classIndex: classIndex,
            deadline: now + UInt64(ttlMilliseconds))
        let session = try admitted.get()
        nextID += 1
        let stream = StreamState(
            key: RequestKey(source: session.instance, id: nextID), info: info, isOpener: true,
            generation: generation, ttlMilliseconds: ttlMilliseconds, now: now)
        streams[stream.key] = stream
        if info.pattern == .downStream { stream.allowed = itemWindow }
        var header = header(kind: FrameKind.streamOpen, type: info.type, session)
        header.dest = dest
        header.id = nextID
        header.seq = stream.allowed
        header.ttlMilliseconds = ttlMilliseconds
        header.trafficClass = info.trafficClass.rawValue
        header.schema = info.schema
        header.causeSource = cause?.source ?? 0
        header.causeID = cause?.id ?? 0
        sendData(header, payload: payload, classIndex: classIndex)
        return stream
    }

    /// ERROR for a STREAM_OPEN: it never became a stream.
    func failOpening(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        let key = RequestKey(source: instance, id: header.replyTo)
        guard header.kind == FrameKind.error, let stream = streams.removeValue(forKey: key) else { return }
        stream.end(fault(header, payload))
    }

    /// Gives a stream up from the opener's side.
    func cancelStream(_ stream: StreamState) {
        releaseUnread(stream)
        guard streams.removeValue(forKey: stream.key) != nil, !stream.hasEnded else { return }
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = stream.key.source
        cancel.id = stream.key.id
        sendControl(.cancel, cancel)
        stream.end(BusError(.cancelled, "the stream was given up"))
    }

    /// Nobody will read what has come: it is processed, or its credit would be gone for the rest of the session.
    func releaseUnread(_ stream: StreamState) {
        while let item = stream.takeItem() { release(stream, item.bytes) }
    }

    // MARK: - Receiving

    /// STREAM_ITEM or STREAM_END of the other end.
    func receiveStream(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer, bytes: Int, classIndex: Int)
    {
        let opener = header.dest == 0 ? header.source : instance
        guard let stream = streams[RequestKey(source: opener, id: header.replyTo)], !stream.hasEnded else {
            return processed(bytes, classIndex: classIndex, generation: generation)
        }
        stream.lastMoved = now
        if header.kind == FrameKind.streamItem {
            stream.items.append(([UInt8](payload), bytes))
            stream.received += 1
            if stream.endsAfter == stream.received { settle(stream) } else { stream.wake() }
            return
        }
        processed(bytes, classIndex: classIndex, generation: generation)
        if stream.isOpener {
            streams[stream.key] = nil
            if header.status == 1 {
                stream.reply = [UInt8](payload)
                stream.end(nil)
            } else {
                stream.end(fault(header, payload))
            }
        } else {
            stream.inputEnded = true
            stream.wake()
        }
    }

    /// STREAM_END of the router: final once all that it passed on has arrived.
    func receiveRouterEnd(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        let opener = header.causeSource == 0 ? instance : header.causeSource
        guard let stream = streams[RequestKey(source: opener, id: header.replyTo)], !stream.hasEnded else {
            return
        }
        stream.error = fault(header, payload)
        stream.endsAfter = header.seq
        if stream.received >= header.seq { settle(stream) }
    }

    private func settle(_ stream: StreamState) {
        streams[stream.key] = nil
        let error = stream.error
        stream.end(error)
        if !stream.isOpener { inbound[stream.key]?.cancel() }
    }

    /// STREAM_CREDIT of the receiver.
    func handleStreamCredit(_ message: Spacenode_Bus_V1_StreamCredit) {
        guard let stream = streams[RequestKey(source: message.opener, id: message.id)] else { return }
        stream.lastMoved = now
        stream.outAllowed = max(stream.outAllowed, message.items)
        stream.wake()
    }

    private func release(_ stream: StreamState, _ bytes: Int) {
        processed(bytes, classIndex: creditIndex(stream.info), generation: stream.generation)
    }

    /// The next item; nil at the end.
    func nextItem(_ stream: StreamState) async throws -> [UInt8]? {
        if stream.allowed == 0 { allowMore(stream) }
        while true {
            if let item = stream.takeItem() {
                release(stream, item.bytes)
                allowMore(stream)
                return item.payload
            }
            if stream.hasEnded {
                if let error = stream.error { throw error }
                return nil
            }
            if stream.inputEnded { return nil }
            if Task.isCancelled { throw BusError(.cancelled, "the task was cancelled") }
            await withTaskCancellationHandler {
                await withUnsafeContinuation { stream.reader = $0 }
            } onCancel: {
                executor.post { stream.wake() }
            }
        }
    }

    /// Lets the sender go on when half of what it may send was taken.
    private func allowMore(_ stream: StreamState) {
        let window = itemWindow
        guard !stream.hasEnded, !stream.inputEnded, stream.generation == generation,
            stream.allowed &- min(stream.consumed, stream.allowed) <= window / 2
        else { return }
        stream.lastMoved = now
        stream.allowed = stream.consumed + window
        var message = Spacenode_Bus_V1_StreamCredit()
        message.opener = stream.key.source
        message.id = stream.key.id
        message.items = stream.allowed
        sendControl(.streamCredit, message)
    }

    // MARK: - Sending

    /// Sends one item, after waiting for the receiver's room and for credit.
    func sendItem(_ stream: StreamState, payload: [UInt8]) async throws {
        while true {
            if let error = stream.error { throw error }
            if stream.hasEnded { throw BusError(.lost, "the stream is over") }
            if Task.isCancelled { throw BusError(.cancelled, "the task was cancelled") }
            if stream.outSent < stream.outAllowed { break }
            await withTaskCancellationHandler {
                await withUnsafeContinuation { stream.writer = $0 }
            } onCancel: {
                executor.post { stream.wake() }
            }
        }
        try await send(stream, kind: FrameKind.streamItem, payload: payload)
    }

    /// The opener of an upload has sent all.
    func endUpload(_ stream: StreamState) async throws {
        if let error = stream.error { throw error }
        try await send(stream, kind: FrameKind.streamEnd, payload: [])
    }

    private func send(_ stream: StreamState, kind: UInt32, payload: [UInt8]) async throws {
        let classIndex = creditIndex(stream.info)
        let admitted = await admission(
            bytes: payload.count + frameOverhead, info: stream.info, classIndex: classIndex,
            deadline: now + UInt64(stream.info.ttlMilliseconds))
        let session = try admitted.get()
        if let error = stream.error { throw error }
        guard stream.generation == generation, !stream.hasEnded else {
            throw BusError(.lost, "the stream is over")
        }
        var header = header(kind: kind, type: stream.info.type, session)
        header.dest = stream.isOpener ? 0 : stream.key.source
        header.replyTo = stream.key.id
        header.trafficClass = stream.info.trafficClass.rawValue
        if kind == FrameKind.streamItem {
            stream.outSent += 1
        } else {
            header.status = 1
        }
        header.seq = stream.outSent
        stream.lastMoved = now
        sendData(header, payload: payload, classIndex: classIndex)
    }

    // MARK: - Silence

    /// Ends streams in which nothing moved for too long.
    ///
    /// The router does so first, but its end goes by the control lane and may come before the opening that it means.
    func expireStreams() {
        guard !streams.isEmpty, now >= nextStreamCheck else { return }
        nextStreamCheck = now + 250
        for stream in streams.values where now >= stream.lastMoved + stream.silenceMilliseconds {
            let seconds = stream.silenceMilliseconds / 1000
            stream.error = BusError(.expired, "\(stream.info.name): nothing moved for \(seconds) s")
            settle(stream)
        }
    }

    /// The provider's reply to an upload.
    func uploadReply(_ stream: StreamState) async throws -> [UInt8] {
        while !stream.hasEnded {
            await withUnsafeContinuation { stream.reader = $0 }
        }
        if let error = stream.error { throw error }
        return stream.reply
    }
}
