import Foundation
import NodeBus
import NodeProtocol
import SwiftProtobuf
import Testing

/// The engine belongs to one thread, so each test is synchronous.
@Suite("Engine", .serialized)
struct EngineTests {
    let router = ScriptedRouter()

    private func echo(_ results: Box<[String]>, ttl: Duration = .seconds(5)) {
        let client = router.client
        router.start {
            do {
                _ = try await client.call(ExampleContract.emit, Spacenode_Example_V1_EmitRequest(), ttl: ttl)
                results.value.append("OK")
            } catch {
                results.value.append((error as? BusError)?.code.name ?? "\(error)")
            }
        }
    }

    private func reply(to request: SentFrame, kind: UInt32 = 2, status: UInt32 = 0) {
        var header = Header()
        header.kind = kind
        header.type = request.header.type
        header.trafficClass = 3
        header.source = 3
        header.dest = 77
        header.replyTo = request.header.id
        header.status = status
        router.deliver(header)
    }

    @Test("HELLO first, then ATTACH with the token, then READY")
    func session() {
        router.establish()
        let sent = router.take()
        #expect(sent.map(\.control) == [1, 4, 11])
        #expect(sent[0].header.source == 0 && sent[0].header.epoch == 0)
        #expect(sent[1].lane == .data && sent[1].header.source == 77 && sent[1].header.epoch == 5)
    }

    @Test("a call has one outcome: the second reply changes nothing")
    func oneOutcome() {
        router.establish()
        _ = router.take()
        let results = Box<[String]>([])
        echo(results)
        let request = router.take()[0]
        #expect(request.header.kind == 1 && request.header.id == 5 << 32 | 1 && request.header.role == 15)
        reply(to: request)
        reply(to: request)
        reply(to: request, kind: 3, status: 6)
        _ = router.take()
        #expect(results.value == ["OK"])
    }

    @Test("errors, deadline, lost sessions and refusals each have their own name")
    func outcomes() {
        router.establish()
        _ = router.take()
        let results = Box<[String]>([])
        echo(results)
        reply(to: router.take()[0], kind: 3, status: 3)
        echo(results, ttl: .milliseconds(100))
        _ = router.take()
        router.pass(101)
        let cancel = router.take().first { $0.control == 9 }
        #expect(cancel != nil)
        echo(results)
        router.engine.handle(.disconnected, now: router.now)
        _ = router.take()
        #expect(results.value == ["NO_ROUTE", "EXPIRED", "ROUTER_LOST"])
    }

    @Test("a cancelled task gives its call up at the next tick, and sends nothing more")
    func cancelled() throws {
        router.establish()
        _ = router.take()
        let results = Box<[String]>([])
        let client = router.client
        let task = Task(executorPreference: router.engine.executor) {
            for _ in 0..<2 {
                do {
                    _ = try await client.call(ExampleContract.emit, Spacenode_Example_V1_EmitRequest())
                } catch {
                    results.value.append((error as? BusError)?.code.name ?? "\(error)")
                }
            }
        }
        let calls = router.take().map(\.header)
        #expect(calls.map(\.kind) == [1])
        task.cancel()
        router.pass(10)
        let sent = router.take()
        #expect(sent.map(\.control) == [9])
        #expect(try Spacenode_Bus_V1_Cancel(serializedBytes: sent[0].payload).id == calls.first?.id)
        #expect(results.value == ["CANCELLED", "CANCELLED"])
    }

    @Test("ids rise, and those of another session are others")
    func ids() {
        router.establish()
        _ = router.take()
        let results = Box<[String]>([])
        for _ in 0..<3 { echo(results) }
        #expect(router.take().map(\.header.id) == [1, 2, 3].map { 5 << 32 | $0 })
        router.engine.handle(.disconnected, now: router.now)
        router.engine.handle(.connected, now: router.now)
        router.welcome(epoch: 6)
        _ = router.take()
        echo(results)
        let again = router.take()
        #expect(again.map(\.header.id) == [6 << 32 | 1] && again[0].header.epoch == 6)
    }

