import P2PCore

/// Nodes in one process, whose connections are secured and whose streams carry everything at once.
struct NodeNetwork {
    struct Stream: Hashable {
        let link: Int
        let opener: Int
        let number: UInt32
        /// Who writes.
        let writer: Int
    }

    struct Wire {
        let ends: [(node: Int, handle: PeerHandle)]
        var isOpen = true
    }

    var nodes: [P2PNode] = []
    var wires: [Wire] = []
    var now: UInt64 = 1_000
    /// What each node was asked to judge.
    var judged: [[(NetworkTopic, [UInt8])]] = []
    /// What each node got for itself.
    var received: [[DirectMessage]] = []
    /// What came of each node's requests.
    var requested: [[RequestAction]] = []
    /// What a node answers a question with; nil: not now.
    var answer: (Int, Question) -> [[UInt8]]? = { _, _ in [] }
    /// What each node says of where it is.
    var advertised: [Int: [Multiaddress]] = [:]
    var verdict: (Int, [UInt8]) -> Verdict = { _, _ in .accept }
    private var waiting: [(Int, NodeEvent)] = []
    private var lastHandle: UInt64 = 0
    /// Bytes that may still be written to a stream.
    private var room: [Stream: Int] = [:]

    /// Whether each is in a part of the Internet of its own; otherwise all are on one machine.
    let isSpread: Bool
    /// Nodes that nobody reaches.
    var unreachable: Set<Int> = []

    private static let identities = (0..<64 as Range<UInt8>).map { someIdentity($0 + 1) }

    static func peer(_ number: Int) -> PeerID { identities[number].id }

    static func address(_ number: Int) -> Multiaddress {
        Multiaddress(.ip4(0x7f00_0001), port: UInt16(7_000 + number), peer: peer(number))
    }

    static func farAddress(_ number: Int) -> Multiaddress {
        Multiaddress(.ip4(20 << 24 + UInt32(number) << 16 + 257), port: 7_610, peer: peer(number))
    }

    static func settings(_ number: Int, isSpread: Bool = false) -> P2PNode.Settings {
        var settings = P2PNode.Settings(own: peer(number), network: "00112233")
        settings.genesis = [UInt8](repeating: 3, count: 20)
        settings.key = KeyedHash(key0: UInt64(number), key1: 1)
        settings.announced = isSpread ? [Multiaddress(farAddress(number).host, port: 7_610)] : []
        return settings
    }

    func address(_ number: Int) -> Multiaddress { isSpread ? Self.farAddress(number) : Self.address(number) }

    init(
        _ count: Int, isSpread: Bool = false, isPrivate: Bool = false,
        _ change: (inout P2PNode.Settings) -> Void = { _ in }
    ) {
        self.isSpread = isSpread
        for number in 0..<count {
            var settings = Self.settings(number, isSpread: isSpread)
            settings.isPrivate = isPrivate
            change(&settings)
            nodes.append(P2PNode(settings, seed: UInt64(number), now: now))
            judged.append([])
            received.append([])
            requested.append([])
        }
    }

    /// A node starts anew.
    mutating func restart(_ number: Int, _ node: P2PNode) {
        for wire in wires.indices
        where wires[wire].isOpen && wires[wire].ends.contains(where: { $0.node == number }) {
            wires[wire].isOpen = false
            for end in wires[wire].ends where end.node != number {
                waiting.append((end.node, .unlinked(end.handle, "gone", isBlamed: false)))
            }
        }
        nodes[number] = node
        settle()
    }

    /// Everybody is told of everybody.
    mutating func nameAll() {
        for node in nodes.indices {
            for other in nodes.indices where other != node { post(node, .order(.add(address(other)))) }
        }
    }

    mutating func post(_ node: Int, _ event: NodeEvent) {
        waiting.append((node, event))
        settle()
    }

    /// Lets time pass.
    mutating func run(_ milliseconds: UInt64) {
        let end = now + milliseconds
        while now < end {
            now += 100
            for node in nodes.indices { waiting.append((node, .tick)) }
            settle()
        }
    }

    private mutating func settle() {
        while !waiting.isEmpty {
            let (node, event) = waiting.removeFirst()
            for action in nodes[node].handle(event, now: now) { perform(node, action) }
        }
    }

