internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeProtocol

LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
let bus = BusClient(
    options: BusOptions(
        address: .ipc(directory: CommandLine.arguments[1]), name: "rig", role: .operator,
        requires: [ExampleContract.contract]), logger: Logger(label: "rig"))
async let running: Void = bus.run()
try await bus.waitUntilReady()
var request = Spacenode_Example_V1_EchoRequest()
request.body = Data([1, 2, 3])
let reply = try await bus.call(ExampleContract.echo, request)
print(reply.body.count)
let subscription = try await bus.subscribe(ExampleContract.ticks)
var emit = Spacenode_Example_V1_EmitRequest()
emit.events = 5000
async let e = bus.call(ExampleContract.emit, emit)
var n: UInt64 = 0
while n < 5000, let element = try await subscription.next() {
    switch element {
    case .event: n += 1;
    case .gap(let g): n += UInt64(g.numbers.count); print("gap", g.numbers);
    case .resync: print("resync")
    }
}
_ = try await e
print("events", n)
var c = Spacenode_Example_V1_CountRequest(); c.items = 1000; c.itemBytes = 100_000
let down = try await bus.open(ExampleContract.count, c)
var k = 0
while let item = try await down.next() { k += 1; _ = item }
print("items", k)
let up = try await bus.open(ExampleContract.sum)
for v in 1...1000 { var i = Spacenode_Example_V1_SumItem(); i.value = UInt64(v); try await up.send(i) }
print(try await up.finish())
request.fail = true
do { _ = try await bus.call(ExampleContract.echo, request) } catch { print(error) }
let st = try await bus.call(RouterContract.stats, Spacenode_Bus_V1_StatsRequest())
print(st)
let start = ContinuousClock.now
request.fail = false
try await withTaskExecutorPreference(bus.executor) {
    for _ in 0..<5000 { _ = try await bus.call(ExampleContract.echo, request) }
}
print("call us", (ContinuousClock.now - start) / 5000)
bus.drain()
try await running