    @Test("without credit nothing is sent; CREDIT lets it go on")
    func credit() {
        let router = ScriptedRouter(windows: [(524_288, 256), (8 << 20, 2), (8 << 20, 64)])
        router.establish()
        _ = router.take()
        let client = router.client
        for _ in 0..<5 {
            router.start {
                _ = try? await client.call(ExampleContract.emit, Spacenode_Example_V1_EmitRequest())
            }
        }
        #expect(router.take().count == 2)
        router.allow(bytes: 8 << 20, messages: 3)
        #expect(router.take().count == 1)
        // Totals never fall.
        router.allow(bytes: 0, messages: 0)
        router.allow(bytes: 8 << 20, messages: 5)
        #expect(router.take().count == 2)
    }

    @Test("PING is answered with its stamp")
    func pong() throws {
        router.establish()
        _ = router.take()
        var ping = Spacenode_Bus_V1_Ping()
        ping.stamp = 42
        router.control(6, ping)
        let sent = router.take()
        #expect(sent.map(\.control) == [7])
        #expect(try Spacenode_Bus_V1_Pong(serializedBytes: sent[0].payload).stamp == 42)
    }

    @Test("a lost session says HELLO again; a permanent refusal does not")
    func rehello() {
        router.establish()
        _ = router.take()
        var notice = Spacenode_Bus_V1_Notice()
        notice.status = 14
        router.control(17, notice)
        router.pass(10)
        #expect(router.take().map(\.control) == [1])
        var reject = Spacenode_Bus_V1_Reject()
        reject.status = 19
        reject.permanent = true
        router.control(3, reject)
        router.pass(5000)
        #expect(router.take().isEmpty)
        #expect(router.engine.isStopped)
    }

    @Test("frames of an old session are not believed before ATTACHED")
    func staleFrames() {
        router.engine.handle(.connected, now: router.now)
        var header = Header()
        header.kind = 1
        header.type = ExampleContract.echo.info.type
        header.trafficClass = 3
        header.source = 3
        header.id = 1
        router.deliver(header)
        #expect(router.take().map(\.control) == [1])
    }

    @Test(
        "bytes that are no envelope change nothing",
        arguments: [[], [0], [0x0a, 0xff], [UInt8](repeating: 0xff, count: 600)])
    func garbage(_ bytes: [UInt8]) {
        router.establish()
        _ = router.take()
        for lane in [BusLane.control, .data] {
            bytes.withUnsafeBytes { router.engine.receive($0, lane: lane, now: router.now) }
        }
        #expect(router.take().isEmpty)
        #expect(!router.engine.isStopped)
    }

    // MARK: - Serving

    private func request(_ method: MethodInfo, id: UInt64, kind: UInt32 = 1, type: UInt32? = nil) {
        var header = Header()
        header.kind = kind
        header.type = type ?? method.type
        header.trafficClass = method.trafficClass.rawValue
        header.source = 3
        header.epoch = 1
        header.id = id
        header.ttlMs = 1000
        header.role = 12
        router.deliver(header)
    }

    private func serving(_ body: (ScriptedRouter) -> Void) {
        let client = router.client
        client.serve(ExampleContract.echo) { _, _ in Spacenode_Example_V1_EchoReply() }
        client.serve(ExampleContract.count) { _, writer, _ in
            for _ in 0..<3 { try await writer.send(Spacenode_Example_V1_CountItem()) }
        }
        router.start { try? await client.run() }
        router.establish()
        _ = router.take()
        body(router)
        client.drain()
        router.pass(1)
        router.pass(1)
        _ = router.take()
    }

    @Test("a request is answered once, to its source, with its cause")
    func answer() {
        serving { router in
            request(ExampleContract.echo.info, id: 8)
            let sent = router.take().filter { $0.header.kind == 2 }
            #expect(sent.count == 1)
            #expect(sent.first?.header.dest == 3 && sent.first?.header.replyTo == 8)
            #expect(sent.first?.header.causeID == 8 && sent.first?.header.causeSource == 3)
        }
    }

