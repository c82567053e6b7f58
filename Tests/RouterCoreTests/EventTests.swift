import Foundation
import NodeProtocol
import RouterCore
import Testing

@Suite("Events")
struct EventTests {
    /// What one subscriber was told, as ranges: events are ranges of one.
    func told(_ sent: [Sent], _ peer: Peer) -> [ClosedRange<UInt64>] {
        sent.filter { $0.peer == peer.data }.compactMap {
            if $0.header.kind == 4 { return $0.header.seq...$0.header.seq }
            guard $0.control == 15 else { return nil }
            let gap = $0.message(Spacenode_Bus_V1_Gap.self)
            return gap.from...gap.to
        }
    }

    func small(_ messages: UInt64) -> (inout Spacenode_Bus_V1_Hello) -> Void {
        {
            var normal = Spacenode_Bus_V1_Window()
            normal.trafficClass = 3
            normal.bytes = 8 << 20
            normal.messages = messages
            $0.windows = [normal]
        }
    }

    @Test("every subscriber gets every event, in order")
    func fanOut() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let readers = (0..<3).map { bus.join("r\($0)") }
        for reader in readers { bus.subscribe(reader) }
        _ = bus.takeSent()
        for seq in 1...5 { bus.publish(publisher, seq: UInt64(seq)) }
        let sent = bus.takeSent()
        for reader in readers { #expect(told(sent, reader) == [1...1, 2...2, 3...3, 4...4, 5...5]) }
        #expect(bus.held.isEmpty)
    }

    @Test("no credit: one gap names all that was left out, before the next event")
    func gap() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let slow = bus.join("slow", change: small(2))
        let quick = bus.join("quick")
        bus.subscribe(slow)
        bus.subscribe(quick)
        for seq in 1...10 { bus.publish(publisher, seq: UInt64(seq)) }
        bus.credit(slow, bytes: 8 << 20, messages: 4)
        bus.publish(publisher, seq: 11)
        let sent = bus.takeSent()
        #expect(told(sent, slow) == [1...1, 2...2, 3...10, 11...11])
        #expect(told(sent, quick).count == 11)
    }

    @Test("a gap at the end is reported without another event")
    func trailingGap() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let slow = bus.join("slow", change: small(2))
        bus.subscribe(slow)
        for seq in 1...6 { bus.publish(publisher, seq: UInt64(seq)) }
        bus.tick(after: 50)
        #expect(told(bus.takeSent(), slow) == [1...1, 2...2])
        bus.credit(slow, bytes: 8 << 20, messages: 3)
        #expect(told(bus.takeSent(), slow) == [3...6])
    }

    @Test("a publisher that dies leaves no gap unreported")
    func publisherLost() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let slow = bus.join("slow", change: small(2))
        bus.subscribe(slow)
        for seq in 1...6 { bus.publish(publisher, seq: UInt64(seq)) }
        bus.send(publisher, 19, Spacenode_Bus_V1_Goodbye(), lane: .data)
        #expect(told(bus.takeSent(), slow) == [1...1, 2...2, 3...6])
    }

    @Test("who comes late, or again, is told what is missing")
    func positions() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let early = bus.join("early")
        bus.subscribe(early)
        for seq in 1...4 { bus.publish(publisher, seq: UInt64(seq)) }
        _ = bus.takeSent()
        let late = bus.join("late")
        bus.subscribe(late)
        #expect(told(bus.takeSent(), late) == [1...4])
        var position = Spacenode_Bus_V1_Position()
        position.publisher = publisher.instance
        position.epoch = publisher.welcome.epoch
        position.seq = 3
        let again = bus.join("again")
        bus.subscribe(again, positions: [position])
        #expect(told(bus.takeSent(), again) == [4...4])
        position.epoch += 9
        let stale = bus.join("stale")
        bus.subscribe(stale, positions: [position])
        #expect(bus.takeSent().contains { $0.peer == stale.data && $0.control == 16 })
    }

    @Test("a hole in a publisher's numbers is a gap, a repetition is refused")
    func publisherSkips() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let reader = bus.join("r")
        bus.subscribe(reader)
        bus.publish(publisher, seq: 1)
        bus.publish(publisher, seq: 4)
        bus.publish(publisher, seq: 4)
        let sent = bus.takeSent()
        #expect(told(sent, reader) == [1...1, 2...3, 4...4])
        #expect(
            sent.contains {
                $0.peer == publisher.control && $0.message(Spacenode_Bus_V1_Notice.self).status == 16
            })
    }

    @Test("topics have their own numbers and filters")
    func keys() {
        let bus = TestBus()
        let publisher = bus.join("p", provides: [64])
        let reader = bus.join("r")
        var subscribe = Spacenode_Bus_V1_Subscribe()
        subscribe.type = 0x0040_0005
        subscribe.topicKey = .init([7])
        bus.send(reader, 12, subscribe)
        _ = bus.takeSent()
        bus.publish(publisher, seq: 1, key: [7])
        bus.publish(publisher, seq: 1, key: [8])
        bus.publish(publisher, seq: 2, key: [7])
        #expect(told(bus.takeSent(), reader) == [1...1, 2...2])
    }

    @Test("who may not publish or read is told so, and topics are bounded")
    func refusals() {
        let bus = TestBus { $0.maxTopicsPerSession = 2 }
        let observer = bus.join("o", role: 13)
        bus.publish(observer, seq: 1)
        #expect(bus.takeSent()[0].message(Spacenode_Bus_V1_Notice.self).status == 8)
        let worker = bus.join("w", role: 8)
        bus.subscribe(worker)
        #expect(bus.takeSent()[0].message(Spacenode_Bus_V1_Subscribed.self).status == 8)
        let publisher = bus.join("p", provides: [64])
        for key in 1...3 { bus.publish(publisher, seq: 1, key: [UInt8(key)]) }
        #expect(bus.takeSent().last?.message(Spacenode_Bus_V1_Notice.self).status == 22)
    }
}
