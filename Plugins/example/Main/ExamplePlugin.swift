internal import ExampleCore
internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import Synchronization

/// Serves `spacenode.example.v1`: every pattern of the bus once.
///
/// The model for plugins.
@main
struct ExamplePlugin {
    static func main() async {
        await PluginMain.run("example") { logger in
            let options = try BusOptions.fromCommandLine(
                role: .example, name: "example-1", provides: [ExampleContract.contract],
                requires: [ExampleContract.contract])
            let bus = BusClient(options: options, logger: logger)
            serve(on: bus)
            return bus
        }
    }

    private static func serve(on bus: BusClient) {
        serveCalls(on: bus)
        bus.serve(ExampleContract.count) { request, writer, _ in
            try ExampleRequest.checkCount(items: request.items, itemBytes: request.itemBytes)
            var item = Spacenode_Example_V1_CountItem()
            item.body = Data(repeating: 0x5a, count: Int(request.itemBytes))
            for number in 0..<request.items {
                item.number = number + 1
                try await writer.send(item)
            }
        }
        bus.serve(ExampleContract.sum) { reader, _ in
            var sum = ExampleSum()
            while let item = try await reader.next() { sum.add(item.value) }
            var reply = Spacenode_Example_V1_SumReply()
            reply.sum = sum.sum
            reply.items = sum.items
            return reply
        }
    }

    private static func serveCalls(on bus: BusClient) {
        bus.serve(ExampleContract.echo) { request, _ in
            try ExampleRequest.checkEcho(delayMilliseconds: request.delayMs, fail: request.fail)
            if request.delayMs > 0 { try await Task.sleep(for: .milliseconds(request.delayMs)) }
            var reply = Spacenode_Example_V1_EchoReply()
            reply.body = request.body
            return reply
        }
        bus.serve(ExampleContract.relay) { [unowned bus] request, context in
            try ExampleRequest.checkCount(
                items: UInt64(request.calls), itemBytes: UInt32(clamping: request.body.count))
            var echo = Spacenode_Example_V1_EchoRequest()
            echo.body = request.body
            var reply = Spacenode_Example_V1_RelayReply()
            for _ in 0..<request.calls {
                let answer = try await bus.call(ExampleContract.echo, echo, cause: context.cause)
                if answer.body == request.body { reply.replies += 1 }
            }
            return reply
        }
        let ticks = TickCounter()
        bus.serve(ExampleContract.emit) { [unowned bus] request, context in
            try ExampleRequest.checkCount(items: request.events, itemBytes: request.bodyBytes)
            let key = [UInt8](request.topicKey)
            var tick = Spacenode_Example_V1_Tick()
            tick.body = Data(repeating: 0x5a, count: Int(request.bodyBytes))
            for _ in 0..<request.events {
                tick.number = ticks.next(key)
                try await bus.publish(ExampleContract.ticks, tick, key: key, cause: context.cause)
            }
            return Spacenode_Example_V1_EmitReply()
        }
    }
}

/// Shares the numbers of the Ticks between handlers.
private final class TickCounter: Sendable {
    private let numbers = Mutex(ExampleTicks())

    func next(_ key: [UInt8]) -> UInt64 {
        numbers.withLock { $0.next(key) }
    }
}