    @Test("a task serves one request after the other, until one of them is cancelled")
    func workers() {
        let client = router.client
        let seen = Box<[String]>([])
        client.serve(ExampleContract.echo) { _, context in
            if context.cause.id == 2 { await client.pause(5000) }
            seen.value.append(Task.isCancelled ? "cancelled" : "whole")
            return Spacenode_Example_V1_EchoReply()
        }
        router.start { try? await client.run() }
        router.establish()
        _ = router.take()
        for id in 1...2 { request(ExampleContract.echo.info, id: UInt64(id)) }
        #expect(router.take().filter { $0.header.kind == 2 }.map(\.header.replyTo) == [1])
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = 3
        cancel.id = 2
        router.control(9, cancel)
        router.pass(1)
        for id in 3...5 { request(ExampleContract.echo.info, id: UInt64(id)) }
        #expect(router.take().filter { $0.header.kind == 2 }.map(\.header.replyTo) == [3, 4, 5])
        #expect(seen.value == ["whole", "cancelled", "whole", "whole", "whole"])
        client.drain()
        router.pass(1)
        router.pass(1)
        #expect(router.engine.isStopped)
    }

    @Test("what no handler takes is answered with UNKNOWN_TYPE")
    func unknownType() {
        serving { router in
            request(ExampleContract.echo.info, id: 8, type: 0x0040_0063)
            let sent = router.take().filter { $0.header.kind == 3 }
            #expect(sent.first?.header.status == 13)
        }
    }

    @Test("a stream sends what was allowed, the rest after STREAM_CREDIT, then its end")
    func stream() {
        serving { router in
            var header = Header()
            header.kind = 5
            header.type = ExampleContract.count.info.type
            header.trafficClass = 4
            header.source = 3
            header.id = 4
            header.seq = 2
            router.deliver(header)
            #expect(router.take().filter { $0.header.kind == 6 }.map(\.header.seq) == [1, 2])
            var credit = Spacenode_Bus_V1_StreamCredit()
            credit.opener = 3
            credit.id = 4
            credit.items = 9
            router.control(18, credit)
            let rest = router.take().filter { $0.header.kind == 6 || $0.header.kind == 7 }
            #expect(
                rest.map(\.header.kind) == [6, 7] && rest.last?.header.seq == 3
                    && rest.last?.header.status == 1)
        }
    }

    @Test("a stream in which nothing moves ends at the provider's end too, a little after the router's time")
    func silentStream() {
        let client = router.client
        let seen = Box<[String]>([])
        client.serve(ExampleContract.count) { _, writer, _ in
            do {
                try await writer.send(Spacenode_Example_V1_CountItem())
            } catch {
                seen.value.append((error as? BusError)?.code.name ?? "\(error)")
                throw error
            }
        }
        router.start { try? await client.run() }
        router.establish()
        var header = Header()
        header.kind = 5
        header.type = ExampleContract.count.info.type
        header.trafficClass = 4
        header.source = 3
        header.id = 4
        header.ttlMs = 1000
        router.deliver(header)
        for _ in 0..<11 { router.pass(250) }
        #expect(seen.value.isEmpty)
        router.pass(500)
        #expect(seen.value == ["EXPIRED"])
        #expect(router.take().allSatisfy { $0.header.kind != 7 })
    }

    @Test("a provider is STARTING until it runs, and READY then")
    func startingUntilRun() throws {
        let client = router.client
        func states() throws -> [UInt32] {
            try router.take().filter { $0.control == 11 }
                .map { try Spacenode_Bus_V1_State(serializedBytes: $0.payload).state }
        }
        router.establish()
        #expect(try states() == [1])
        client.setState(.ready)
        #expect(try states() == [1])
        router.start { try? await client.run() }
        #expect(try states() == [2])
    }

    @Test("drain: DRAINING, what was taken is finished, then GOODBYE on the data lane")
    func drain() {
        let client = router.client
        router.start { try? await client.run() }
        router.establish()
        _ = router.take()
        router.control(10, Spacenode_Bus_V1_Drain())
        router.pass(1)
        let sent = router.take().filter { $0.control != nil }
        #expect(sent.map(\.control) == [11, 19])
        #expect(sent.last?.lane == .data)
        #expect(router.engine.isStopped)
    }
}
