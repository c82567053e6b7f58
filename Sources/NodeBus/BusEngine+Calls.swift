internal import BusWire
internal import NodeProtocol
internal import SwiftProtobuf

extension BusEngine {
    /// Waits until there is a session and credit for a frame.
    /// - Returns: the session, or what is wrong.
    @inline(__always)
    func admission(bytes: Int, info: MethodInfo, classIndex: Int, deadline: UInt64) async -> Result<
        SessionNumbers, BusError
    > {
        if bytes > info.maxBytes { return .failure(tooLarge(bytes, info)) }
        while true {
            if let session {
                if credit[classIndex].canSend(bytes) { return .success(session) }
            } else if case .stopped(let error) = phase {
                return .failure(error ?? BusError(.cancelled, "this plugin has stopped"))
            }
            if now >= deadline { return .failure(overdue(info)) }
            if Task.isCancelled { return .failure(BusError(.cancelled, "the task was cancelled")) }
            await wait(hasSession: session != nil, classIndex, deadline)
        }
    }

    private func wait(hasSession: Bool, _ classIndex: Int, _ deadline: UInt64) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let waiter = Waiter(continuation: continuation, deadline: deadline)
            if hasSession { creditWaiters[classIndex].append(waiter) } else { sessionWaiters.append(waiter) }
        }
    }

    private func tooLarge(_ bytes: Int, _ info: MethodInfo) -> BusError {
        BusError(
            .tooLarge,
            "\(info.name): the frame has \(bytes) bytes, \(info.maxBytes) are allowed: use a stream",
            limit: UInt64(info.maxBytes), actual: UInt64(bytes))
    }

    private func overdue(_ info: MethodInfo) -> BusError {
        if isEstablished {
            return BusError(.expired, "\(info.name): no credit within the deadline; it was not sent")
        }
        let why = lastError.isEmpty ? "" : " (\(lastError))"
        return BusError(
            .routerLost,
            "\(info.name): no session with the router at \(options.address)\(why); it was not sent")
    }

    /// Sends a request and waits for its one outcome.
    @inline(__always)
    func call(
        _ info: MethodInfo, payload: [UInt8], to dest: UInt64, ttlMilliseconds: UInt32, cause: Cause?
    ) async -> CallOutcome {
        let deadline = now + UInt64(ttlMilliseconds)
        let classIndex = creditIndex(info)
        if Task.isCancelled {
            return .failure(BusError(.cancelled, "the task was cancelled; it was not sent"))
        }
        switch await admission(
            bytes: payload.count + frameOverhead, info: info, classIndex: classIndex, deadline: deadline)
        {
        case .failure(let error): return .failure(error)
        case .success(let session):
            nextID += 1
            var header = header(kind: FrameKind.request, type: info.type, session)
            header.dest = dest
            header.id = nextID
            header.ttlMilliseconds = UInt32(max(1, deadline - min(now, deadline)))
            header.trafficClass = info.trafficClass.rawValue
            header.schema = info.schema
            header.causeSource = cause?.source ?? 0
            header.causeID = cause?.id ?? 0
            // Held while it waits here, so the task outlives its entry; the tick asks whether it was cancelled.
            let task = withUnsafeCurrentTask { $0 }
            return await withUnsafeContinuation { continuation in
                begin(
                    header, payload, classIndex,
                    PendingCall(continuation: continuation, deadline: deadline, info: info, task: task))
            }
        }
    }

    /// Control-lane calls to the router itself use no credit.
    func callRouter(_ info: MethodInfo, payload: [UInt8], ttlMilliseconds: UInt32) async -> CallOutcome {
        let deadline = now + UInt64(ttlMilliseconds)
        switch await admission(bytes: 0, info: info, classIndex: 1, deadline: deadline) {
        case .failure(let error): return .failure(error)
        case .success(let session):
            nextID += 1
            var header = header(kind: FrameKind.request, type: info.type, session)
            header.dest = 1
            header.id = nextID
            header.trafficClass = info.trafficClass.rawValue
            return await withUnsafeContinuation { continuation in
                remember(
                    header.id,
                    PendingCall(continuation: continuation, deadline: deadline, info: info, task: nil))
                let sent = payload.withUnsafeBytes {
                    link?.send(header, topicKey: [], payload: $0, lane: .control)
                }
                if sent == nil { sessionLost("the control connection is full or gone") }
            }
        }
    }

    @inline(__always)
    private func begin(_ header: FrameHeader, _ payload: [UInt8], _ classIndex: Int, _ call: PendingCall) {
        remember(header.id, call)
        // A link that fails ends the session, and with it this call.
        sendData(header, payload: payload, classIndex: classIndex)
    }

    @inline(__always)
    private func remember(_ id: UInt64, _ call: PendingCall) {
        calls[id] = call
        if call.deadline < nextDeadline { nextDeadline = call.deadline }
    }

    /// REPLY or ERROR: the outcome of one call.
    @inline(__always)
    func finishCall(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard let call = calls.removeValue(forKey: header.replyTo) else {
            // An opening that was refused is an ERROR too.
            return failOpening(header, payload)
        }
        if header.kind == FrameKind.reply {
            call.continuation.resume(returning: .reply([UInt8](payload)))
        } else {
            call.continuation.resume(returning: .failure(fault(header, payload)))
        }
    }

    /// The error of an ERROR or STREAM_END.
    func fault(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) -> BusError {
        let fault =
            (try? Spacenode_Bus_V1_Fault(serializedBytes: [UInt8](payload))) ?? Spacenode_Bus_V1_Fault()
        return BusError(
            .init(rawValue: header.status), String(decoding: fault.text, as: UTF8.self),
            retryAfterMilliseconds: header.retryAfterMilliseconds, limit: fault.limit, actual: fault.actual)
    }

    /// Ends a call from our side and tells the provider, through the router, to stop.
    func giveUp(_ id: UInt64, _ error: BusError) {
        guard let call = calls.removeValue(forKey: id) else { return }
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = instance
        cancel.id = id
        sendControl(.cancel, cancel)
        call.continuation.resume(returning: .failure(error))
    }

    /// Gives up calls whose task was cancelled: a question at each tick costs less than a handler for each call.
    func giveUpCancelled() {
        for (id, call) in calls where call.task?.isCancelled == true {
            giveUp(id, BusError(.cancelled, "the task was cancelled"))
        }
    }

    func expireCalls() {
        guard now >= nextDeadline else { return }
        for (id, call) in calls where call.deadline <= now {
            giveUp(
                id,
                BusError(
                    .expired,
                    "\(call.info.name): no answer within the deadline; whether it was carried out is unknown")
            )
        }
        nextDeadline = calls.values.reduce(UInt64.max) { min($0, $1.deadline) }
    }

    @inline(__always)
    func creditIndex(_ info: MethodInfo) -> Int {
        max(0, Int(info.trafficClass.rawValue) - 2)
    }
}

/// Header and prefixes of a frame without topic key at most, in bytes: what admission adds to a payload.
let frameOverhead = 128
