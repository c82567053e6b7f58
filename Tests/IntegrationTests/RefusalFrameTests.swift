import Foundation
import NodeBus
import NodeProtocol
import SwiftProtobuf
import Testing

private typealias Status = BusError.Code

/// Refusals of HELLO and of frames, over ipc and over CURVE, with plugins made of bare sockets.
@Suite("Refusals of frames", .serialized)
struct RefusalFrameTests {
    private static let example: UInt32 = 15

    /// A router and two ways of being the plugin `one` and `two` of role example.
    private func ways() throws -> (router: TestRouter, ways: [(RawPlugin.Way, RawPlugin.Way)]) {
        let one = try MachineKey()
        let two = try MachineKey()
        let router = try TestRouter(
            tcp: true, machines: [("one", "example", one.publicKey), ("two", "example", two.publicKey)])
        let ipc = RawPlugin.Way.ipc(folder: router.run)
        func tcp(_ key: MachineKey) -> RawPlugin.Way {
            .tcp(port: router.port, serverKey: router.publicKey, secretKey: key.secretKey)
        }
        return (router, [(ipc, ipc), (tcp(one), tcp(two))])
    }

    private func reject(_ frame: RawPlugin.Frame?) throws -> Spacenode_Bus_V1_Reject {
        let frame = try #require(frame, "no answer within a second")
        #expect(frame.control == 3)
        return frame.message(Spacenode_Bus_V1_Reject.self)
    }

    private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

    @Test("old contract version: VERSION with both ranges")
    func version() throws {
        let (router, ways) = try ways()
        for (one, two) in ways {
            let provider = try RawPlugin(one)
            let welcome = try provider.greet("one", role: Self.example) {
                $0.provides = [.with { ($0.contract, $0.minorMin, $0.minorMax) = (64, 2, 2) }]
            }
            #expect(welcome?.control == 2)
            let old = try reject(
                try RawPlugin(two).greet("two", role: Self.example) {
                    $0.requires = [.with { ($0.contract, $0.minorMax) = (64, 1) }]
                })
            #expect(old.status == Status.version.rawValue && old.permanent && old.contract == 64)
            #expect(old.offeredMin == 2 && old.offeredMax == 2 && old.neededMin == 0 && old.neededMax == 1)
            #expect(text(old.text).contains("you need minor 0 to 1, one offers 2 to 2: update the older"))
            let schema = try reject(
                try RawPlugin(two).greet("two", role: Self.example) {
                    $0.provides = [.with { ($0.contract, $0.minorMax, $0.schema) = (2, 0, 1) }]
                })
            #expect(schema.status == Status.schema.rawValue && text(schema.text).contains("same Protos/"))
        }
        withExtendedLifetime(router) {}
    }

    @Test("second holder of a listed key: KEY_HELD names the holder")
    func keyHeld() throws {
        let (router, ways) = try ways()
        for (index, (one, two)) in ways.enumerated() {
            // Not the same key on both ways: the first session may still be alive.
            let key = Data(repeating: UInt8(index + 1), count: 32)
            let free = Data(repeating: UInt8(index + 9), count: 32)
            let holder = try RawPlugin(one)
            #expect(try holder.greet("one", role: Self.example) { $0.heldKeys = [key] }?.control == 2)
            let second = try RawPlugin(two)
            let held = try reject(try second.greet("two", role: Self.example) { $0.heldKeys = [key] })
            #expect(held.status == Status.keyHeld.rawValue && held.permanent)
            #expect(text(held.text).contains("is held by one: stop that holder first"))
            #expect(try second.greet("two", role: Self.example) { $0.heldKeys = [free] }?.control == 2)
        }
        withExtendedLifetime(router) {}
    }

    @Test("oversize frames: TOO_LARGE with limit and size, HELLO and request alike")
    func oversize() throws {
        let (router, ways) = try ways()
        for (one, _) in ways {
            let plugin = try RawPlugin(one)
            let hello = try reject(
                try plugin.greet("one", role: Self.example) { $0.token = Data(repeating: 0, count: 5000) })
            #expect(
                hello.status == Status.tooLarge.rawValue && text(hello.text).contains("HELLO is over 4096"))
            #expect(try plugin.greet("one", role: Self.example)?.control == 2)
            #expect(try plugin.attach())
            var header = plugin.header(kind: 1, type: 0x40_0001)
            header.id = 1
            header.trafficClass = 3
            // Over the contract's limit, within what the sockets pass.
            try plugin.send(header, Data(repeating: 1, count: 4 << 20))
            let answer = try plugin.receive { $0.header.kind == 3 && $0.header.replyTo == 1 }
            let frame = try #require(answer, "no ERROR within a second")
            let fault = frame.message(Spacenode_Bus_V1_Fault.self)
            #expect(frame.header.status == Status.tooLarge.rawValue)
            #expect(fault.limit == 4 << 20 && fault.actual > fault.limit)
            #expect(text(fault.text).contains("use a stream"))
        }
        withExtendedLifetime(router) {}
    }

    @Test("a frame over what the sockets pass ends that connection alone")
    func monster() throws {
        let (router, ways) = try ways()
        for (one, two) in ways {
            let other = try RawPlugin(two)
            #expect(try other.greet("two", role: Self.example)?.control == 2)
            let plugin = try RawPlugin(one)
            #expect(try plugin.greet("one", role: Self.example)?.control == 2)
            #expect(try plugin.attach())
            var header = plugin.header(kind: 1, type: 0x40_0001)
            header.id = 1
            try plugin.send(header, Data(repeating: 1, count: 6 << 20))
            #expect(try other.greet("two", role: Self.example)?.control == 2)
        }
        withExtendedLifetime(router) {}
    }

    @Test("no CURVE on the tcp port: no session, whatever is sent")
    func noCurve() throws {
        let router = try TestRouter(tcp: true)
        let plain = try RawPlugin(.tcp(port: router.port, serverKey: nil, secretKey: nil))
        #expect(try plain.greet("plain", role: Self.example) == nil)
    }

    @Test("no session: UNKNOWN_SESSION says what to do; an unknown role and a bad name are told apart")
    func strangers() throws {
        let (router, ways) = try ways()
        for (one, _) in ways {
            let plugin = try RawPlugin(one)
            try plugin.send(control: 11, Spacenode_Bus_V1_State())
            let answer = try plugin.receive { $0.control == 17 }
            let notice = try #require(answer, "no NOTICE within a second").message(
                Spacenode_Bus_V1_Notice.self)
            #expect(
                notice.status == Status.unknownSession.rawValue && text(notice.text).contains("say HELLO"))
            let role = try reject(try plugin.greet("one", role: 61))
            #expect(
                role.status == Status.forbidden.rawValue && text(role.text).contains("role 61 is not known"))
            let name = try reject(try plugin.greet("Not A Name", role: Self.example))
            #expect(name.status == Status.badFrame.rawValue && text(name.text).contains("a-z, 0-9"))
        }
        withExtendedLifetime(router) {}
    }

    @Test("the same instance again: the older connection is told SUPERSEDED")
    func duplicate() throws {
        let (router, ways) = try ways()
        for (one, _) in ways {
            let older = try RawPlugin(one)
            #expect(try older.greet("one", role: Self.example)?.control == 2)
            let newer = try RawPlugin(one)
            #expect(try newer.greet("one", role: Self.example)?.control == 2)
            let told = try reject(try older.receive { $0.control == 3 })
            #expect(told.status == Status.superseded.rawValue && told.permanent)
            #expect(text(told.text).contains("the newest session wins"))
        }
        withExtendedLifetime(router) {}
    }
}
