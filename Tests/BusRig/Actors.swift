import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol

/// One process under test: a role in the load, with its journal.
struct Actor: AsyncParsableCommand {
    @Argument(help: "provider, caller, publisher, subscriber or streamer") var kind: String
    @Option var name: String
    @Option var bus: String
    @Option var journal: String
    @Option(parsing: .unconditional) var key: String?
    @Option(parsing: .unconditional) var serverKey: String?
    /// Milliseconds that a subscriber takes for each event.
    @Option var slow: Int = 0
    /// Publish without pause.
    @Flag var full = false

    func run() async throws {
        var logger = Logger(label: name)
        logger.logLevel = .error
        var options = BusOptions(
            address: try BusAddress(bus, serverKey: serverKey), name: name, role: .example,
            provides: kind == "provider" || kind == "publisher" ? [ExampleContract.contract] : [],
            requires: [ExampleContract.contract])
        options.secretKey = key
        let client = BusClient(options: options, logger: logger)
        // A publisher is known by the contract it publishes, but takes no requests.
        if kind == "publisher" { client.setState(.starting) }
        if kind == "provider" { serve(client) }
        let journal = Journal(self.journal)
        let stop = StopFlag()
        // A publisher that is told to be quiet keeps its session: what it sent must all arrive.
        let quiet = StopFlag()
        let sources = [(SIGTERM, [stop, quiet]), (SIGUSR1, [quiet])].map(raise)
        defer { for source in sources { source.cancel() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            try await load(client, journal, stop, quiet)
            while !stop.isSet { try await Task.sleep(for: .milliseconds(20)) }
            client.drain()
            try await group.waitForAll()
        }
        journal.write("END")
    }

    /// Sets flags when a signal comes.
    private func raise(_ number: Int32, _ flags: [StopFlag]) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { for flag in flags { flag.set() } }
        source.resume()
        return source
    }

    private func load(_ client: BusClient, _ journal: Journal, _ stop: StopFlag, _ quiet: StopFlag)
        async throws
    {
        switch kind {
        case "caller": await call(client, journal, stop)
        case "publisher": await publish(client, journal, quiet)
        case "subscriber": try await subscribe(client, journal, stop)
        case "streamer": await stream(client, journal, stop)
        default: break
        }
    }

    private func serve(_ client: BusClient) {
        client.serve(ExampleContract.echo) { request, _ in
            if request.delayMs > 0 { try await Task.sleep(for: .milliseconds(request.delayMs)) }
            var reply = Spacenode_Example_V1_EchoReply()
            reply.body = request.body
            return reply
        }
        client.serve(ExampleContract.count) { request, writer, _ in
            var item = Spacenode_Example_V1_CountItem()
            item.body = Data(repeating: 1, count: Int(request.itemBytes))
            for number in 0..<request.items {
                item.number = number + 1
                try await writer.send(item)
            }
        }
        client.serve(ExampleContract.sum) { reader, _ in
            var reply = Spacenode_Example_V1_SumReply()
            while let item = try await reader.next() {
                reply.sum &+= item.value
                reply.items += 1
            }
            return reply
        }
    }

    /// Sixteen callers at once; every fourth request takes its time.
    private func call(_ client: BusClient, _ journal: Journal, _ stop: StopFlag) async {
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<16 {
                group.addTask(executorPreference: client.executor) {
                    var number = 0
                    while !stop.isSet {
                        number += 1
                        let id = "\(lane).\(number)"
                        var request = Spacenode_Example_V1_EchoRequest()
                        request.body = Data(repeating: UInt8(lane), count: 100)
                        request.delayMs = number % 4 == 0 ? 20 : 0
                        journal.write("Q \(id)")
                        let code = await outcome {
                            _ = try await client.call(ExampleContract.echo, request, ttl: .seconds(3))
                        }
                        journal.write("O \(id) \(code)")
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                }
            }
        }
    }

    private func publish(_ client: BusClient, _ journal: Journal, _ stop: StopFlag) async {
        var tick = Spacenode_Example_V1_Tick()
        tick.body = Data(repeating: 2, count: 200)
        while !stop.isSet {
            for key in [UInt8(0), 1] {
                tick.number += 1
                guard
                    let sent = try? await client.publish(
                        ExampleContract.ticks, tick, key: key == 0 ? [] : [key])
                else { continue }
                journal.write("P \(sent.publisher) \(sent.epoch) k\(key) \(sent.seq)")
            }
            if !full || tick.number % 200 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        }
    }

    private func subscribe(_ client: BusClient, _ journal: Journal, _ stop: StopFlag) async throws {
        let subscription = try await client.subscribe(ExampleContract.ticks)
        let pause = slow
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: client.executor) {
                while let element = try await subscription.next() {
                    journal.write(line(element))
                    if pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
                }
            }
            while !stop.isSet { try await Task.sleep(for: .milliseconds(20)) }
            group.cancelAll()
        }
    }

    private func stream(_ client: BusClient, _ journal: Journal, _ stop: StopFlag) async {
        var number = 0
        while !stop.isSet {
            number += 1
            let expected = 200
            journal.write("S \(number) \(expected)")
            var items = 0
            var inOrder = true
            let code = await outcome {
                if number % 2 == 0 {
                    items = try await upload(client, expected)
                } else {
                    var request = Spacenode_Example_V1_CountRequest()
                    request.items = UInt64(expected)
                    request.itemBytes = 2000
                    let download = try await client.open(ExampleContract.count, request, ttl: .seconds(4))
                    while let item = try await download.next() {
                        items += 1
                        if item.number != UInt64(items) { inOrder = false }
                    }
                }
            }
            journal.write("F \(number) \(code) \(items) \(inOrder)")
            if code != "OK" { try? await Task.sleep(for: .milliseconds(20)) }
        }
    }

    private func upload(_ client: BusClient, _ count: Int) async throws -> Int {
        let upload = try await client.open(ExampleContract.sum, ttl: .seconds(4))
        var item = Spacenode_Example_V1_SumItem()
        item.body = Data(repeating: 3, count: 1000)
        for value in 1...count {
            item.value = UInt64(value)
            try await upload.send(item)
        }
        let reply = try await upload.finish()
        return reply.sum == UInt64(count * (count + 1) / 2) ? Int(reply.items) : -1
    }
}

/// The outcome of a call or stream as one word.
private func outcome(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "OK"
    } catch let error as BusError {
        return error.code.name
    } catch {
        return "OTHER"
    }
}

private func line(_ element: EventElement<Spacenode_Example_V1_Tick>) -> String {
    switch element {
    case .event(_, let context):
        return "E \(context.publisher) \(context.epoch) k\(context.key.first ?? 0) \(context.seq)"
    case .gap(let gap):
        let numbers = "\(gap.numbers.lowerBound) \(gap.numbers.upperBound)"
        return "G \(gap.publisher) \(gap.epoch) k\(gap.key.first ?? 0) \(numbers) \(gap.isReported)"
    case .resync(let resync):
        return "R \(resync.publisher) \(resync.epoch) k\(resync.key.first ?? 0)"
    }
}

/// Whether the process was asked to stop.
final class StopFlag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
