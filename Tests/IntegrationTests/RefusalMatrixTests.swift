import Foundation
import NodeBus
import NodeProtocol
import SwiftProtobuf
import Testing

private typealias Status = BusError.Code

/// Every role against every type of `Protos/contracts.json`, with a real router.
@Suite("Refusal matrix", .serialized)
struct RefusalMatrixTests {
    @Test("over ipc: each role may send, publish and read what the contract says, and nothing else")
    func ipc() throws {
        let router = try TestRouter()
        for role in Contracts.roles { try check(role, RawPlugin(.ipc(folder: router.run))) }
    }

    @Test("over CURVE: the same, with a listed key for each role")
    func curve() throws {
        let keys = try Contracts.roles.map { ($0, try MachineKey()) }
        let router = try TestRouter(tcp: true, machines: keys.map { ($0.0.name, $0.0.name, $0.1.publicKey) })
        for (role, key) in keys {
            let way = RawPlugin.Way.tcp(
                port: router.port, serverKey: router.publicKey, secretKey: key.secretKey)
            try check(role, RawPlugin(way))
        }
    }

    private func check(_ role: (name: String, number: UInt32), _ plugin: RawPlugin) throws {
        let answer = try plugin.greet("matrix-\(role.name)", role: role.number)
        try #require(answer?.control == 2, "\(role.name): no WELCOME")
        try #require(try plugin.attach())
        var id: UInt64 = 0
        for contract in Contracts.all {
            for method in contract.methods {
                let maySend: Bool
                let wasForbidden: Bool
                id += 1
                if method.pattern == "event" {
                    try checkSubscribe(role.name, method, plugin)
                    maySend = Contracts.names(contract.providers, role.name)
                    wasForbidden = try publishIsForbidden(method, plugin, role.name)
                } else {
                    maySend = Contracts.names(method.callers, role.name)
                    wasForbidden = try requestIsForbidden(contract, method, plugin, role.name, id)
                }
                #expect(wasForbidden == !maySend, "\(role.name) sends \(contract.name)/\(method.name)")
            }
        }
        try checkProvides(role, plugin)
    }

    private func requestIsForbidden(
        _ contract: Contracts.Contract, _ method: Contracts.Method, _ plugin: RawPlugin, _ role: String,
        _ id: UInt64
    ) throws -> Bool {
        let isOwn = contract.number == 1
        var header = plugin.header(kind: method.pattern == "call" ? 1 : 5, type: method.type)
        header.id = id
        header.dest = isOwn ? 1 : 0
        header.trafficClass = method.classNumber
        try plugin.send(header, lane: isOwn ? .control : .data)
        let answer = try plugin.receive {
            $0.header.replyTo == id && ($0.header.kind == 2 || $0.header.kind == 3)
        }
        let frame = try #require(answer, "\(role) \(method.name): no outcome within a second")
        guard frame.header.kind == 3, frame.header.status == Status.forbidden.rawValue else { return false }
        let text = frame.message(Spacenode_Bus_V1_Fault.self).text
        expectReadable(String(decoding: text, as: UTF8.self), role)
        return true
    }

    private func publishIsForbidden(_ method: Contracts.Method, _ plugin: RawPlugin, _ role: String) throws
        -> Bool
    {
        var header = plugin.header(kind: 4, type: method.type)
        header.seq = 1
        header.trafficClass = method.classNumber
        try plugin.send(header)
        // What is allowed gets no answer: a repetition of it does.
        try plugin.send(header)
        let answer = try plugin.receive { $0.control == 17 }
        let notice = try #require(answer, "\(role) \(method.name): no NOTICE within a second")
            .message(Spacenode_Bus_V1_Notice.self)
        guard notice.status == Status.forbidden.rawValue else {
            #expect(notice.status == Status.duplicate.rawValue, "\(role) \(method.name)")
            return false
        }
        expectReadable(String(decoding: notice.text, as: UTF8.self), role)
        _ = try plugin.receive { $0.control == 17 }
        return true
    }

    private func checkSubscribe(_ role: String, _ method: Contracts.Method, _ plugin: RawPlugin) throws {
        var subscribe = Spacenode_Bus_V1_Subscribe()
        subscribe.type = method.type
        try plugin.send(control: 12, subscribe)
        let answer = try plugin.receive { $0.control == 13 }
        let subscribed = try #require(answer, "\(role) \(method.name): no SUBSCRIBED within a second")
            .message(Spacenode_Bus_V1_Subscribed.self)
        let may = Contracts.names(method.callers, role)
        #expect(
            subscribed.status == (may ? 1 : Status.forbidden.rawValue), "\(role) reads \(method.name)")
        if !may { expectReadable(String(decoding: subscribed.text, as: UTF8.self), role) }
    }

    /// HELLO that offers one contract: a role that may not provide it is refused.
    private func checkProvides(_ role: (name: String, number: UInt32), _ plugin: RawPlugin) throws {
        for contract in Contracts.all where contract.number > 1 {
            let answer = try plugin.greet("matrix-\(role.name)", role: role.number) {
                $0.provides = [.with { ($0.contract, $0.minorMax) = (contract.number, contract.minor) }]
            }
            let frame = try #require(
                answer, "\(role.name) offers \(contract.name): no answer within a second")
            let may = Contracts.names(contract.providers, role.name)
            #expect(frame.control == (may ? 2 : 3), "\(role.name) offers \(contract.name)")
            guard !may else { continue }
            let reject = frame.message(Spacenode_Bus_V1_Reject.self)
            #expect(reject.status == Status.forbidden.rawValue && reject.permanent)
            expectReadable(String(decoding: reject.text, as: UTF8.self), role.name)
        }
    }

    /// The text names the role.
    private func expectReadable(_ text: String, _ role: String) {
        #expect(text.contains("role \(role) may not"), "\(text)")
    }
}
