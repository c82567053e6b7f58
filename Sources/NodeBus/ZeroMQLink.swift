internal import BusWire
internal import ZeroMQ

/// The two DEALER sockets of a plugin.
///
/// Belongs to the bus thread.
final class ZeroMQLink: BusLink {
    let control: Socket
    let data: Socket
    let monitor: Monitor
    private var failedHandshakes = 0
    private var hasBeenEstablished = false
    private let address: BusAddress

    /// Opens both sockets and starts to connect.
    init(_ options: BusOptions, context: Context) throws {
        address = options.address
        let control = try Self.open(context, options)
        let data = try Self.open(context, options)
        monitor = try Monitor(
            control, context: context, name: "\(options.name)-\(UInt64.random(in: 1 ... .max))")
        let (first, second) = Self.endpoints(options.address)
        try control.connect(first)
        try data.connect(second)
        self.control = control
        self.data = data
    }

    private static func endpoints(_ address: BusAddress) -> (control: String, data: String) {
        switch address {
        case .ipc(let directory): ("ipc://\(directory)/control.sock", "ipc://\(directory)/data.sock")
        case .tcp(let host, let port, _): ("tcp://\(host):\(port)", "tcp://\(host):\(port + 1)")
        case .plainLoopback(let port, _): ("tcp://127.0.0.1:\(port)", "tcp://127.0.0.1:\(port + 1)")
        }
    }

    private static func open(_ context: Context, _ options: BusOptions) throws -> Socket {
        let socket = try Socket(context, .dealer)
        try socket.set(.immediate, 1)
        // Long enough for a GOODBYE to leave, short enough for a process to end.
        try socket.set(.linger, 200)
        try socket.set(.reconnectInterval, 100)
        try socket.set(.reconnectIntervalMax, 1000)
        try socket.set(.handshakeInterval, 5000)
        try socket.set(wide: .maxMessageSize, 4_259_840)
        try socket.set(.sendHighWater, 8192)
        try socket.set(.receiveHighWater, 8192)
        guard case .tcp(_, _, let serverKey) = options.address, let secret = options.secretKey else {
            return socket
        }
        try socket.set(.tcpKeepalive, 1)
        let pair = try CurveKeyPair.from(secretKey: secret)
        try socket.set(.curveServerKey, serverKey)
        try socket.set(.curvePublicKey, pair.publicKey)
        try socket.set(.curveSecretKey, pair.secretKey)
        return socket
    }

    @inline(__always)
    func send(_ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane)
        -> Int?
    {
        header.write(topicKey: topicKey, payload: payload) { count, fill in
            var message = Message(count: count)
            guard message.count == count else { return nil }
            message.withUnsafeMutableBytes { fill($0) }
            let outcome = lane == .control ? try? control.send(&message) : try? data.send(&message)
            return outcome == .sent ? count : nil
        }
    }

    /// The next change of the control connection, or nil.
    func nextEvent() throws -> LinkEvent? {
        while let event = try monitor.next() {
            switch event {
            case .established:
                failedHandshakes = 0
                hasBeenEstablished = true
                return .connected
            case .disconnected:
                if hasBeenEstablished { return .disconnected }
            case .refused:
                return .refused(
                    BusError(
                        .unauthorized,
                        "the router at \(address) does not know this machine's key: spacenode machine allow NAME --role ROLE --key KEY there"
                    ))
            case .protocolMismatch:
                return .refused(
                    BusError(.unauthorized, "\(address) does not speak CURVE: is that the router's bus port?")
                )
            case .handshakeFailed:
                if let error = wrongServerKey() { return .refused(error) }
            case .other: break
            }
        }
        return nil
    }

    /// A handshake that breaks off without a word, three times before any worked, is a wrong server key.
    private func wrongServerKey() -> BusError? {
        failedHandshakes += 1
        guard failedHandshakes >= 3, !hasBeenEstablished, case .tcp = address else { return nil }
        return BusError(
            .unauthorized,
            "the handshake with \(address) fails: --server-key is not that router's; spacenode machine key shows it there"
        )
    }
}
