extension Yamux {
    /// Bytes that may be written to a stream without waiting here.
    func writable(_ id: UInt32) -> Int {
        guard let stream = streams[id], !stream.wantsFinish else { return 0 }
        return max(0, stream.sendWindow - stream.unsent.count)
    }

    /// Sends bytes of a stream, or keeps them until there is a window for them.
    ///
    /// Too many of them end the stream; after `finish` there are none.
    package mutating func write(_ id: UInt32, _ bytes: [UInt8]) {
        // The numbers alone are taken out: the bytes that wait are not to be copied.
        guard streams[id]?.wantsFinish == false, !bytes.isEmpty, let room = streams[id]?.sendWindow,
            let before = streams[id]?.unsent.count
        else { return }
        if before == 0, bytes.count <= room { return emit(id, bytes) }
        // What goes out at once does not wait.
        guard unsent + bytes.count - room <= limits.unsent else {
            reset(id)
            return say(.overrun(id))
        }
        streams[id]?.unsent.append(bytes)
        unsent += bytes.count
        flush(id)
    }

    /// No more bytes of ours follow those that wait.
    package mutating func finish(_ id: UInt32) {
        guard streams[id]?.wantsFinish == false else { return }
        streams[id]?.wantsFinish = true
        flush(id)
        closeIfDone(id)
    }

    /// Bytes that were handed over need no memory any more.
    mutating func consume(_ id: UInt32, _ count: Int) {
        guard var stream = streams[id] else { return }
        let consumed = min(max(0, count), stream.unread)
        unread -= consumed
        stream.unread -= consumed
        stream.unreturned += consumed
        if !stream.otherFinished, stream.unreturned >= Self.returned {
            stream.receiveWindow += stream.unreturned
            send(YamuxFrame(.window, stream: id, length: UInt32(clamping: stream.unreturned)))
            stream.unreturned = 0
        }
        streams[id] = stream
        closeIfDone(id)
    }

    /// Sends what waits as far as the window goes, and the end when nothing waits any more.
    mutating func flush(_ id: UInt32) {
        guard let waiting = streams[id]?.unsent.count, let room = streams[id]?.sendWindow else { return }
        let count = min(waiting, room)
        if count > 0, let bytes = streams[id]?.unsent.take(count) {
            unsent -= count
            emit(id, bytes)
        }
        guard count == waiting, streams[id]?.wantsFinish == true, streams[id]?.sentFinish == false else {
            return
        }
        streams[id]?.sentFinish = true
        send(YamuxFrame(.data, .finish, stream: id))
        closeIfDone(id)
    }

    /// Bytes for which there is a window.
    private mutating func emit(_ id: UInt32, _ bytes: [UInt8]) {
        streams[id]?.sendWindow -= bytes.count
        for start in stride(from: 0, to: bytes.count, by: Self.largestData) {
            let end = min(bytes.count, start + Self.largestData)
            send(YamuxFrame(.data, stream: id, length: UInt32(clamping: end - start)))
            output += bytes[start..<end]
        }
    }

    /// Asks whether the other side is there.
    package mutating func ping(_ number: UInt32) {
        send(YamuxFrame(.ping, .open, stream: 0, length: number))
    }

    /// Takes our leave.
    package mutating func goAway(_ reason: ConnectionFarewell) {
        send(YamuxFrame(.goAway, stream: 0, length: reason.rawValue))
    }
}
