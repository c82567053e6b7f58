import Foundation
import NodeProtocol
import RouterCore
import Testing

@Suite("Requests")
struct RequestTests {
    @Test("a request reaches the provider unchanged, its reply the caller, once")
    func roundTrip() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let id = bus.request(caller)
        let request = bus.takeSent()[0]
        #expect(
            request.peer == provider.data && request.header.id == id
                && request.header.source == caller.instance)
        bus.reply(provider, to: request)
        let reply = bus.takeSent()[0]
        #expect(reply.peer == caller.data && reply.header.replyTo == id && reply.payload == [9])
        bus.reply(provider, to: request)
        let notice = bus.takeSent()[0]
        #expect(notice.peer == provider.control)
        #expect(notice.message(Spacenode_Bus_V1_Notice.self).status == 25)
    }

    func outcome(_ bus: TestBus, _ caller: Peer) -> UInt32? {
        bus.takeSent().first { $0.peer == caller.control && $0.header.kind == 3 }?.header.status
    }

    @Test("no provider, one that starts, a wrong instance: each has its own answer")
    func noRoute() {
        let bus = TestBus()
        let caller = bus.join("c")
        bus.request(caller)
        #expect(outcome(bus, caller) == 3)
        let provider = bus.join("p", provides: [64])
        var state = Spacenode_Bus_V1_State()
        state.state = 1
        bus.send(provider, 11, state)
        bus.request(caller)
        #expect(outcome(bus, caller) == 4)
        bus.request(caller, to: 12345)
        #expect(outcome(bus, caller) == 3)
        bus.request(caller, to: caller.instance)
        #expect(outcome(bus, caller) == 3)
    }

    @Test("what a role may not send is forbidden, what is in no contract is unknown")
    func forbidden() {
        let bus = TestBus()
        let worker = bus.join("w", role: 8)
        bus.request(worker)
        #expect(outcome(bus, worker) == 8)
        bus.request(worker, type: 0x0fff_0001)
        #expect(outcome(bus, worker) == 13)
    }

    @Test("the deadline is kept in transit: caller and provider are told")
    func expired() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        bus.request(caller, ttl: 300)
        _ = bus.takeSent()
        bus.tick(after: 200)
        #expect(outcome(bus, caller) == nil)
        bus.tick(after: 101)
        let sent = bus.takeSent()
        #expect(sent.contains { $0.peer == caller.control && $0.header.status == 5 })
        #expect(sent.contains { $0.peer == provider.control && $0.control == 9 })
    }

    @Test("a provider without credit: frames wait up to one window, then BUSY")
    func busy() {
        let bus = TestBus()
        let window = 2 * (4 << 20)
        let provider = bus.join("p", provides: [64]) {
            var normal = Spacenode_Bus_V1_Window()
            normal.trafficClass = 3
            normal.bytes = UInt64(window)
            normal.messages = 2
            $0.windows = [normal]
        }
        let caller = bus.join("c")
        for _ in 0..<4 { bus.request(caller) }
        #expect(bus.takeSent().filter { $0.peer == provider.data }.count == 2)
        bus.request(caller)
        let busy = bus.takeSent().first { $0.header.kind == 3 }
        #expect(busy?.header.status == 2)
        #expect((busy?.header.retryAfterMs ?? 0) > 0)
        bus.credit(provider, bytes: UInt64(window), messages: 4)
        #expect(bus.takeSent().filter { $0.peer == provider.data }.count == 2)
        #expect(bus.held.isEmpty)
    }

    @Test("a waiting request that expires makes room")
    func parkedExpires() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64]) {
            var normal = Spacenode_Bus_V1_Window()
            normal.trafficClass = 3
            normal.bytes = 8 << 20
            normal.messages = 2
            $0.windows = [normal]
        }
        let caller = bus.join("c")
        for _ in 0..<4 { bus.request(caller, ttl: 100) }
        bus.tick(after: 150)
        #expect(bus.takeSent().filter { $0.header.status == 5 }.count == 4)
        #expect(bus.held.isEmpty)
        _ = provider
    }

    @Test("a dead provider's callers are told at once, exactly once")
    func peerLost() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let ids = (0..<5).map { _ in bus.request(caller) }
        _ = bus.takeSent()
        bus.core.sendFailed(to: provider.control, lane: .control, isFull: false, now: bus.now)
        bus.tick()
        let lost = bus.takeSent().filter { $0.header.status == 6 }
        #expect(Set(lost.map(\.header.replyTo)) == Set(ids) && lost.count == 5)
    }

    @Test("a dead caller's requests are cancelled at the provider")
    func callerLost() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        bus.request(caller)
        _ = bus.takeSent()
        bus.core.sendFailed(to: caller.data, lane: .data, isFull: false, now: bus.now)
        bus.tick()
        #expect(bus.takeSent().contains { $0.peer == provider.control && $0.control == 9 })
    }

    @Test("an id that does not rise is refused without touching the first request")
    func duplicateID() {
        let bus = TestBus()
        _ = bus.join("p", provides: [64])
        let caller = bus.join("c")
        bus.request(caller)
        _ = bus.takeSent()
        var header = bus.header(caller, kind: 1, type: 0x0040_0001)
        header.id = 1
        bus.dataBytes(caller.data, TestBus.frame(header))
        let sent = bus.takeSent()
        #expect(sent.count == 1 && sent[0].control == 17)
        #expect(sent[0].message(Spacenode_Bus_V1_Notice.self).status == 16)
    }

    @Test("who overruns the credit given is rejected")
    func overrun() {
        let bus = TestBus {
            $0.windows[1] = CreditWindow(bytes: 8 << 20, messages: 4)
        }
        let caller = bus.join("c")
        // Half of the window is granted anew as frames are taken, so only a frame over the bytes overruns.
        bus.request(caller, bytes: (8 << 20) + 1)
        #expect(
            bus.takeSent().contains {
                $0.control == 3 && $0.message(Spacenode_Bus_V1_Reject.self).status == 17
            })
        #expect(bus.core.sessionCount == 0)
    }

    @Test("frames that lie about source, epoch or role are refused")
    func liars() {
        let bus = TestBus()
        _ = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let lies: [(inout Header) -> Void] = [{ $0.source = 5 }, { $0.role = 12 }, { $0.trafficClass = 4 }]
        for (number, lie) in lies.enumerated() {
            var header = bus.header(caller, kind: 1, type: 0x0040_0001)
            header.id = UInt64(number + 1)
            lie(&header)
            bus.dataBytes(caller.data, TestBus.frame(header))
            #expect(outcome(bus, caller) == 15)
        }
        var stale = bus.header(caller, kind: 1, type: 0x0040_0001)
        stale.epoch += 1
        bus.dataBytes(caller.data, TestBus.frame(stale))
        #expect(bus.takeSent()[0].message(Spacenode_Bus_V1_Notice.self).status == 25)
    }
}
