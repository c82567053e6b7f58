internal import BusWire
internal import NodeProtocol
internal import SwiftProtobuf

extension BusEngine {
    /// Tasks that are kept for the next request.
    private static let maxIdleWorkers = 256

    /// REQUEST or STREAM_OPEN: given to its handler, or refused.
    func accept(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer, bytes: Int, classIndex: Int) {
        guard let handler = handlers[header.type], handler.takes(header.kind) else {
            refuse(header, .unknownType, "this plugin has no handler for type \(header.type)")
            return processed(bytes, classIndex: classIndex, generation: generation)
        }
        let key = RequestKey(source: header.source, id: header.id)
        var stream: StreamState?
        if header.kind == FrameKind.streamOpen {
            let opened = StreamState(
                key: key, info: handler.info, isOpener: false, generation: generation,
                ttlMilliseconds: header.ttlMilliseconds, now: now)
            opened.outAllowed = header.seq
            streams[key] = opened
            stream = opened
        }
        let item = InboundWork(
            header, payload, handler: handler, stream: stream, bytes: bytes, classIndex: classIndex,
            generation: generation)
        inbound[key] = item
        if let worker = idleWorkers.popLast() ?? workWaiter.take() {
            worker.resume(returning: item)
        } else {
            // Bounded by the credit that we granted.
            work.append(item)
        }
    }

    // MARK: - Workers

    /// The next request that no idle worker took; nil when the session is over for good.
    func nextWork() async -> InboundWork? {
        if !work.isEmpty { return takeWork() }
        if isStopped { return nil }
        return await withUnsafeContinuation { workWaiter = $0 }
    }

    private func takeWork() -> InboundWork {
        workTaken += 1
        let item = work[workTaken - 1]
        if workTaken == work.count {
            work.removeAll(keepingCapacity: true)
            workTaken = 0
        }
        return item
    }

    /// Runs handlers, the first of them now and more as they come: a task is made for the most requests that were ever
    /// under way at once, and not for each.
    func performAll(_ first: InboundWork) async {
        var item = first
        while true {
            await perform(item)
            // A task that was cancelled stays so.
            guard !Task.isCancelled, !isStopped, idleWorkers.count < Self.maxIdleWorkers else { return }
            guard let next = await withUnsafeContinuation({ idleWorkers.append($0) }) else { return }
            item = next
        }
    }

    /// Runs one handler to its end and sends its answer.
    private func perform(_ item: InboundWork) async {
        guard !item.isCancelled else { return finish(item) }
        withUnsafeCurrentTask { item.task = $0 }
        do {
            let reply: [UInt8]
            switch item.handler.body {
            case .call(let body): reply = try await body(item.payload, item.context)
            case .down(let body):
                guard let stream = item.stream else { return finish(item) }
                try await body(item.payload, stream, item.context)
                reply = []
            case .up(let body):
                guard let stream = item.stream else { return finish(item) }
                reply = try await body(stream, item.context)
            }
            item.task = nil
            await answer(item, reply)
        } catch {
            item.task = nil
            await answer(item, fault: (error as? BusError) ?? BusError(.failed, "\(error)"))
        }
        finish(item)
    }

    private func finish(_ item: InboundWork) {
        item.task = nil
        if inbound[item.key] === item { inbound[item.key] = nil }
        if let stream = item.stream {
            releaseUnread(stream)
            if streams[item.key] === stream { streams[item.key] = nil }
        }
        processed(item.bytes, classIndex: item.classIndex, generation: item.generation)
    }

    private func isCurrent(_ item: InboundWork) -> Bool {
        item.generation == generation && !item.isCancelled && !(item.stream?.isOver ?? false)
    }

    @inline(__always)
    private func answer(_ item: InboundWork, _ payload: [UInt8]) async {
        guard isCurrent(item) else { return }
        let info = item.handler.info
        let classIndex = creditIndex(info)
        if payload.count + frameOverhead > info.maxBytes {
            let error = BusError(
                .failed, "\(info.name): the answer has \(payload.count) bytes, \(info.maxBytes) are allowed",
                limit: UInt64(info.maxBytes), actual: UInt64(payload.count))
            return await answer(item, fault: error)
        }
        await sendAnswer(
            item, kind: item.stream == nil ? FrameKind.reply : FrameKind.streamEnd, status: 1, payload,
            classIndex)
    }

    private func answer(_ item: InboundWork, fault error: BusError) async {
        guard isCurrent(item) else { return }
        var fault = Spacenode_Bus_V1_Fault()
        fault.text = .init(error.text.utf8.prefix(256))
        fault.limit = error.limit
        fault.actual = error.actual
        // Only FAILED and UNKNOWN_TYPE are a provider's to say.
        let status = error.code == .unknownType ? error.code : .failed
        let payload: [UInt8] = (try? fault.serializedBytes()) ?? []
        await sendAnswer(
            item, kind: item.stream == nil ? FrameKind.error : FrameKind.streamEnd, status: status.rawValue,
            payload,
            creditIndex(item.handler.info))
    }

    @inline(__always)
    private func sendAnswer(
        _ item: InboundWork, kind: UInt32, status: UInt32, _ payload: [UInt8], _ classIndex: Int
    ) async {
        let info = item.handler.info
        // The caller's own deadline ends the wait: the router tells it.
        let deadline = now + UInt64(max(item.context.ttlMilliseconds, 1000))
        guard
            case .success(let session) = await admission(
                bytes: payload.count + frameOverhead, info: info, classIndex: classIndex, deadline: deadline),
            isCurrent(item)
        else { return }
        var header = header(kind: kind, type: info.type, session)
        header.dest = item.key.source
        header.replyTo = item.key.id
        header.trafficClass = info.trafficClass.rawValue
        header.causeSource = item.key.source
        header.causeID = item.key.id
        if kind != FrameKind.reply { header.status = status }
        if let stream = item.stream { header.seq = stream.outSent }
        sendData(header, payload: payload, classIndex: classIndex)
    }

    /// Answers what no handler takes.
    ///
    /// Uses credit without waiting: at worst the caller's deadline ends it.
    private func refuse(_ request: FrameHeader, _ code: BusError.Code, _ text: String) {
        guard let session else { return }
        var fault = Spacenode_Bus_V1_Fault()
        fault.text = .init(text.utf8)
        let payload: [UInt8] = (try? fault.serializedBytes()) ?? []
        let classIndex = Int(request.trafficClass) - 2
        guard credit[classIndex].canSend(payload.count + frameOverhead) else { return }
        let isStream = request.kind == FrameKind.streamOpen
        var header = header(
            kind: isStream ? FrameKind.streamEnd : FrameKind.error, type: request.type, session)
        header.dest = request.source
        header.replyTo = request.id
        header.trafficClass = request.trafficClass
        header.status = code.rawValue
        header.causeSource = request.source
        header.causeID = request.id
        sendData(header, payload: payload, classIndex: classIndex)
    }

    /// CANCEL: the caller does not wait any more.
    func handleCancel(_ cancel: Spacenode_Bus_V1_Cancel) {
        let key = RequestKey(source: cancel.source, id: cancel.id)
        streams[key]?.end(BusError(.cancelled, "the opener gave the stream up"))
        inbound[key]?.cancel()
    }
}
