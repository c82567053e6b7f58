internal import Logging
internal import RouterCore
internal import ZeroMQ

/// Answers libzmq's question whether a CURVE key may connect (RFC 27/ZAP).
///
/// Runs in the router's own loop: libzmq waits for the answer on its I/O thread, never the router.
struct Gatekeeper: ~Copyable {
    /// A listed key.
    struct Entry {
        let role: UInt32
        let instance: UInt64
        let name: String
    }

    let socket: Socket
    private var machines: [String: Entry] = [:]
    private let logger: Logger

    /// Must exist before any socket binds with CURVE: libzmq accepts every key without a handler.
    init(_ context: Context, logger: Logger) throws {
        let socket = try Socket(context, .reply)
        try socket.bind("inproc://zeromq.zap.01")
        self.socket = socket
        self.logger = logger
    }

    /// Takes a new list.
    /// - Returns: roles by the first eight bytes of the key.
    mutating func replace(_ list: [ListedMachine]) -> [UInt64: UInt32] {
        machines.removeAll()
        var roles: [UInt64: UInt32] = [:]
        for machine in list {
            guard let bytes = CurveKeyPair.bytes(z85: machine.key) else {
                logger.warning("a listed key is not Z85", metadata: ["machine": "\(machine.name)"])
                continue
            }
            let instance = instanceNumber(bytes)
            machines[machine.key] = Entry(role: machine.role, instance: instance, name: machine.name)
            roles[instance] = machine.role
        }
        return roles
    }

    /// Who is behind a `User-Id`; an unknown one gets a role that nobody may claim.
    func identity(_ userID: String) -> PeerIdentity {
        guard let entry = machines[userID] else { return PeerIdentity(curveRole: 0, curveInstance: .max) }
        return PeerIdentity(curveRole: entry.role, curveInstance: entry.instance)
    }

    /// Answers all questions that wait.
    mutating func answer() throws {
        while let frames = try nextRequest() {
            try send(verdict(frames))
        }
    }

    private func nextRequest() throws -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        var message = Message()
        guard try socket.receive(into: &message) else { return nil }
        frames.append(message.bytes)
        while message.hasMore, try socket.receive(into: &message) { frames.append(message.bytes) }
        return frames
    }

    private func verdict(_ frames: [[UInt8]]) -> [[UInt8]] {
        guard let request = ZapRequest(frames: frames) else {
            return ZapVerdict.refuse(requestID: frames.count > 1 ? frames[1] : [], "not a CURVE request")
        }
        guard let key = CurveKeyPair.z85(request.key), let entry = machines[key] else {
            logger.warning(
                "unknown key refused: spacenode machine allow NAME --role R --key … lists it",
                metadata: ["key": "\(CurveKeyPair.z85(request.key) ?? "?")"])
            return ZapVerdict.refuse(requestID: request.requestID, "unknown key")
        }
        logger.debug("key accepted", metadata: ["machine": "\(entry.name)"])
        return ZapVerdict.accept(request, userID: Array(key.utf8))
    }

    private func send(_ frames: [[UInt8]]) throws {
        for (index, frame) in frames.enumerated() {
            var message = Message(frame)
            _ = try socket.send(&message, more: index < frames.count - 1)
        }
    }
}

/// The instance of a key: its first eight bytes, little-endian, never 0 or 1, top bit clear (ipc sets it).
private func instanceNumber(_ key: [UInt8]) -> UInt64 {
    let number = key.prefix(8).enumerated().reduce(UInt64(0)) {
        $0 | UInt64($1.element) << UInt64(8 * $1.offset)
    }
    return max(2, number & ~(1 << 63))
}
