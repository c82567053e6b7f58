import Foundation
import NodeProtocol
import RouterCore
import SwiftProtobuf
import Testing

@Suite("Sessions")
struct SessionTests {
    @Test("HELLO is answered with WELCOME, windows and a token")
    func welcome() {
        let bus = TestBus()
        let (_, sent) = bus.greet(bus.hello("a", provides: [64]))
        let welcome = sent[0].message(Spacenode_Bus_V1_Welcome.self)
        #expect(sent[0].control == 2)
        #expect(welcome.attachToken.count == 16)
        #expect(welcome.windows.map(\.trafficClass) == [2, 3, 4])
        #expect(welcome.instance != 0 && welcome.instance != 1)
    }

    @Test("the same name is the same instance, another role another one")
    func instances() {
        let bus = TestBus()
        let first = bus.join("a")
        let second = bus.join("a", role: 12)
        let again = bus.join("a")
        #expect(first.instance == again.instance)
        #expect(first.instance != second.instance)
        #expect(first.welcome.epoch != again.welcome.epoch)
    }

    @Test("the newest session wins and the old process is told")
    func superseded() {
        let bus = TestBus()
        let old = bus.join("a")
        let (_, sent) = bus.greet(bus.hello("a"))
        let reject = sent.first { $0.peer == old.control && $0.control == 3 }?.message(
            Spacenode_Bus_V1_Reject.self)
        #expect(reject?.status == 19)
        #expect(reject?.permanent == true)
        #expect(sent.contains { $0.control == 2 })
        bus.request(old)
        #expect(bus.takeSent().first?.message(Spacenode_Bus_V1_Notice.self).status == 14)
    }

    struct Refusal: Sendable {
        let name: String
        let status: UInt32
        let change: @Sendable (inout Spacenode_Bus_V1_Hello) -> Void
    }

    static let refusals: [Refusal] = [
        Refusal(name: "token", status: 20) { $0.token = .init(repeating: 9, count: 32) },
        Refusal(name: "no token", status: 20) { $0.token = .init() },
        Refusal(name: "role", status: 8) { $0.role = 61 },
        Refusal(name: "router's role", status: 8) { $0.role = 1 },
        Refusal(name: "name", status: 15) { $0.name = .init("A b".utf8) },
        Refusal(name: "no name", status: 15) { $0.name = .init() },
        Refusal(name: "contract", status: 13) { $0.provides[0].contract = 999 },
        Refusal(name: "may not provide", status: 8) { $0.provides[0].contract = 1 },
        Refusal(name: "schema", status: 11) { $0.provides[0].schema = 1 },
        Refusal(name: "bus minor", status: 10) { $0.busMinorMin = 1 },
        Refusal(name: "window", status: 15) {
            var window = Spacenode_Bus_V1_Window()
            window.trafficClass = 3
            window.bytes = 100
            window.messages = 10
            $0.windows = [window]
        },
    ]

    @Test("each bad HELLO has its own refusal", arguments: refusals)
    func refused(_ refusal: Refusal) {
        let bus = TestBus()
        let (_, sent) = bus.greet(bus.hello("a", provides: [64], change: refusal.change))
        let reject = sent[0].message(Spacenode_Bus_V1_Reject.self)
        #expect(sent[0].control == 3)
        #expect(reject.status == refusal.status, "\(refusal.name)")
        #expect(!reject.text.isEmpty)
        #expect(bus.core.sessionCount == 0)
    }

    @Test("ranges that do not meet are refused on both sides, with both ranges")
    func versions() {
        let bus = TestBus()
        _ = bus.join("provider", provides: [64])
        let (_, sent) = bus.greet(
            bus.hello("caller", requires: [64]) {
                $0.requires[0].minorMin = 3
                $0.requires[0].minorMax = 3
            })
        let reject = sent[0].message(Spacenode_Bus_V1_Reject.self)
        #expect(reject.status == 10)
        #expect(reject.offeredMax == 2)
        #expect(reject.neededMin == 3)
    }

    @Test("a key has one holder")
    func heldKey() {
        let bus = TestBus()
        _ = bus.join("one") { $0.heldKeys = [.init(repeating: 5, count: 32)] }
        let (_, sent) = bus.greet(bus.hello("two") { $0.heldKeys = [.init(repeating: 5, count: 32)] })
        #expect(sent[0].message(Spacenode_Bus_V1_Reject.self).status == 21)
        let (_, again) = bus.greet(bus.hello("one") { $0.heldKeys = [.init(repeating: 5, count: 32)] })
        #expect(again.contains { $0.control == 2 })
    }

    @Test("over CURVE the key decides the role, and its removal ends the session")
    func curve() {
        let bus = TestBus()
        let identity = PeerIdentity(curveRole: 8, curveInstance: 77)
        let (_, refused) = bus.greet(bus.hello("w", role: 15), identity: identity)
        #expect(refused[0].message(Spacenode_Bus_V1_Reject.self).status == 20)
        let worker = bus.join("w", role: 8, identity: identity)
        #expect(worker.instance == 77)
        bus.core.machinesChanged([77: 8], now: bus.now)
        #expect(bus.core.sessionCount == 1)
        bus.core.machinesChanged([:], now: bus.now)
        #expect(bus.core.sessionCount == 0)
    }

    @Test("limits on sessions and windows refuse the next HELLO")
    func limits() {
        let bus = TestBus { $0.maxSessions = 1 }
        _ = bus.join("one")
        #expect(bus.greet(bus.hello("two")).1[0].message(Spacenode_Bus_V1_Reject.self).status == 22)
        let small = TestBus { $0.maxWindowBytes = 1 << 20 }
        #expect(small.greet(small.hello("one")).1[0].message(Spacenode_Bus_V1_Reject.self).status == 22)
    }

    @Test("silence ends a session after ten seconds, any frame keeps it")
    func silence() {
        let bus = TestBus()
        let quiet = bus.join("quiet")
        let lively = bus.join("lively")
        for _ in 0..<11 {
            bus.tick(after: 1000)
            bus.send(lively, 7, Spacenode_Bus_V1_Pong())
        }
        #expect(bus.core.sessionCount == 1)
        let sent = bus.takeSent()
        #expect(sent.contains { $0.peer == quiet.control && $0.control == 3 })
        #expect(sent.filter { $0.peer == lively.control && $0.control == 6 }.count >= 10)
    }

    @Test("a session without ATTACH ends after two seconds")
    func unattached() {
        let bus = TestBus()
        _ = bus.greet(bus.hello("a"))
        bus.tick(after: 1900)
        #expect(bus.core.sessionCount == 1)
        bus.tick(after: 200)
        #expect(bus.core.sessionCount == 0)
    }

    @Test("ATTACH needs the token of its session")
    func attachToken() {
        let bus = TestBus()
        let peer = bus.join("a")
        var attach = Spacenode_Bus_V1_Attach()
        attach.session = peer.welcome.session
        attach.attachToken = .init(repeating: 0, count: 16)
        bus.dataBytes(
            999,
            TestBus.frame(bus.header(peer, kind: 8, type: 1 << 16 | 4), (try? attach.serializedBytes()) ?? [])
        )
        #expect(bus.takeSent()[0].message(Spacenode_Bus_V1_Notice.self).status == 14)
    }

    @Test("GOODBYE ends the session at once")
    func goodbye() {
        let bus = TestBus()
        let peer = bus.join("a")
        bus.send(peer, 19, Spacenode_Bus_V1_Goodbye(), lane: .data)
        #expect(bus.core.sessionCount == 0)
    }
}
