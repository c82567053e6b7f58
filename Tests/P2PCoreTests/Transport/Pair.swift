import NodeCrypto
import NodeDomain
import P2PCore

/// An identity of a number.
func identity(_ number: UInt8) -> PeerIdentity {
    let seed = Bytes32([UInt8](repeating: number, count: 32)) ?? .zero
    return PeerIdentity(publicKey: Ed25519.publicKey(seed: seed) ?? .zero) {
        Ed25519.sign($0, seed: seed)
    }
}

/// A key of a number.
func key(_ number: UInt8) -> X25519Key {
    var bytes = [UInt8](repeating: number, count: 32)
    guard let key = X25519Key(scalar: SecretBytes(taking: &bytes)) else { preconditionFailure("no key") }
    return key
}

func keys(_ number: UInt8) -> KeyPairs { KeyPairs(fixed: key(number), ephemeral: key(number &+ 100)) }

let prologue = Array("spacenode/test".utf8)
let echo = "/spacenode/test/echo/1"

/// How bytes reach the other side.
enum Pieces {
    case whole
    case single
    case random(SeededGenerator)
}

/// Two connections and the wires between them; time stands still unless a test moves it.
struct Pair {
    var sides: [Connection]
    /// What each side said, without what it sent.
    var said: [[ConnectionAction]] = [[], []]
    /// What is on the way to each side.
    var wires: [[UInt8]] = [[], []]
    /// All that ever went to each side.
    var sent: [[UInt8]] = [[], []]
    /// Whether each side consumes what it is given at once.
    var consumes = [true, true]
    var pieces = Pieces.whole
    var now: UInt64 = 1_000
    /// What each side was given of each stream.
    var content: [[StreamHandle: [UInt8]]] = [[:], [:]]
    /// Streams of the other side, in the order in which they came.
    var came: [[StreamHandle]] = [[], []]
    /// How much each side may write.
    var rooms: [[StreamHandle: Int]] = [[:], [:]]
    /// Which sides end TCP themselves.
    var isClosed = [false, false]

    init(
        dialer: UInt8 = 1, listener: UInt8 = 2, expected: PeerID?? = nil,
        prologues: [[UInt8]] = [prologue, prologue],
        limits: ConnectionLimits = ConnectionLimits(), about: Identify? = nil
    ) {
        let whom = expected ?? identity(listener).id
        sides = [
            Connection(
                role: .dialer(expected: whom), identity: identity(dialer), prologue: prologues[0],
                protocols: [echo], limits: limits, ephemeral: keys(11), about: about),
            Connection(
                role: .listener, identity: identity(listener), prologue: prologues[1], protocols: [echo],
                limits: limits, ephemeral: keys(12), about: about),
        ]
    }

    mutating func act(_ side: Int, _ event: ConnectionEvent) {
        if case .write(let handle, let bytes) = event { rooms[side][handle, default: 0] -= bytes.count }
        for action in sides[side].handle(event, now: now) {
            switch action {
            case .send(let bytes):
                wires[1 - side] += bytes
                sent[1 - side] += bytes
            case .data(let handle, let bytes):
                said[side].append(action)
                content[side][handle, default: []] += bytes
                if consumes[side] { act(side, .consumed(handle, bytes.count)) }
            case .close:
                said[side].append(action)
                isClosed[side] = true
            case .opened(let handle, _, true):
                said[side].append(action)
                came[side].append(handle)
            case .writable(let handle, let room):
                said[side].append(action)
                rooms[side][handle] = room
            default: said[side].append(action)
            }
        }
    }

    /// Delivers until nothing is on the way.
    mutating func run() {
        while deliver(1) || deliver(0) {}
    }

    /// Delivers one piece.
    mutating func deliver(_ side: Int) -> Bool {
        guard !wires[side].isEmpty else { return false }
        let count: Int
        switch pieces {
        case .whole: count = wires[side].count
        case .single: count = 1
        case .random(var generator):
            count = 1 + generator.below(wires[side].count)
            pieces = .random(generator)
        }
        let piece = Array(wires[side].prefix(count))
        wires[side].removeFirst(count)
        act(side, .received(piece))
        return true
    }

    /// Both sides secured.
    mutating func start() {
        act(0, .started)
        act(1, .started)
        run()
    }

    /// Bytes that a side was given of a stream.
    func data(_ side: Int, _ handle: StreamHandle) -> [UInt8] { content[side][handle] ?? [] }

    /// How many bytes a side may write to a stream.
    func room(_ side: Int, _ handle: StreamHandle) -> Int { max(0, rooms[side][handle] ?? 0) }

    /// Why a side closed.
    func fault(_ side: Int) -> ConnectionFault? {
        if case .close(let fault)? = said[side].last { fault } else { nil }
    }

    /// Streams that the other side opened.
    func inbound(_ side: Int) -> [StreamHandle] { came[side] }
}

/// The same bytes for the same seed.
func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}
