import Foundation
import NodeProtocol
import RouterCore
import SwiftProtobuf
import Testing

typealias Record = Spacenode_Bus_V1_TrafficRecord

extension TestBus {
    /// Asks for traffic as an observer and returns the answer.
    func traffic(
        _ observer: Peer, after: UInt64 = 0, id: UInt64 = .random(in: 1...(.max)),
        change: (inout Spacenode_Bus_V1_ReadTrafficRequest) -> Void = { _ in }
    ) -> Spacenode_Bus_V1_ReadTrafficReply {
        var request = Spacenode_Bus_V1_ReadTrafficRequest()
        request.after = after
        change(&request)
        var header = header(observer, kind: 1, type: 0x0001_0044)
        header.id = id
        _ = takeSent()
        control(observer.control, header, (try? request.serializedBytes()) ?? [])
        return takeSent().last?.message(Spacenode_Bus_V1_ReadTrafficReply.self) ?? .init()
    }
}

extension Record {
    var envelope: Spacenode_Bus_V1_Envelope? { try? Spacenode_Bus_V1_Envelope(serializedBytes: frame) }
}

@Suite("Traffic ring")
struct TrafficTests {
    @Test("each data frame once, in order, with where it went and why not")
    func everyKind() throws {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let reader = bus.join("r")
        let observer = bus.join("o", role: 13)
        bus.subscribe(reader)
        _ = bus.takeSent()
        bus.core.wallNanoseconds = 77_000
        bus.request(caller)
        let request = try #require(bus.takeSent().first { $0.peer == provider.data })
        bus.core.wallNanoseconds = 99_000
        bus.reply(provider, to: request)
        bus.publish(provider, seq: 1)
        bus.request(caller, type: 0x0040_0001, to: 12345)
        let reply = bus.traffic(observer)
        #expect(reply.records.map(\.number) == Array(1...UInt64(reply.records.count)))
        #expect(reply.last == reply.newest && reply.missed == 0)
        let kinds = reply.records.map { $0.envelope?.header.kind ?? 0 }
        #expect(kinds == [1, 2, 4, 1, 3])
        #expect(reply.records.map(\.to) == [provider.instance, caller.instance, 0, 0, caller.instance])
        #expect(reply.records.map(\.status) == [1, 1, 1, 3, 1])
        #expect(reply.records[2].receivers == 1)
        #expect(reply.records[0].timeNs == 77_000 && reply.records[1].timeNs == 99_000)
        #expect(reply.records[0].envelope?.payload == Data(repeating: 1, count: 10))
        #expect(reply.records[0].type == 0x0040_0001)
    }

    @Test("a reader that comes back learns exactly what it missed", arguments: [6_000, 20_000, 100_000])
    func missed(capacity: Int) {
        let bus = TestBus { $0.trafficBytes = capacity }
        let publisher = bus.join("p", provides: [64])
        let observer = bus.join("o", role: 13)
        var random = SystemRandomNumberGenerator()
        var seen: UInt64 = 0
        var missed: UInt64 = 0
        var last: UInt64 = 0
        for seq in UInt64(1)...3000 {
            bus.publish(publisher, seq: seq, bytes: Int.random(in: 0...900, using: &random))
            guard Int.random(in: 0..<40, using: &random) == 0 || seq == 3000 else { continue }
            repeat {
                let reply = bus.traffic(observer, after: last, id: seq << 20 | seen) { $0.maxBytes = 1500 }
                missed += reply.missed
                for record in reply.records {
                    // What is read is whole, and comes without a hole but those that are told.
                    #expect(record.envelope?.header.seq == record.number)
                    seen += 1
                }
                last = reply.last
                #expect(seen + missed == last)
                if last == reply.newest { break }
            } while true
        }
        #expect(last == 3000 && seen + missed == 3000 && seen > 0)
        #expect(missed > 0 || capacity == 100_000)
    }

    @Test("only some types; headers alone; from now on; a record that is over max_bytes comes alone")
    func wishes() {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let observer = bus.join("o", role: 13)
        for seq in UInt64(1)...20 {
            bus.publish(provider, seq: seq, key: [1, 2], bytes: 3000)
            bus.request(caller)
        }
        let some = bus.traffic(observer, id: 1) { $0.types = [0x0040_0001] }
        #expect(some.records.count == 20 && some.records.allSatisfy { $0.type == 0x0040_0001 })
        #expect(some.last == 40)
        let heads = bus.traffic(observer, id: 2) { $0.headersOnly = true }
        #expect(heads.records.count == 40)
        for record in heads.records {
            #expect(record.envelope?.payload.isEmpty == true)
            #expect(record.frameBytes > (record.type == 0x0040_0005 ? 3000 : 10))
            #expect(record.envelope?.header.type == record.type)
        }
        let now = bus.traffic(observer, after: .max, id: 3)
        #expect(now.records.isEmpty && now.last == 40 && now.missed == 0)
        let one = bus.traffic(observer, id: 4) { $0.maxBytes = 1 }
        #expect(one.records.count == 1 && one.last == 1)
    }

