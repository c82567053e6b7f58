import Foundation
import NodeProtocol
import RouterCore
import Testing

@Suite("Streams")
struct StreamTests {
    let bus = TestBus()
    let count: UInt32 = 0x0040_0002
    let sum: UInt32 = 0x0040_0003

    func open(_ caller: Peer, type: UInt32, allow items: UInt64 = 0, ttl: UInt32 = 0) {
        var header = bus.header(caller, kind: 5, type: type, trafficClass: 4)
        header.id = 1
        header.seq = items
        header.ttlMs = ttl
        bus.dataBytes(caller.data, TestBus.frame(header))
    }

    func item(_ peer: Peer, type: UInt32, seq: UInt64, dest: UInt64, kind: UInt32 = 6) {
        var header = bus.header(peer, kind: kind, type: type, trafficClass: 4)
        header.dest = dest
        header.replyTo = 1
        header.seq = seq
        header.status = kind == 7 ? 1 : 0
        bus.dataBytes(peer.data, TestBus.frame(header, [1, 2, 3]))
    }

    func allow(_ peer: Peer, opener: Peer, _ items: UInt64) {
        var credit = Spacenode_Bus_V1_StreamCredit()
        credit.opener = opener.instance
        credit.id = 1
        credit.items = items
        bus.send(peer, 18, credit)
    }

    @Test("items flow as allowed, the end is the outcome")
    func down() {
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        open(caller, type: count, allow: 2)
        item(provider, type: count, seq: 1, dest: caller.instance)
        item(provider, type: count, seq: 2, dest: caller.instance)
        allow(caller, opener: caller, 3)
        item(provider, type: count, seq: 3, dest: caller.instance)
        item(provider, type: count, seq: 3, dest: caller.instance, kind: 7)
        let sent = bus.takeSent()
        #expect(sent.filter { $0.peer == caller.data && $0.header.kind == 6 }.count == 3)
        #expect(sent.contains { $0.peer == provider.control && $0.control == 18 })
        #expect(sent.last?.header.kind == 7 && sent.last?.header.status == 1)
        item(provider, type: count, seq: 4, dest: caller.instance)
        #expect(bus.takeSent()[0].message(Spacenode_Bus_V1_Notice.self).status == 25)
    }

    @Test("items over the credit, and skipped ones, end the stream for both")
    func overrun() {
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        open(caller, type: count, allow: 1)
        item(provider, type: count, seq: 1, dest: caller.instance)
        item(provider, type: count, seq: 2, dest: caller.instance)
        let ends = bus.takeSent().filter { $0.header.kind == 7 }
        #expect(ends.map(\.header.status) == [17, 17])
        #expect(ends.first { $0.peer == caller.control }?.header.seq == 1)
    }

    @Test("an upload ends with the provider's word")
    func up() {
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        open(caller, type: sum)
        allow(provider, opener: caller, 2)
        item(caller, type: sum, seq: 1, dest: 0)
        item(caller, type: sum, seq: 2, dest: 0)
        item(caller, type: sum, seq: 2, dest: 0, kind: 7)
        #expect(bus.takeSent().filter { $0.peer == provider.data }.map(\.header.kind) == [5, 6, 6, 7])
        item(provider, type: sum, seq: 0, dest: caller.instance, kind: 7)
        #expect(bus.takeSent().last?.peer == caller.data)
    }

    @Test("a dead end, silence and cancel each end it once")
    func ends() {
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        open(caller, type: count, allow: 5)
        item(provider, type: count, seq: 1, dest: caller.instance)
        _ = bus.takeSent()
        bus.send(provider, 19, Spacenode_Bus_V1_Goodbye(), lane: .data)
        let ends = bus.takeSent().filter { $0.header.kind == 7 }
        #expect(ends.count == 1 && ends[0].header.status == 18 && ends[0].header.seq == 1)
    }

    @Test("silence ends a stream with EXPIRED")
    func silence() {
        _ = bus.join("p", provides: [64])
        let caller = bus.join("c")
        open(caller, type: count, allow: 5, ttl: 500)
        bus.tick(after: 499)
        #expect(!bus.takeSent().contains { $0.header.kind == 7 })
        bus.tick(after: 2)
        #expect(bus.takeSent().filter { $0.header.status == 5 }.count == 2)
    }
}
