import Foundation
import NodeProtocol
import RouterCore
import SwiftProtobuf

typealias Header = Spacenode_Bus_V1_Header

/// A frame that the router sent, decoded.
struct Sent {
    let peer: UInt32
    let lane: Lane
    let header: Header
    let payload: [UInt8]

    var control: UInt32? { header.kind == 8 ? header.type & 0xffff : nil }

    func message<M: Message>(_ type: M.Type) -> M {
        (try? M(serializedBytes: payload)) ?? M()
    }
}

/// A plugin that the test plays.
struct Peer {
    let control: UInt32
    let data: UInt32
    var welcome = Spacenode_Bus_V1_Welcome()
    let role: UInt32
    var instance: UInt64 { welcome.instance }
}

/// RouterCore with invented connections and a turned clock.
final class TestBus {
    var core: RouterCore
    var now: UInt64 = 1_000_000
    private(set) var sent: [Sent] = []
    private(set) var held: [Int32: [UInt8]] = [:]
    private(set) var discarded: [Int32] = []
    private var nextSlot: Int32 = 0
    private var nextPeer: UInt32 = 100
    private var nextID: UInt64 = 0

    static let tokens: [UInt32: [UInt8]] = Dictionary(
        uniqueKeysWithValues: (2...62).map { ($0, [UInt8](repeating: UInt8($0), count: 32)) })

    init(registry: TypeRegistry = TypeRegistry(), _ change: (inout RouterLimits) -> Void = { _ in }) {
        var limits = RouterLimits()
        change(&limits)
        core = RouterCore(
            limits: limits, registry: registry, tokens: Self.tokens, routerEpoch: 7, firstEpoch: 1000)
    }

    // MARK: - Frames in

    static func frame(_ header: Header, _ payload: [UInt8] = []) -> [UInt8] {
        var envelope = Spacenode_Bus_V1_Envelope()
        envelope.header = header
        envelope.payload = .init(payload)
        return (try? envelope.serializedBytes()) ?? []
    }

    func control(_ peer: UInt32, _ header: Header, _ payload: [UInt8] = [], identity: PeerIdentity = .local) {
        controlBytes(peer, Self.frame(header, payload), identity: identity)
    }

    func controlBytes(_ peer: UInt32, _ bytes: [UInt8], identity: PeerIdentity = .local) {
        bytes.withUnsafeBytes {
            core.receiveControl($0, from: peer, identity: identity, random: (now, 42), now: now)
        }
        carryOut()
    }

    @discardableResult
    func dataBytes(_ peer: UInt32, _ bytes: [UInt8], identity: PeerIdentity = .local) -> Int32 {
        nextSlot += 1
        held[nextSlot] = bytes
        bytes.withUnsafeBytes {
            if !core.receiveData($0, slot: nextSlot, from: peer, now: now) {
                core.receiveStranger($0, slot: nextSlot, from: peer, identity: identity, now: now)
            }
        }
        carryOut()
        return nextSlot
    }

    func tick(after milliseconds: UInt64 = 0) {
        now += milliseconds
        core.tick(now: now)
        carryOut()
    }

    func takeSent() -> [Sent] {
        defer { sent = [] }
        return sent
    }

    private func carryOut() {
        for index in core.outbox.actions.indices {
            let action = core.outbox.actions[index]
            switch action.kind {
            case .forward: record(action, held.removeValue(forKey: action.slot) ?? [])
            case .forwardCopy: record(action, held[action.slot] ?? [])
            case .discard:
                discarded.append(action.slot)
                held[action.slot] = nil
            case .send: record(action, [UInt8](core.outbox.bytes(of: action)))
            }
        }
        core.outbox.clear()
    }

    private func record(_ action: Action, _ bytes: [UInt8]) {
        guard let envelope = try? Spacenode_Bus_V1_Envelope(serializedBytes: bytes) else { return }
        sent.append(
            Sent(
                peer: action.peer, lane: action.lane, header: envelope.header,
                payload: [UInt8](envelope.payload)))
    }

    // MARK: - A plugin's side

    func header(_ peer: Peer, kind: UInt32, type: UInt32, trafficClass: UInt32 = 3) -> Header {
        var header = Header()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = peer.instance
        header.epoch = peer.welcome.epoch
        header.role = peer.role
        header.trafficClass = trafficClass
        return header
    }

