/// yamux, version 0: many streams over one channel, each with a window of its own.
///
/// Bytes in, steps out. Bytes of a frame are handed over as they come. Credit is returned as soon as `returned`
/// bytes are consumed, not when a message is whole. It holds no bytes of the other side's, and of ours those for
/// which there is no window.
package struct Yamux: Sendable {
    /// Its name.
    package static let name = "/yamux/1.0.0"
    /// Bytes that each side may send on a new stream.
    package static let window = 256 << 10
    /// Consumed bytes of a stream that the other side is told of at once.
    static let returned = 32 << 10
    /// Bytes of the data of one frame of ours: with its header it fills a message of Noise.
    static let largestData = NoiseSession.largestPlain - YamuxFrame.count

    /// What has happened.
    enum Step: Hashable, Sendable {
        /// The other side opened a stream.
        case opened(UInt32)
        case data(UInt32, [UInt8])
        /// The other side sends no more.
        case finished(UInt32)
        /// The other side ended it.
        case reset(UInt32)
        /// It was ended here: too many bytes wait.
        case overrun(UInt32)
        /// All is sent, received and consumed.
        case closed(UInt32)
        /// More may be written.
        case writable(UInt32)
        case pong(UInt32)
        case goneAway(UInt32)
    }

    struct Stream: Sendable {
        var sendWindow = Yamux.window
        var receiveWindow = Yamux.window
        /// Handed over and not consumed.
        var unread = 0
        /// Consumed, and the other side does not know yet.
        var unreturned = 0
        var unsent = ByteQueue()
        var wantsFinish = false
        var sentFinish = false
        var otherFinished = false
    }

    /// A frame's data that is under way.
    private struct Body: Sendable {
        let stream: UInt32
        var left: Int
        let flags: YamuxFrame.Flags
    }

    let limits: ConnectionLimits
    var streams: [UInt32: Stream] = [:]
    /// Frames to send.
    var output: [UInt8] = []
    private(set) var steps: [Step] = []
    var unread = 0
    var unsent = 0
    private(set) var inboundCount = 0
    private let isDialer: Bool
    /// 0 when there are no numbers left.
    private var nextStream: UInt32
    private var lastInbound: UInt32 = 0
    private var body: Body?

    /// Without streams; a dialer's streams have odd numbers.
    package init(isDialer: Bool, limits: ConnectionLimits) {
        self.isDialer = isDialer
        self.limits = limits
        nextStream = isDialer ? 1 : 2
    }

    /// What has happened since the last call.
    mutating func takeSteps() -> [Step] {
        defer { steps = [] }
        return steps
    }

    /// Frames to send since the last call.
    package mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    mutating func say(_ step: Step) { steps.append(step) }

    mutating func send(_ frame: YamuxFrame) { output += frame.bytes }

    func isInbound(_ stream: UInt32) -> Bool { stream.isMultiple(of: 2) == isDialer }

    /// Streams of ours.
    var outboundCount: Int { streams.count - inboundCount }

    // MARK: - Opening and ending

    /// A new stream of ours; nil when there are too many.
    package mutating func open() -> UInt32? {
        guard outboundCount < limits.outboundStreams, nextStream != 0 else { return nil }
        let stream = nextStream
        nextStream = stream < .max - 1 ? stream + 2 : 0
        streams[stream] = Stream()
        send(YamuxFrame(.window, .open, stream: stream))
        return stream
    }

    /// Ends a stream at once.
    package mutating func reset(_ stream: UInt32) {
        guard remove(stream) else { return }
        send(YamuxFrame(.data, .reset, stream: stream))
    }

    @discardableResult
    private mutating func remove(_ id: UInt32) -> Bool {
        guard let stream = streams.removeValue(forKey: id) else { return false }
        unread -= stream.unread
        unsent -= stream.unsent.count
        if isInbound(id) { inboundCount -= 1 }
        return true
    }

    mutating func closeIfDone(_ id: UInt32) {
        guard let stream = streams[id], stream.sentFinish, stream.otherFinished, stream.unread == 0 else {
            return
        }
        remove(id)
        say(.closed(id))
    }

    // MARK: - Reading

    /// Reads what can be read of a queue up to one frame; the steps say what it was.
    /// - Returns: false when there is nothing more to read.
    /// - Throws: `YamuxFault`; the connection ends then.
    package mutating func read(_ queue: inout ByteQueue) throws(YamuxFault) -> Bool {
        if body != nil { return readBody(&queue) }
        guard queue.count >= YamuxFrame.count else { return false }
        let frame = try YamuxFrame(bytes: queue.waiting.prefix(YamuxFrame.count))
        queue.drop(YamuxFrame.count)
        switch frame.kind {
        case .ping:
            if frame.flags == .open {
                send(YamuxFrame(.ping, .acknowledge, stream: 0, length: frame.length))
            } else {
                say(.pong(frame.length))
            }
        case .goAway: say(.goneAway(frame.length))
        case .data, .window: try readStream(frame)
        }
        return true
    }

    private mutating func readStream(_ frame: YamuxFrame) throws(YamuxFault) {
        if frame.flags.contains(.open) {
            try accept(frame)
        } else if streams[frame.stream] == nil {
            // It may be one that has ended while this was under way, but not one that never was.
            let isKnown =
                isInbound(frame.stream)
                ? frame.stream <= lastInbound : nextStream == 0 || frame.stream < nextStream
            guard isKnown else { throw .unknownStream(frame.stream) }
        }
        if frame.kind == .data {
            try begin(frame)
        } else {
            try credit(frame)
            end(frame.stream, frame.flags)
        }
    }

    private mutating func accept(_ frame: YamuxFrame) throws(YamuxFault) {
        guard isInbound(frame.stream), frame.stream > lastInbound else { throw .stream(frame.stream) }
        lastInbound = frame.stream
        guard inboundCount < limits.inboundStreams else {
            send(YamuxFrame(.data, .reset, stream: frame.stream))
            return
        }
        inboundCount += 1
        streams[frame.stream] = Stream()
        send(YamuxFrame(.window, .acknowledge, stream: frame.stream))
        say(.opened(frame.stream))
    }

    private mutating func credit(_ frame: YamuxFrame) throws(YamuxFault) {
        guard let stream = streams[frame.stream] else { return }
        let sum = stream.sendWindow + Int(frame.length)
        guard sum <= Int(UInt32.max) else { throw .credit(stream: frame.stream) }
        guard frame.length > 0 else { return }
        streams[frame.stream]?.sendWindow = sum
        flush(frame.stream)
        say(.writable(frame.stream))
    }

    private mutating func begin(_ frame: YamuxFrame) throws(YamuxFault) {
        if let stream = streams[frame.stream] {
            guard !stream.otherFinished || frame.length == 0 else { throw .afterEnd(frame.stream) }
            guard Int(frame.length) <= stream.receiveWindow else {
                throw .window(stream: frame.stream, bytes: frame.length)
            }
            streams[frame.stream]?.receiveWindow -= Int(frame.length)
        } else if Int(frame.length) > Self.window {
            throw .window(stream: frame.stream, bytes: frame.length)
        }
        guard frame.length > 0 else { return end(frame.stream, frame.flags) }
        body = Body(stream: frame.stream, left: Int(frame.length), flags: frame.flags)
    }

    private mutating func readBody(_ queue: inout ByteQueue) -> Bool {
        guard var current = body, !queue.isEmpty else { return false }
        let bytes = queue.take(current.left)
        current.left -= bytes.count
        body = current.left == 0 ? nil : current
        deliver(bytes, current.stream)
        if current.left == 0 { end(current.stream, current.flags) }
        return true
    }

    /// Bytes of a stream that has ended here are dropped.
    private mutating func deliver(_ bytes: [UInt8], _ id: UInt32) {
        guard streams[id] != nil else { return }
        guard unread + bytes.count <= limits.unread else {
            reset(id)
            return say(.overrun(id))
        }
        unread += bytes.count
        streams[id]?.unread += bytes.count
        say(.data(id, bytes))
    }

    private mutating func end(_ id: UInt32, _ flags: YamuxFrame.Flags) {
        guard let stream = streams[id] else { return }
        if flags.contains(.reset) {
            remove(id)
            say(.reset(id))
        } else if flags.contains(.finish), !stream.otherFinished {
            streams[id]?.otherFinished = true
            say(.finished(id))
            closeIfDone(id)
        }
    }
}
