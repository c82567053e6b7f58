/// What goes out at the end of one call: messages at once, each in an RPC of its own so that it can be withdrawn; all
/// control for a peer in one RPC.
struct Outbox: Sendable {
    private(set) var actions: [GossipAction] = []
    private var controls: [PeerHandle: GossipRPC] = [:]

    mutating func add(_ action: GossipAction) { actions.append(action) }

    mutating func subscribe(_ topic: TopicName, isWanted: Bool, to peer: PeerHandle) {
        controls[peer, default: GossipRPC()].subscriptions.append(.init(topic, isWanted: isWanted))
    }

    mutating func have(_ topic: TopicName, _ ids: [MessageID], to peer: PeerHandle) {
        guard !ids.isEmpty else { return }
        var rpc = controls.removeValue(forKey: peer) ?? GossipRPC()
        if let place = rpc.have.firstIndex(where: { $0.topic == topic }),
            rpc.have[place].ids.count + ids.count <= GossipWireLimit.ids
        {
            rpc.have[place].ids += ids
        } else {
            rpc.have.append(.init(topic, ids))
        }
        controls[peer] = rpc
    }

    mutating func want(_ ids: [MessageID], of peer: PeerHandle) {
        guard !ids.isEmpty else { return }
        controls[peer, default: GossipRPC()].want += ids
    }

    mutating func dontWant(_ id: MessageID, to peer: PeerHandle) {
        controls[peer, default: GossipRPC()].dontWant.append(id)
    }

    mutating func graft(_ topic: TopicName, _ peer: PeerHandle) {
        controls[peer, default: GossipRPC()].graft.append(topic)
    }

    mutating func prune(_ prune: GossipRPC.Prune, _ peer: PeerHandle) {
        controls[peer, default: GossipRPC()].prune.append(prune)
    }

    mutating func forget(_ peer: PeerHandle) { controls[peer] = nil }

    /// All actions.
    /// - Returns: and the bytes of control that are in them.
    mutating func flush() -> (actions: [GossipAction], controlBytes: UInt64) {
        var bytes: UInt64 = 0
        for (peer, rpc) in controls.sorted(by: { $0.key < $1.key }) {
            for part in rpc.parts {
                let encoded = part.bytes
                bytes += UInt64(encoded.count)
                actions.append(.send(peer, encoded, .control, message: nil))
            }
        }
        controls.removeAll(keepingCapacity: true)
        defer { actions = [] }
        return (actions, bytes)
    }
}

extension GossipRPC {
    /// Itself, or several where it would be over a limit of a receiver like us.
    fileprivate var parts: [GossipRPC] {
        var parts: [GossipRPC] = []
        var rest = self
        repeat {
            var part = GossipRPC()
            part.subscriptions = Self.take(GossipWireLimit.subscriptions, &rest.subscriptions)
            part.have = Self.take(GossipWireLimit.controls / 16, &rest.have)
            part.want = Self.take(GossipWireLimit.ids, &rest.want)
            part.graft = Self.take(GossipWireLimit.controls, &rest.graft)
            // A PRUNE with records has up to 34 kB.
            part.prune = Self.take(GossipWireLimit.controls / 8, &rest.prune)
            part.dontWant = Self.take(GossipWireLimit.dontWants, &rest.dontWant)
            parts.append(part)
        } while !rest.isEmpty
        return parts
    }

    private static func take<Element>(_ most: Int, _ list: inout [Element]) -> [Element] {
        guard list.count > most else {
            defer { list = [] }
            return list
        }
        defer { list.removeFirst(most) }
        return Array(list.prefix(most))
    }
}
