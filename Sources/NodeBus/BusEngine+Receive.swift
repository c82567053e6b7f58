internal import BusWire
internal import Logging
internal import NodeProtocol
internal import SwiftProtobuf

extension BusEngine {
    /// Takes one frame.
    ///
    /// Bytes that are no envelope are dropped and logged: the router checks before it forwards.
    package func receive(_ frame: UnsafeRawBufferPointer, lane: BusLane, now: UInt64) {
        self.now = now
        let header: FrameHeader
        do {
            header = try FrameHeader(frame: frame)
        } catch {
            lastError = "frame refused: \(error.text)"
            logger.warning("frame refused: \(error.text)")
            return
        }
        heard = now
        let payload = UnsafeRawBufferPointer(
            rebasing: frame[header.payloadOffset..<header.payloadOffset + header.payloadCount])
        if lane == .control {
            receiveControl(header, payload)
        } else {
            receiveData(header, frame, payload)
        }
    }

    private func receiveData(
        _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
    ) {
        if header.kind == FrameKind.control { return receiveDataControl(header, payload) }
        // Before ATTACHED, what arrives is of a session that is over.
        guard isEstablished, (2...4).contains(header.trafficClass) else { return }
        let classIndex = Int(header.trafficClass) - 2
        switch header.kind {
        case FrameKind.reply, FrameKind.error:
            finishCall(header, payload)
            processed(frame.count, classIndex: classIndex, generation: generation)
        case FrameKind.request, FrameKind.streamOpen:
            accept(header, payload, bytes: frame.count, classIndex: classIndex)
        case FrameKind.event:
            deliver(header, frame, payload, classIndex: classIndex)
        case FrameKind.streamItem, FrameKind.streamEnd:
            receiveStream(header, payload, bytes: frame.count, classIndex: classIndex)
        default:
            processed(frame.count, classIndex: classIndex, generation: generation)
        }
    }

    private func receiveDataControl(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        switch ControlNumber(rawValue: header.type & 0xffff) {
        case .attached: decode(Spacenode_Bus_V1_Attached.self, payload).map(handleAttached)
        case .gap: decode(Spacenode_Bus_V1_Gap.self, payload).map(handleGap)
        case .resync: decode(Spacenode_Bus_V1_Resync.self, payload).map(handleResync)
        case .notice: decode(Spacenode_Bus_V1_Notice.self, payload).map(handleNotice)
        default: break
        }
    }

    private func receiveControl(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        switch header.kind {
        case FrameKind.error, FrameKind.reply:
            if isEstablished { finishCall(header, payload) }
        case FrameKind.streamEnd:
            if isEstablished { receiveRouterEnd(header, payload) }
        case FrameKind.control:
            handleControl(ControlNumber(rawValue: header.type & 0xffff), payload)
        default: break
        }
    }

    private func handleControl(_ type: ControlNumber?, _ payload: UnsafeRawBufferPointer) {
        switch type {
        case .welcome: decode(Spacenode_Bus_V1_Welcome.self, payload).map(handleWelcome)
        case .reject: decode(Spacenode_Bus_V1_Reject.self, payload).map(handleReject)
        case .ping: decode(Spacenode_Bus_V1_Ping.self, payload).map(sendPong)
        case .credit: decode(Spacenode_Bus_V1_Credit.self, payload).map(handleCredit)
        case .cancel: decode(Spacenode_Bus_V1_Cancel.self, payload).map(handleCancel)
        case .drain: beginDrain()
        case .subscribed: decode(Spacenode_Bus_V1_Subscribed.self, payload).map(handleSubscribed)
        case .notice: decode(Spacenode_Bus_V1_Notice.self, payload).map(handleNotice)
        case .streamCredit: decode(Spacenode_Bus_V1_StreamCredit.self, payload).map(handleStreamCredit)
        // PONG counts as life like any frame; what a later version may send is not an error.
        default: break
        }
    }

    private func decode<M: SwiftProtobuf.Message>(_ type: M.Type, _ payload: UnsafeRawBufferPointer) -> M? {
        do {
            return try M(serializedBytes: [UInt8](payload))
        } catch {
            logger.warning("control message \(M.protoMessageName) cannot be read")
            return nil
        }
    }

    private func sendPong(_ ping: Spacenode_Bus_V1_Ping) {
        var pong = Spacenode_Bus_V1_Pong()
        pong.stamp = ping.stamp
        pong.state = state.wire
        pong.queued = UInt32(clamping: inbound.count)
        sendControl(.pong, pong)
    }

    private func handleCredit(_ message: Spacenode_Bus_V1_Credit) {
        guard isEstablished, (2...4).contains(message.trafficClass) else { return }
        let index = Int(message.trafficClass) - 2
        credit[index].allow(bytes: message.bytes, messages: message.messages)
        wakeAll(&creditWaiters[index])
    }

    private func handleNotice(_ notice: Spacenode_Bus_V1_Notice) {
        let text = String(decoding: notice.text, as: UTF8.self)
        let code = BusError.Code(rawValue: notice.status)
        if code == .unknownSession {
            sessionLost("the router does not know this session")
            // At once: the connection is there, only the session is not.
            greetAgainAt = now + 1
            return
        }
        // LATE is the ordinary end of an answer that nobody waits for.
        if code == .late { return }
        lastError = "\(code.name): \(text)"
        logger.warning("the router refused a frame", metadata: ["status": "\(code.name)", "text": "\(text)"])
    }
}