    func hello(
        _ name: String, role: UInt32 = 15, provides: [UInt32] = [], requires: [UInt32] = [],
        change: (inout Spacenode_Bus_V1_Hello) -> Void = { _ in }
    ) -> Spacenode_Bus_V1_Hello {
        var hello = Spacenode_Bus_V1_Hello()
        hello.name = .init(name.utf8)
        hello.role = role
        hello.token = .init(Self.tokens[role] ?? [])
        hello.provides = provides.map(range)
        hello.requires = requires.map(range)
        change(&hello)
        return hello
    }

    private func range(_ contract: UInt32) -> Spacenode_Bus_V1_ContractRange {
        var range = Spacenode_Bus_V1_ContractRange()
        range.contract = contract
        range.minorMax = contract == 64 ? 2 : 0
        return range
    }

    /// Sends HELLO and returns what came back.
    func greet(_ hello: Spacenode_Bus_V1_Hello, peer: UInt32? = nil, identity: PeerIdentity = .local) -> (
        UInt32, [Sent]
    ) {
        nextPeer += 1
        let connection = peer ?? nextPeer
        var header = Header()
        header.wire = 1
        header.kind = 8
        header.type = 1 << 16 | 1
        control(connection, header, (try? hello.serializedBytes()) ?? [], identity: identity)
        return (connection, takeSent())
    }

    /// A whole session: HELLO, ATTACH, READY.
    func join(
        _ name: String, role: UInt32 = 15, provides: [UInt32] = [], requires: [UInt32] = [],
        identity: PeerIdentity = .local, change: (inout Spacenode_Bus_V1_Hello) -> Void = { _ in }
    ) -> Peer {
        let hello = hello(name, role: role, provides: provides, requires: requires, change: change)
        let (connection, answers) = greet(hello, identity: identity)
        nextPeer += 1
        var peer = Peer(control: connection, data: nextPeer, role: role)
        peer.welcome = answers.first { $0.control == 2 }?.message(Spacenode_Bus_V1_Welcome.self) ?? .init()
        var attach = Spacenode_Bus_V1_Attach()
        attach.session = peer.welcome.session
        attach.attachToken = peer.welcome.attachToken
        send(peer, 4, attach, lane: .data, identity: identity)
        var state = Spacenode_Bus_V1_State()
        state.state = 2
        send(peer, 11, state)
        _ = takeSent()
        return peer
    }

    func send<M: Message>(
        _ peer: Peer, _ number: UInt32, _ message: M, lane: Lane = .control, identity: PeerIdentity = .local
    ) {
        let header = header(peer, kind: 8, type: 1 << 16 | number, trafficClass: 0)
        let payload: [UInt8] = (try? message.serializedBytes()) ?? []
        if lane == .control {
            control(peer.control, header, payload)
        } else {
            dataBytes(peer.data, Self.frame(header, payload), identity: identity)
        }
    }

    @discardableResult
    func request(
        _ peer: Peer, type: UInt32 = 0x0040_0001, to dest: UInt64 = 0, bytes: Int = 10, ttl: UInt32 = 0
    ) -> UInt64 {
        nextID += 1
        var header = header(peer, kind: 1, type: type)
        header.id = nextID
        header.dest = dest
        header.ttlMs = ttl
        dataBytes(peer.data, Self.frame(header, [UInt8](repeating: 1, count: bytes)))
        return nextID
    }

    func reply(_ peer: Peer, to request: Sent) {
        var header = header(peer, kind: 2, type: request.header.type)
        header.dest = request.header.source
        header.replyTo = request.header.id
        dataBytes(peer.data, Self.frame(header, [9]))
    }

    func publish(_ peer: Peer, seq: UInt64, key: [UInt8] = [], bytes: Int = 10) {
        var header = header(peer, kind: 4, type: 0x0040_0005)
        header.seq = seq
        header.topicKey = .init(key)
        dataBytes(peer.data, Self.frame(header, [UInt8](repeating: 2, count: bytes)))
    }

    func subscribe(_ peer: Peer, positions: [Spacenode_Bus_V1_Position] = []) {
        var subscribe = Spacenode_Bus_V1_Subscribe()
        subscribe.type = 0x0040_0005
        subscribe.positions = positions
        send(peer, 12, subscribe)
    }

    func credit(_ peer: Peer, bytes: UInt64, messages: UInt64, trafficClass: UInt32 = 3) {
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = trafficClass
        credit.bytes = bytes
        credit.messages = messages
        send(peer, 8, credit)
    }
}