    @Test("a sensitive payload is not in the ring: its length and a hash are")
    func sensitive() {
        var registry = TypeRegistry()
        let roles: UInt64 = 1 << 15
        registry.add(
            ContractRule(number: 0x4000, minor: 0, schema: 0, providers: roles),
            types: [
                TypeRule(
                    type: 0x4000_0001, pattern: .call, trafficClass: .normal, ttlMilliseconds: 1000,
                    maxBytes: 1 << 20, isSensitive: true, callers: roles, providers: roles)
            ])
        let bus = TestBus(registry: registry)
        _ = bus.join("p", provides: [0x4000])
        let caller = bus.join("c")
        let observer = bus.join("o", role: 13)
        bus.request(caller, type: 0x4000_0001, bytes: 500)
        bus.request(caller, type: 0x4000_0001, bytes: 500)
        bus.request(caller, type: 0x4000_0001, bytes: 501)
        // Refused, as nobody has that instance.
        bus.request(caller, type: 0x4000_0001, to: 99, bytes: 500)
        let records = bus.traffic(observer).records.filter { $0.envelope?.header.kind == 1 }
        #expect(records.count == 4)
        #expect(records.allSatisfy { $0.frame.count < 120 && $0.frameBytes > 500 && $0.payloadHash != 0 })
        #expect(records[0].payloadHash == records[1].payloadHash)
        #expect(records[0].payloadHash == records[3].payloadHash)
        #expect(records[0].payloadHash != records[2].payloadHash)
    }

    @Test("none kept: the answer says so; a frame over the room is kept without payload")
    func small() {
        let none = TestBus { $0.trafficBytes = 0 }
        let publisher = none.join("p", provides: [64])
        let observer = none.join("o", role: 13)
        none.publish(publisher, seq: 1)
        let reply = none.traffic(observer)
        #expect(reply.records.isEmpty && reply.keptBytes == 0 && reply.newest == 0)
        let tiny = TestBus { $0.trafficBytes = 1000 }
        let other = tiny.join("p", provides: [64])
        let watcher = tiny.join("o", role: 13)
        tiny.publish(other, seq: 1, bytes: 5000)
        let record = tiny.traffic(watcher).records.first
        #expect(record?.envelope?.header.seq == 1 && record?.frameBytes ?? 0 > 5000)
    }

    @Test("only observers, operators and recorders may read; a request with too many types is refused")
    func refused() throws {
        let bus = TestBus()
        let plugin = bus.join("p", role: 15)
        var header = bus.header(plugin, kind: 1, type: 0x0001_0044)
        header.id = 1
        bus.control(plugin.control, header)
        #expect(bus.takeSent().first?.header.status == 8)
        let observer = bus.join("o", role: 13)
        var request = Spacenode_Bus_V1_ReadTrafficRequest()
        request.types = Array(1...65)
        header = bus.header(observer, kind: 1, type: 0x0001_0044)
        header.id = 1
        bus.control(observer.control, header, try request.serializedBytes())
        #expect(bus.takeSent().first?.header.status == 15)
    }

    @Test("totals by type: messages, bytes, refusals, times of answers")
    func totals() throws {
        let bus = TestBus()
        let provider = bus.join("p", provides: [64])
        let caller = bus.join("c")
        let observer = bus.join("o", role: 13)
        bus.core.wallNanoseconds = 1_000_000
        bus.request(caller)
        let request = try #require(bus.takeSent().first { $0.peer == provider.data })
        bus.core.wallNanoseconds += 100_000
        bus.reply(provider, to: request)
        bus.request(caller, to: 99)
        var header = bus.header(observer, kind: 1, type: 0x0001_0042)
        header.id = 1
        _ = bus.takeSent()
        bus.control(observer.control, header)
        let stats = try #require(bus.takeSent().first).message(Spacenode_Bus_V1_StatsReply.self)
        let echo = try #require(stats.types.first { $0.type == 0x0040_0001 })
        #expect(echo.messages == 3 && echo.refused == 1)
        // 100 µs: less than 2^7, not less than 2^6.
        #expect(
            echo.answeredWithin[7] == 1 && echo.answeredWithin.reduce(0, +) == 1 && echo.answeredUs == 100)
    }
}
