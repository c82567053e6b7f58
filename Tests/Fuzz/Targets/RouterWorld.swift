import BusWire
import NodeProtocol
import RouterCore
import SwiftProtobuf

/// `RouterCore` with two plugins and a stranger.
///
/// Besides not trapping, it must let go of every data frame exactly once, and send frames that can be read.
struct RouterWorld: ~Copyable {
    /// The connections: two plugins with both lanes, and a stranger's two.
    enum Peer {
        static let control: [UInt32] = [11, 21, 31]
        static let data: [UInt32] = [12, 22, 32]
    }

    /// What a step does; the wire value is taken modulo the count.
    enum Operation: UInt8, CaseIterable {
        case firstControl, firstData, secondControl, secondData, strangerControl, strangerData
        case time, lost
    }

    static let role: UInt32 = 15
    static let token = [UInt8](repeating: 15, count: 32)
    private static let registry = TypeRegistry()

    private var core: RouterCore
    private var now: UInt64 = 1_000_000
    private var held: Set<Int32> = []
    private var nextSlot: Int32 = 0
    private(set) var welcomes: [Spacenode_Bus_V1_Welcome] = []

    init() {
        var limits = RouterLimits()
        limits.maxOpenRequests = 8
        limits.maxSessions = 4
        limits.maxTopicsPerSession = 4
        limits.maxSubscriptionsPerSession = 4
        limits.deadLetters = 4
        limits.trafficBytes = 1024
        core = RouterCore(
            limits: limits, registry: Self.registry, tokens: [Self.role: Self.token, 12: Self.token],
            routerEpoch: 7, firstEpoch: 1000)
        join(0, name: "first")
        join(1, name: "second")
    }

    static func run(_ input: UnsafeRawBufferPointer) {
        var world = RouterWorld()
        var steps = StepReader(input)
        while let step = steps.next() { world.take(step.operation, step.bytes) }
        world.finish()
    }

    private mutating func take(_ operation: UInt8, _ bytes: UnsafeRawBufferPointer) {
        let count = UInt8(Operation.allCases.count)
        guard let operation = Operation(rawValue: operation % count) else { return }
        switch operation {
        case .firstControl: control(0, bytes)
        case .secondControl: control(1, bytes)
        case .strangerControl: control(2, bytes)
        case .firstData: data(0, bytes)
        case .secondData: data(1, bytes)
        case .strangerData: data(2, bytes)
        case .time:
            now += number(bytes)
            core.tick(now: now)
            carryOut()
        case .lost:
            let which = number(bytes)
            let lane: Lane = which & 1 == 0 ? .control : .data
            let peers = lane == .control ? Peer.control : Peer.data
            core.sendFailed(to: peers[Int(which >> 1) % 3], lane: lane, isFull: which & 8 != 0, now: now)
            carryOut()
        }
    }

    private mutating func control(_ peer: Int, _ bytes: UnsafeRawBufferPointer) {
        core.receiveControl(
            bytes, from: Peer.control[peer], identity: .local, random: (1, UInt64(peer)), now: now)
        carryOut()
    }

    private mutating func data(_ peer: Int, _ bytes: UnsafeRawBufferPointer) {
        nextSlot += 1
        held.insert(nextSlot)
        if !core.receiveData(bytes, slot: nextSlot, from: Peer.data[peer], now: now) {
            core.receiveStranger(
                bytes, slot: nextSlot, from: Peer.data[peer], identity: .local, now: now)
        }
        carryOut()
    }

    /// Does what the core asks for, and checks that it may.
    private mutating func carryOut() {
        for index in core.outbox.actions.indices {
            let action = core.outbox.actions[index]
            switch action.kind {
            case .forward, .discard:
                precondition(held.remove(action.slot) != nil, "slot \(action.slot) was let go twice")
            case .forwardCopy: precondition(held.contains(action.slot), "slot \(action.slot) is gone")
            case .send: read(core.outbox.bytes(of: action))
            }
        }
        core.outbox.clear()
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard let header = try? FrameHeader(frame: bytes) else {
            preconditionFailure("sent what is no frame")
        }
        guard header.kind == 8, header.type == 1 << 16 | 2 else { return }
        let payload = [UInt8](bytes[header.payloadOffset..<header.payloadOffset + header.payloadCount])
        guard let welcome = try? Spacenode_Bus_V1_Welcome(serializedBytes: payload) else {
            preconditionFailure("sent a WELCOME that cannot be read")
        }
        welcomes.append(welcome)
    }

    /// When all sessions are over, no frame may be left behind.
    private mutating func finish() {
        for peer in Peer.control { core.sendFailed(to: peer, lane: .control, isFull: false, now: now) }
        carryOut()
        precondition(core.sessionCount == 0, "a session outlives its connection")
        precondition(held.isEmpty, "\(held.count) frames were never let go")
    }

    // MARK: - Sessions to begin with

    private mutating func join(_ peer: Int, name: String) {
        RouterSeeds.hello(name, messages: 3).withUnsafeBytes { control(peer, $0) }
        guard let welcome = welcomes.last else { preconditionFailure("no WELCOME") }
        RouterSeeds.attach(welcome).withUnsafeBytes { data(peer, $0) }
        RouterSeeds.control(welcome, 11, RouterSeeds.ready()).withUnsafeBytes { control(peer, $0) }
    }
}
