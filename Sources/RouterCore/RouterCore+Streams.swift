internal import BusWire
internal import CBusProtocol

extension RouterCore {
    /// STREAM_ITEM or STREAM_END of either end.
    mutating func streamFrame(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ slot: Int32, _ now: UInt64
    ) {
        let isFromCaller = header.dest == 0
        let caller = isFromCaller ? place : instances[header.dest]
        guard let caller, let entry = open.find(caller: caller, id: header.replyTo), open[entry].isStream,
            isFromCaller || open[entry].provider == place
        else {
            refuse(place, header, frame, .late, "this stream is over", now)
            return outbox.discard(slot)
        }
        open[entry].deadline = now + open[entry].ttl
        let other = sessions[Int(isFromCaller ? open[entry].provider : caller)].instance
        let wasPassed =
            header.kind == FrameKind.streamItem
            ? item(entry, header, frame.count, slot, isFromCaller)
            : end(entry, header, frame.count, slot, isFromCaller)
        watchStream(other, wasPassed, header, frame, now)
    }

    /// Keeps a frame of a stream; what ended the stream instead is an outcome of its own.
    private mutating func watchStream(
        _ to: UInt64, _ wasPassed: Bool, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        if wasPassed { watch(header, frame, to: to) } else { bury(.lost, header, frame, now) }
    }

    private mutating func item(
        _ entry: Int32, _ header: FrameHeader, _ bytes: Int, _ slot: Int32, _ isFromCaller: Bool
    ) -> Bool {
        var count = isFromCaller ? open[entry].toProvider : open[entry].toCaller
        guard header.seq == count.sent &+ 1, !(isFromCaller && open[entry].callerEnded) else {
            outbox.discard(slot)
            endStream(entry, .lost, "item \(header.seq) came after item \(count.sent)")
            return false
        }
        guard header.seq <= count.allowed else {
            outbox.discard(slot)
            endStream(entry, .credit, "item \(header.seq) was sent, \(count.allowed) were allowed")
            return false
        }
        guard pass(entry, bytes, slot, isFromCaller) else { return false }
        count.sent = header.seq
        if isFromCaller { open[entry].toProvider = count } else { open[entry].toCaller = count }
        return true
    }

    private mutating func end(
        _ entry: Int32, _ header: FrameHeader, _ bytes: Int, _ slot: Int32, _ isFromCaller: Bool
    ) -> Bool {
        let sent = isFromCaller ? open[entry].toProvider.sent : open[entry].toCaller.sent
        guard header.seq == sent else {
            outbox.discard(slot)
            endStream(entry, .lost, "the end counts \(header.seq) items, \(sent) were sent")
            return false
        }
        guard pass(entry, bytes, slot, isFromCaller) else { return false }
        if isFromCaller { open[entry].callerEnded = true } else { close(entry) }
        return true
    }

    /// Passes a frame of a stream to the other end, or ends the stream when there is no room.
    private mutating func pass(_ entry: Int32, _ bytes: Int, _ slot: Int32, _ isFromCaller: Bool) -> Bool {
        let destination = isFromCaller ? open[entry].provider : open[entry].caller
        let delivery = deliver(
            slot, bytes, to: destination, classIndex: open[entry].classIndex, entry: -1, isOpening: false)
        guard delivery == .full else { return true }
        outbox.discard(slot)
        let name = sessions[Int(destination)].name
        endStream(entry, .busy, "\(name) allowed more items than its window holds")
        return false
    }

    /// The router ends a stream: both ends are told how many items were passed on to them.
    mutating func endStream(_ entry: Int32, _ status: BusStatus, _ text: String, except lost: Int32 = -1) {
        let stream = open[entry]
        if stream.caller != lost {
            sendStreamEnd(
                to: stream.caller, dest: sessions[Int(stream.caller)].instance, entry: stream, status, text,
                seq: stream.toCaller.sent)
        }
        if stream.provider != lost, stream.provider != stream.caller {
            sendStreamEnd(
                to: stream.provider, dest: sessions[Int(stream.provider)].instance, entry: stream, status,
                text,
                seq: stream.toProvider.sent)
        }
        close(entry)
    }

    /// STREAM_CREDIT of a receiver: remembered, and passed to the sender.
    mutating func streamCredit(_ place: Int32, _ payload: UnsafeRawBufferPointer, _ now: UInt64) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__stream_credit__unpack($0, $1, $2) }),
            let caller = instances[message.pointee.opener],
            let entry = open.find(caller: caller, id: message.pointee.id), open[entry].isStream,
            place == caller || place == open[entry].provider
        else { return }
        var credit = message.pointee
        open[entry].deadline = now + open[entry].ttl
        if place == caller {
            open[entry].toCaller.allowed = max(open[entry].toCaller.allowed, credit.items)
            send(.streamCredit, &credit, to: open[entry].provider)
        } else {
            open[entry].toProvider.allowed = max(open[entry].toProvider.allowed, credit.items)
            send(.streamCredit, &credit, to: caller)
        }
    }
}
