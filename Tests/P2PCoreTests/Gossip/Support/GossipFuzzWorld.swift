import NodeDomain
import P2PCore

/// One gossip among strangers: what they send, connections that come and go, verdicts and time, as the input's steps
/// say.
///
/// A step is an operation, a length of two bytes, that many bytes: the form of all fuzz targets. Nothing may trap,
/// grow beyond its limits, or send what no peer can read.
enum GossipFuzzWorld {
    private static let names = ["votes", "part", "proposal"].map { gossipTopic($0) }

    /// The first byte chooses: a decoder alone, or a whole life.
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = [UInt8](input.dropFirst())
        if choice % 2 == 0 { decode(bytes) } else { live(bytes) }
    }

    /// What is read is written and read alike.
    private static func decode(_ bytes: [UInt8]) {
        guard var rpc = try? GossipRPC(bytes: bytes) else { return }
        rpc.excess = 0
        guard let again = try? GossipRPC(bytes: rpc.bytes) else { preconditionFailure("not read again") }
        precondition(again == rpc, "read otherwise than written")
    }

    private static func live(_ bytes: [UInt8]) {
        var parameters = GossipParameters()
        parameters.limits.held = 8
        parameters.limits.cached = 8
        parameters.limits.seen = 16
        parameters.limits.asked = 16
        var gossip = Gossip(parameters, seed: 1)
        var now: UInt64 = 0
        var open: [MessageID] = []
        for (operation, body) in steps(bytes) {
            let peer = PeerHandle(value: UInt64(operation >> 4) + 1)
            let event: GossipEvent
            switch operation & 15 {
            case 0...5: event = .received(peer, body)
            case 6: event = .connected(peer, traits(peer, body.first ?? 0))
            case 7: event = .disconnected(peer)
            case 8: event = .join(names[body.count % 3], rules(body.first ?? 0))
            case 9: event = .leave(names[body.count % 3])
            case 10: event = .publish(names[body.count % 3], body)
            case 11: event = open.popLast().map { .verdict($0, verdict(body.first ?? 0)) } ?? .tick
            case 12: event = open.last.map { .unsent(peer, $0, bytes: body.count) } ?? .tick
            case 13: event = .applicationScore(peer, Double(body.first ?? 0) - 128)
            default:
                now += UInt64(body.first ?? 0) * 20
                event = operation & 1 == 0 ? .tick : .heartbeat
            }
            for action in gossip.handle(event, now: now) { check(action, &open) }
            let load = gossip.load
            precondition(
                load.held <= 8 && load.cached <= 8 && load.seen <= 16 && load.asked <= 16, "too much is kept")
        }
    }

    private static func check(_ action: GossipAction, _ open: inout [MessageID]) {
        switch action {
        case .send(_, let bytes, _, _):
            guard let rpc = try? GossipRPC(bytes: bytes) else {
                preconditionFailure("sent what cannot be read")
            }
            precondition(rpc.excess == 0 && !rpc.isEmpty, "sent more than may be in an RPC, or nothing")
        case .validate(let id, _, _, _): open = open.suffix(15) + [id]
        case .graylisted(_, let why):
            precondition(why.score < -2_500 && !why.faults.isEmpty, "graylisted for nothing")
        case .withdraw, .candidates, .dropped: break
        }
    }

    private static func traits(_ peer: PeerHandle, _ byte: UInt8) -> PeerTraits {
        PeerTraits(
            PeerID(publicKey: Bytes32(0, 0, 0, peer.value)),
            version: PeerTraits.Version(rawValue: byte % 3) ?? .v12, isOurs: byte & 4 != 0,
            isOutbound: byte & 8 != 0, group: byte & 16 != 0 ? UInt64(byte & 3) : nil,
            record: byte & 32 != 0 ? [1, 2] : [])
    }

    private static func rules(_ byte: UInt8) -> TopicRules {
        let spreads = [TopicRules.Spread.push, TopicRules.small, .announce(eager: 1, from: 4, after: 0)]
        return TopicRules(.vote, largest: 200, spread: spreads[Int(byte % 3)])
    }

    private static func verdict(_ byte: UInt8) -> Verdict { [.accept, .reject, .ignore][Int(byte % 3)] }

    private static func steps(_ bytes: [UInt8]) -> [(operation: UInt8, body: [UInt8])] {
        var result: [(operation: UInt8, body: [UInt8])] = []
        var place = 0
        while place + 3 <= bytes.count, result.count < 64 {
            let length = min(Int(bytes[place + 1]) | Int(bytes[place + 2]) << 8, bytes.count - place - 3)
            result.append((bytes[place], Array(bytes[place + 3..<place + 3 + length])))
            place += 3 + length
        }
        return result
    }

    // MARK: - Seeds

    static func seeds() -> [[UInt8]] {
        rpcs.map { [0] + $0 } + [life(spread: 0), life(spread: 1), life(spread: 2), [0], [1], []]
    }

    private static var rpcs: [[UInt8]] {
        let id = MessageID(topic: names[0], data: [1, 2, 3])
        let writes: [(inout GossipRPC) -> Void] = [
            { $0.subscriptions = names.map { .init($0, isWanted: true) } },
            { $0.messages = [.init(topic: names[0], data: [1, 2, 3]), .init(topic: names[1], data: [4])] },
            { $0.have = [.init(names[0], [id])] }, { $0.want = [id] }, { $0.dontWant = [id] },
            { $0.graft = names },
            { $0.prune = [.init(names[0], peers: [.init(id: [1], record: [2])], backoffSeconds: 1)] },
            { $0.subscriptions = [.init(names[0], isWanted: false)] },
        ]
        return writes.map { write in
            var rpc = GossipRPC()
            write(&rpc)
            return rpc.bytes
        }
    }

    /// Three peers, all kinds of RPCs of each, verdicts, time.
    private static func life(spread: UInt8) -> [UInt8] {
        var bytes: [UInt8] = [1]
        func step(_ operation: UInt8, _ body: [UInt8]) {
            bytes += [operation, UInt8(body.count & 255), UInt8(body.count >> 8)] + body
        }
        for length in 1...3 as ClosedRange<UInt8> { step(8, [UInt8](repeating: spread, count: Int(length))) }
        for peer in 0..<3 as Range<UInt8> { step(peer << 4 | 6, [8 * peer + 4]) }
        for rpc in rpcs { for peer in 0..<3 as Range<UInt8> { step(peer << 4, rpc) } }
        for verdict in 0..<3 as Range<UInt8> { step(11, [verdict]) }
        for _ in 0..<3 { step(15, [100]) }
        step(10, [9, 9, 9])
        step(7, [])
        return bytes
    }
}
