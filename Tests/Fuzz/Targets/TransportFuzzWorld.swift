import NodeCrypto
import NodeDomain
import P2PCore

/// What the network's side of a node reads of strangers before and after a handshake.
///
/// Nothing may trap; a connection holds no more than its limits say, says nothing after it has closed, and does the
/// same however its bytes are cut into pieces.
package enum TransportFuzzWorld {
    private static let prologue = Array("spacenode/fuzz".utf8)
    private static let echo = "/spacenode/fuzz/1"
    /// What a connection may hold besides written bytes: two messages of Noise and a negotiation.
    private static let heldBytes = 2 * 65_537 + 4_096

    /// The first byte chooses what reads the rest.
    package static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        switch choice % 6 {
        case 0: clear(.listener, [UInt8](rest))
        case 1: clear(.dialer(expected: nil), [UInt8](rest))
        case 2: sealed(rest, isDialer: true)
        case 3: sealed(rest, isDialer: false)
        case 4: messages([UInt8](rest))
        default: addresses([UInt8](rest))
        }
    }

    // MARK: - Connections

    private static func identity(_ number: UInt8) -> PeerIdentity {
        let seed = Bytes32([UInt8](repeating: number, count: 32)) ?? .zero
        return PeerIdentity(publicKey: Ed25519.publicKey(seed: seed) ?? .zero) {
            Ed25519.sign($0, seed: seed)
        }
    }

    private static func keys(_ number: UInt8) -> KeyPairs {
        func key(_ number: UInt8) -> X25519Key {
            var bytes = [UInt8](repeating: number, count: 32)
            guard let key = X25519Key(scalar: SecretBytes(taking: &bytes)) else {
                preconditionFailure("libsodium does not start")
            }
            return key
        }
        return KeyPairs(fixed: key(number), ephemeral: key(number + 1))
    }

    private static let (own, other) = (identity(1), identity(2))
    private static let (ownKeys, otherKeys) = (keys(9), keys(19))

    private static func connection(_ role: Connection.Role) -> Connection {
        var limits = ConnectionLimits()
        limits.lasting = ["/lasting/1"]
        return Connection(
            role: role, identity: own, prologue: prologue, protocols: [echo, "/lasting/1"], limits: limits,
            ephemeral: ownKeys, about: Identify(agentVersion: "fuzz", protocols: [echo]))
    }

    /// Bytes in clear: at once, and one at a time, with the same end.
    private static func clear(_ role: Connection.Role, _ bytes: [UInt8]) {
        var (whole, pieces) = (connection(role), connection(role))
        var first = whole.handle(.started, now: 0) + whole.handle(.received(bytes), now: 1)
        var second = pieces.handle(.started, now: 0)
        for byte in bytes { second += pieces.handle(.received([byte]), now: 1) }
        precondition(summary(first) == summary(second), "pieces make a difference")
        precondition(whole.waitingBytes <= max(heldBytes, bytes.count), "too much waits")
        first = whole.handle(.tick, now: 5_001)
        precondition(first.last == .close(.lateHandshake) || whole.handle(.tick, now: 5_002).isEmpty)
    }

    /// What was sent in one, and what else was said.
    private static func summary(_ actions: [ConnectionAction]) -> (sent: [UInt8], said: [ConnectionAction]) {
        var result: ([UInt8], [ConnectionAction]) = ([], [])
        for action in actions {
            if case .send(let bytes) = action { result.0 += bytes } else { result.1.append(action) }
        }
        return result
    }

    /// A secured connection and the other side of it; the handshake is made once.
    private static func secured(isDialer: Bool) -> (Connection, NoiseSession) {
        var other = NoiseSession(
            isInitiator: !isDialer, identity: Self.other, expected: nil, prologue: prologue, keys: otherKeys,
            muxers: ["/yamux/1.0.0"])
        var side = connection(isDialer ? .dialer(expected: Self.other.id) : .listener)
        var queue = ByteQueue()
        func take(_ event: ConnectionEvent) { queue.append(summary(side.handle(event, now: 0)).sent) }
        take(.started)
        take(.received(Multistream.message(Multistream.header) + Multistream.message("/noise")))
        queue.drop(28)
        if !isDialer { take(.received((try? other.start()) ?? [])) }
        while let step = try? other.next(&queue) {
            if case .reply(let bytes) = step { take(.received(bytes)) }
            if case .established(_, _, let bytes) = step, !bytes.isEmpty { take(.received(bytes)) }
        }
        precondition(side.peer == Self.other.id, "the handshake does not work")
        return (side, other)
    }

    private static let dialer = secured(isDialer: true)
    private static let listener = secured(isDialer: false)

    /// Steps: sealed bytes of the other side, and deeds of ours.
    private static func sealed(_ input: UnsafeRawBufferPointer, isDialer: Bool) {
        var (side, other) = isDialer ? dialer : listener
        var (reader, now, inbound) = (StepReader(input), UInt64(0), [StreamHandle]())
        while let (operation, bytes) = reader.next() {
            let event: ConnectionEvent
            switch operation % 4 {
            case 0, 1: event = .received((try? other.seal([UInt8](bytes))) ?? [])
            case 2:
                now += number(bytes)
                event = .tick
            default: event = deed(operation, [UInt8](bytes), inbound)
            }
            let actions = side.handle(event, now: now)
            for case .opened(let handle, _, true) in actions { inbound.append(handle) }
            check(side, actions)
        }
    }

    private static func deed(_ operation: UInt8, _ bytes: [UInt8], _ inbound: [StreamHandle])
        -> ConnectionEvent
    {
        let number = UInt32(bytes.first ?? 0)
        let handle =
            number % 2 == 0 || inbound.isEmpty
            ? StreamHandle(opening: number) : inbound[Int(number) % inbound.count]
        return switch operation >> 2 % 8 {
        case 0: .open(handle, protocols: ["/none/1", echo])
        case 1: .write(handle, [UInt8](repeating: 7, count: 64 * bytes.count))
        case 2: .finish(handle)
        case 3: .reset(handle)
        case 4: .consumed(handle, 16 * bytes.count)
        case 5: .ping(.largest)
        case 6: .open(handle, protocols: ["/lasting/1"])
        default: .received(bytes)
        }
    }

    private static func check(_ side: Connection, _ actions: [ConnectionAction]) {
        precondition(side.streamCount <= 32 + 64, "too many streams")
        precondition(side.waitingBytes <= heldBytes + 65_536 + 1 << 20, "too much waits")
        var copy = side
        if case .close? = actions.last {
            precondition(copy.streamCount == 0 && copy.waitingBytes == 0, "something is left")
            precondition(copy.handle(.received([0]), now: .max).isEmpty, "it goes on")
        }
    }

    // MARK: - Messages

    private static func messages(_ bytes: [UInt8]) {
        if let identify = try? Identify(bytes: bytes) {
            precondition((try? Identify(bytes: identify.bytes)) == identify, "it says something else")
        }
        if let record = try? SignedPeerRecord(bytes: bytes) {
            precondition(record.bytes == bytes, "another record")
        }
        var (reader, writer) = (FieldReader(bytes), FieldWriter())
        var isPlain = true
        while let field = try? reader.next() {
            switch field.value {
            case .number(let number): writer.number(field.number, number)
            case .bytes(let inner): writer.bytes(field.number, inner)
            case .fixed32, .fixed64: isPlain = false
            }
        }
        precondition(!isPlain || bytes.starts(with: writer.bytes), "another form of the same message")
        var (whole, pieces) = (FrameReader(limit: 512), FrameReader(limit: 512))
        whole.append(bytes)
        var (first, second): ([[UInt8]], [[UInt8]]) = ([], [])
        while let message = try? whole.next() { first.append(message) }
        for byte in bytes {
            pieces.append([byte])
            while let message = try? pieces.next() { second.append(message) }
        }
        precondition(first == second, "pieces make a difference")
    }

    private static func addresses(_ bytes: [UInt8]) {
        if let address = try? Multiaddress(bytes: bytes) {
            precondition(address.bytes == bytes, "another form of the same address")
            precondition((try? Multiaddress(text: address.text)) == address, "its text is of another")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let address = try? Multiaddress(text: text) {
            precondition((try? Multiaddress(text: address.text)) == address, "its text is of another")
            precondition((try? Multiaddress(bytes: address.bytes)) == address, "its bytes are of another")
        }
        if let id = try? PeerID(text: text) { precondition((try? PeerID(text: id.text)) == id) }
        if let id = try? PeerID(bytes: bytes) { precondition(id.bytes == bytes) }
        if let id = try? PeerID(keyMessage: bytes) { precondition(id.keyMessage == bytes) }
    }

    // MARK: - Seeds

    /// Valid inputs to start from.
    package static func seeds() -> [[UInt8]] {
        let start = Multistream.message(Multistream.header)
        let noise = start + Multistream.message("/noise")
        let hello = [0, 32] + otherKeys.ephemeral.publicKey.bytes
        let clear: [[UInt8]] = [
            noise, noise + hello, start + Multistream.message("na"),
            start + Multistream.message("ls") + Multistream.message("/noise") + hello,
        ]
        return clear.map { [0] + $0 } + clear.map { [1] + $0 }
            + [2, 3].flatMap { mode in sealedSeeds().map { [mode] + $0 } }
            + messageSeeds().map { [4] + $0 } + addressSeeds().map { [5] + $0 }
    }

    /// A header of yamux.
    private static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ length: Int) -> [UInt8] {
        [0, kind, 0, flags, 0, 0, 0, stream, 0, 0, UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
    }

    private static func sealedSeeds() -> [[UInt8]] {
        let names = [echo, "/lasting/1", Ping.name, Identify.name, "/none/1"]
        var seeds = names.flatMap { name in
            [1 as UInt8, 2].map { stream in
                let text = Multistream.message(Multistream.header) + Multistream.message(name)
                let more = [UInt8](repeating: 5, count: 40)
                var writer = StepWriter()
                writer.step(0, frame(1, 1, stream, 0) + frame(0, 0, stream, text.count) + text)
                writer.step(0, frame(0, 0, stream, more.count) + more + frame(1, 0, stream, 900))
                writer.step(19, [1, 0, 0])
                writer.step(7, [1, 0, 0, 0])
                writer.step(11, [1])
                writer.step(0, frame(0, 4, stream, 0))
                return writer.bytes
            }
        }
        var writer = StepWriter()
        writer.step(3, [2])
        writer.step(23, [])
        writer.step(0, frame(1, 2, 1, 0) + frame(2, 1, 0, 9) + frame(2, 2, 0, 1) + frame(3, 0, 0, 0))
        writer.step(2, number: 30_000)
        writer.step(2, number: 15_000)
        seeds.append(writer.bytes)
        for code in 0...2 {
            var writer = StepWriter()
            writer.step(3, [2])
            writer.step(0, frame(0, 8, 1, 0) + frame(3, 0, 0, code))
            seeds.append(writer.bytes)
        }
        return seeds
    }

    private static func messageSeeds() -> [[UInt8]] {
        let addresses = addressTexts.compactMap { try? Multiaddress(text: $0) }
        let record = SignedPeerRecord(of: own, number: 3, addresses: addresses)
        let identify = Identify(
            peer: own.id, protocolVersion: "1", agentVersion: "2", listenAddresses: addresses,
            observedAddress: addresses.first, protocols: [echo], signedPeerRecord: record?.bytes)
        return [identify.bytes, record?.bytes ?? [], Varint.bytes(3) + [1, 2, 3, 0, 1, 9]]
    }

    private static let addressTexts = [
        "/ip4/192.0.2.1/tcp/7513", "/ip6/2001:db8::1/tcp/1", "/dns4/a.example/tcp/65535", "/dns6/b/tcp/0",
    ]

    private static func addressSeeds() -> [[UInt8]] {
        let id = own.id
        let texts = addressTexts + addressTexts.map { "\($0)/p2p/\(id)" } + [id.text]
        let addresses = texts.compactMap { try? Multiaddress(text: $0).bytes }
        return texts.map { Array($0.utf8) } + addresses + [id.bytes, id.keyMessage]
    }
}