    private mutating func perform(_ node: Int, _ action: NodeAction) {
        switch action {
        case .dial(let address):
            guard
                let other = nodes.indices.first(where: {
                    self.address($0) == address && !unreachable.contains($0)
                })
            else {
                return waiting.append((node, .unreached(address, "nobody is there")))
            }
            connect(node, other)
        case .connection(let handle, let event): carry(node, handle, event)
        case .validate(let id, let topic, let bytes, _):
            judged[node].append((topic, bytes))
            waiting.append((node, .verdict(id, verdict(node, bytes), microseconds: 10)))
        case .received(_, let message): received[node].append(message)
        case .request(.serve(let id, _, let question, _)):
            let items = answer(node, question)
            waiting.append((node, .request(items.map { .provide(id, $0, isLast: true) } ?? .refuse(id))))
        case .request(let action): requested[node].append(action)
        case .advertise(let addresses): advertised[node] = addresses
        case .left: break
        }
    }

    private mutating func connect(_ node: Int, _ other: Int) {
        let ends = [(node, handle()), (other, handle())]
        wires.append(Wire(ends: ends))
        waiting.append((node, .linked(ends[0].1, Self.peer(other), address(other), isOutbound: true)))
        waiting.append((other, .linked(ends[1].1, Self.peer(node), address(node), isOutbound: false)))
        identify(other, to: node, ends[0].1)
        identify(node, to: other, ends[1].1)
    }

    private mutating func identify(_ node: Int, to other: Int, _ handle: PeerHandle) {
        var identify = Identify(peer: Self.peer(node), protocolVersion: "", agentVersion: "")
        identify.observedAddress = address(other)
        if let addresses = advertised[node], !addresses.isEmpty {
            let record = SignedPeerRecord(of: Self.identities[node], number: now, addresses: addresses)
            identify.signedPeerRecord = record?.bytes
        }
        waiting.append((other, .connection(handle, .identified(identify))))
    }

    private mutating func handle() -> PeerHandle {
        lastHandle += 1
        return PeerHandle(value: lastHandle)
    }

    private mutating func carry(_ node: Int, _ handle: PeerHandle, _ event: ConnectionEvent) {
        guard
            let link = wires.indices.first(where: {
                wires[$0].isOpen && wires[$0].ends.contains { $0.handle == handle }
            })
        else { return }
        guard let far = wires[link].ends.first(where: { $0.handle != handle }) else { return }
        func say(_ node: Int, _ handle: PeerHandle, _ action: ConnectionAction) {
            waiting.append((node, .connection(handle, action)))
        }
        switch event {
        case .open(let stream, let protocols):
            for writer in [node, far.node] {
                room[Stream(link: link, opener: node, number: stream.number, writer: writer)] = 65_536
            }
            let inbound = StreamHandle(inbound: stream.number)
            say(far.node, far.handle, .opened(inbound, protocol: protocols[0], inbound: true))
            say(far.node, far.handle, .writable(inbound, 65_536))
            say(node, handle, .opened(stream, protocol: protocols[0], inbound: false))
            say(node, handle, .writable(stream, 65_536))
        case .write(let stream, let bytes):
            let opener = stream.isInbound ? far.node : node
            room[
                Stream(link: link, opener: opener, number: stream.number, writer: node), default: 0] -=
                bytes.count
            say(far.node, far.handle, .data(Self.farEnd(stream), bytes))
        case .consumed(let stream, let count):
            let opener = stream.isInbound ? far.node : node
            let key = Stream(link: link, opener: opener, number: stream.number, writer: far.node)
            room[key, default: 0] += count
            say(far.node, far.handle, .writable(Self.farEnd(stream), room[key, default: 0]))
        case .finish(let stream): say(far.node, far.handle, .finished(Self.farEnd(stream)))
        case .reset(let stream): say(far.node, far.handle, .reset(Self.farEnd(stream), .byPeer))
        case .close:
            wires[link].isOpen = false
            for end in wires[link].ends {
                waiting.append((end.node, .unlinked(end.handle, "closed", isBlamed: false)))
            }
        default: break
        }
    }

    private static func farEnd(_ stream: StreamHandle) -> StreamHandle {
        stream.isInbound ? StreamHandle(opening: stream.number) : StreamHandle(inbound: stream.number)
    }

    /// Bytes that a stranger writes to a stream of a node.
    mutating func inject(_ node: Int, from other: Int, _ bytes: [UInt8], stream: UInt32) {
        guard let handle = nodes[node].handle(of: Self.peer(other)) else { return }
        post(node, .connection(handle, .data(StreamHandle(inbound: stream), bytes)))
    }

    /// Connections that are open between two nodes.
    func links(_ node: Int, _ other: Int) -> Int {
        wires.count { wire in wire.isOpen && Set(wire.ends.map(\.node)) == [node, other] }
    }
}
