import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol

/// One process at full load: counts what it got done and writes the total ten times a second.
struct Load: AsyncParsableCommand {
    @Argument(help: "provide, call, publish or follow") var kind: String
    @Option var name: String
    @Option var bus: String
    @Option var count: String

    func run() async throws {
        var logger = Logger(label: name)
        logger.logLevel = .error
        let serves = kind == "provide" || kind == "publish"
        let client = BusClient(
            options: BusOptions(
                address: try BusAddress(bus), name: name, role: .example,
                provides: serves ? [ExampleContract.contract] : [], requires: [ExampleContract.contract]),
            logger: logger)
        if kind == "publish" { client.setState(.starting) }
        if kind == "provide" {
            client.serve(ExampleContract.echo) { request, _ in
                var reply = Spacenode_Example_V1_EchoReply()
                reply.body = request.body
                return reply
            }
        }
        let total = Total()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            group.addTask { try await report(total) }
            group.addTask(executorPreference: client.executor) { try await work(client, total) }
            try await group.waitForAll()
        }
    }

    private func work(_ client: BusClient, _ total: Total) async throws {
        switch kind {
        case "call": await call(client, total)
        case "publish": await publish(client, total)
        case "follow":
            let subscription = try await client.subscribe(ExampleContract.ticks)
            while let element = try await subscription.next() {
                if case .event = element { total.add() }
            }
        default: break
        }
    }

    private func call(_ client: BusClient, _ total: Total) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<32 {
                group.addTask(executorPreference: client.executor) {
                    var request = Spacenode_Example_V1_EchoRequest()
                    request.body = Data(repeating: 1, count: 1000)
                    while !Task.isCancelled {
                        if (try? await client.call(ExampleContract.echo, request)) != nil { total.add() }
                    }
                }
            }
        }
    }

    private func publish(_ client: BusClient, _ total: Total) async {
        var tick = Spacenode_Example_V1_Tick()
        tick.body = Data(repeating: 2, count: 1000)
        while !Task.isCancelled {
            tick.number += 1
            if (try? await client.publish(ExampleContract.ticks, tick)) != nil { total.add() }
        }
    }

    private func report(_ total: Total) async throws {
        while true {
            try "\(total.now)\n".write(toFile: count, atomically: true, encoding: .utf8)
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// A count shared by the tasks of one process.
final class Total: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    var now: Int { lock.withLock { value } }
    func add() { lock.withLock { value += 1 } }
}
