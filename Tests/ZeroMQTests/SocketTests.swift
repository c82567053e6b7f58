import Foundation
import Testing
import ZeroMQ

@Suite("ZeroMQ")
struct SocketTests {
    let context: Context
    let endpoint = "inproc://\(UUID().uuidString)"

    init() throws {
        context = try Context()
    }

    /// Receives within a second.
    func receive(_ socket: borrowing Socket) throws -> [UInt8]? {
        var message = Message()
        for _ in 0..<1000 {
            if try socket.receive(into: &message) { return message.bytes }
            usleep(1000)
        }
        return nil
    }

    @Test("a frame sent is a frame received")
    func roundTrip() throws {
        let left = try Socket(context, .pair)
        try left.bind(endpoint)
        let right = try Socket(context, .pair)
        try right.connect(endpoint)
        var message = Message([1, 2, 3])
        #expect(try right.send(&message) == .sent)
        #expect(try receive(left) == [1, 2, 3])
        var empty = Message()
        #expect(try !left.receive(into: &empty))
    }

    @Test("a mandatory ROUTER says when there is no such peer")
    func unreachable() throws {
        let router = try Socket(context, .router)
        try router.set(.routerMandatory, 1)
        try router.bind(endpoint)
        var slab = MessageSlab(capacity: 1)
        let outcome = try [UInt8]([1]).withUnsafeBytes { try slab.send(bytes: $0, to: 77, on: router) }
        #expect(outcome == .unreachable)
    }

    @Test("a slab grows while frames are held, and gives each its own bytes")
    func slab() throws {
        let router = try Socket(context, .router)
        try router.set(.routerMandatory, 1)
        try router.bind(endpoint)
        let dealer = try Socket(context, .dealer)
        try dealer.connect(endpoint)
        var slab = MessageSlab(capacity: 2)
        var slots: [(slot: Int32, peer: UInt32)] = []
        for number in 0..<9 {
            var message = Message([UInt8](repeating: UInt8(number), count: 100))
            #expect(try dealer.send(&message) == .sent)
            while true {
                if let arrival = try slab.receive(router) {
                    slots.append((arrival.slot, arrival.peer))
                    break
                }
            }
        }
        #expect(slab.held == 9)
        for (number, held) in slots.enumerated() { #expect(slab.bytes(held.slot).first == UInt8(number)) }
        #expect(try slab.send(slots[0].slot, to: slots[0].peer, on: router, keeping: true) == .sent)
        #expect(try slab.send(slots[0].slot, to: slots[0].peer, on: router) == .sent)
        #expect(try receive(dealer)?.count == 100)
        #expect(try receive(dealer)?.count == 100)
        for held in slots.dropFirst() { slab.discard(held.slot) }
        #expect(slab.held == 0)
    }

    @Test("more than one frame behind the routing id is refused whole")
    func multipart() throws {
        let router = try Socket(context, .router)
        try router.bind(endpoint)
        let dealer = try Socket(context, .dealer)
        try dealer.connect(endpoint)
        var slab = MessageSlab(capacity: 2)
        for more in [true, false] {
            var message = Message([1])
            _ = try dealer.send(&message, more: more)
        }
        var single = Message([2])
        _ = try dealer.send(&single)
        var arrivals: [Bool] = []
        while arrivals.count < 2 {
            guard let arrival = try slab.receive(router) else { continue }
            arrivals.append(arrival.isWhole)
            slab.discard(arrival.slot)
        }
        #expect(arrivals == [false, true])
    }

    @Test("a poller wakes for what came after the socket was read empty, and sleeps when it was read")
    func poller() throws {
        let left = try Socket(context, .pair)
        try left.bind(endpoint)
        let right = try Socket(context, .pair)
        try right.connect(endpoint)
        var poller = Poller(capacity: 1)
        let entry = try poller.add(left)
        for number in UInt8(1)...3 {
            var message = Message()
            while try left.receive(into: &message) {}
            #expect(try !poller.wait(timeoutMilliseconds: 1) && !poller.isReadable(entry))
            var frame = Message([number])
            #expect(try right.send(&frame) == .sent)
            #expect(try poller.wait(timeoutMilliseconds: 5000) && poller.isReadable(entry))
            #expect(try receive(left) == [number])
        }
    }

    @Test("an address in use is told apart")
    func addressInUse() throws {
        let first = try Socket(context, .router)
        try first.bind(endpoint)
        let second = try Socket(context, .router)
        do {
            try second.bind(endpoint)
            Issue.record("the second bind worked")
        } catch {
            #expect(error.isAddressInUse)
        }
    }

    @Test("CURVE keys are 40 characters that decode to 32 bytes")
    func keys() throws {
        let pair = try CurveKeyPair.generate()
        #expect(pair.publicKey.count == 40 && pair.secretKey.count == 40)
        #expect(try CurveKeyPair.from(secretKey: pair.secretKey).publicKey == pair.publicKey)
        let bytes = CurveKeyPair.bytes(z85: pair.publicKey)
        #expect(bytes?.count == 32)
        #expect(bytes.flatMap(CurveKeyPair.z85) == pair.publicKey)
        #expect(CurveKeyPair.bytes(z85: "short") == nil)
        #expect(CurveKeyPair.bytes(z85: String(repeating: "~", count: 40)) == nil)
        #expect(CurveKeyPair.z85([1]) == nil)
    }

    @Test("a monitor reports that a connection was made and lost")
    func monitor() throws {
        let path = NSTemporaryDirectory() + "zmq-\(UUID().uuidString.prefix(8)).sock"
        let dealer = try Socket(context, .dealer)
        try dealer.set(.linger, 0)
        let monitor = try Monitor(dealer, context: context, name: path)
        try serveOnce(path, dealer, monitor)
        #expect(try next(monitor) == .disconnected)
    }

    private func serveOnce(_ path: String, _ dealer: borrowing Socket, _ monitor: borrowing Monitor) throws {
        let router = try Socket(context, .router)
        try router.set(.linger, 0)
        try router.bind("ipc://\(path)")
        try dealer.connect("ipc://\(path)")
        #expect(try next(monitor) == .established)
    }

    private func next(_ monitor: borrowing Monitor) throws -> ConnectionEvent? {
        for _ in 0..<2000 {
            if let event = try monitor.next() { return event }
            usleep(1000)
        }
        return nil
    }
}
