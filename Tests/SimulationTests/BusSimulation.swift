import Foundation
import NodeBus
import NodeBusTesting
import NodeProtocol

/// What one run of the simulation saw.
final class Ledger: @unchecked Sendable {
    var asked = 0
    var answered = 0
    var outcomes: [String: Int] = [:]
    var problems: [String] = []
    var published: [String: UInt64] = [:]
    var streams = (opened: 0, ended: 0)
    var log: [String] = []
}

/// A generator with a seed: SplitMix64.
///
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
}

/// Random load and faults on the in-memory bus, all from one seed.
struct BusSimulation {
    let seed: UInt64
    var dropEvery = 0

    func run() -> Ledger {
        let bus = InMemoryBus()
        let ledger = Ledger()
        let providers = (1...2).map { bus.add(options("provider-\($0)", provides: true)) }
        let callers = (1...2).map { bus.add(options("caller-\($0)")) }
        let publisher = bus.add(options("publisher", provides: true))
        publisher.client.setState(.starting)
        let readers = (1...2).map { bus.add(options("reader-\($0)")) }
        readers[0].plantDrop(every: dropEvery)
        let stop = Stop()
        for provider in providers { serve(provider) }
        for client in bus.plugins.map(\.client) { start(client) { try? await client.run() } }
        bus.advance(50)
        for client in callers.map(\.client) {
            for lane in 0..<4 { start(client) { await call(client, lane, ledger, stop) } }
            start(client) { await stream(client, ledger, stop) }
        }
        let source = publisher.client
        start(source) { await publish(source, ledger, stop) }
        for (number, client) in readers.map(\.client).enumerated() {
            start(client) { await read(client, "reader-\(number + 1)", ledger) }
        }
        disturb(bus)
        stop.isSet = true
        bus.advance(6000)
        audit(ledger)
        for plugin in bus.plugins { plugin.client.drain() }
        bus.advance(200)
        return ledger
    }

    private func options(_ name: String, provides: Bool = false) -> BusOptions {
        var options = BusOptions(
            address: .ipc(directory: "memory"), name: name, role: .example,
            provides: provides ? [ExampleContract.contract] : [], requires: [ExampleContract.contract])
        // Small windows, so that credit runs out often.
        options.windows[1].messages = 16
        return options
    }

    private func start(_ client: BusClient, _ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: client.executor) { await body() }
    }

    private func disturb(_ bus: InMemoryBus) {
        var dice = Dice(state: seed)
        for _ in 0..<40 {
            let plugin = bus.plugins[Int(dice.below(UInt64(bus.plugins.count)))]
            switch dice.below(12) {
            case 0: bus.restartRouter()
            case 1, 2: bus.disconnect(plugin)
            case 3, 4: plugin.isStalled = true
            case 5: for plugin in bus.plugins { plugin.isStalled = false }
            default: break
            }
            bus.advance(dice.below(400))
            if dice.below(20) == 0 { bus.advance(11_000) }
        }
        for plugin in bus.plugins { plugin.isStalled = false }
        bus.advance(3000)
    }

    // MARK: - Load

    private func serve(_ plugin: InMemoryBus.Plugin) {
        plugin.client.serve(ExampleContract.echo) { request, _ in
            var reply = Spacenode_Example_V1_EchoReply()
            reply.body = request.body
            return reply
        }
        plugin.client.serve(ExampleContract.count) { request, writer, _ in
            var item = Spacenode_Example_V1_CountItem()
            for number in 0..<request.items {
                item.number = number + 1
                try await writer.send(item)
            }
        }
    }

    private func call(_ client: BusClient, _ lane: Int, _ ledger: Ledger, _ stop: Stop) async {
        var request = Spacenode_Example_V1_EchoRequest()
        while !stop.isSet {
            request.body = Data("\(lane) \(ledger.asked)".utf8)
            ledger.asked += 1
            do {
                let reply = try await client.call(ExampleContract.echo, request, ttl: .seconds(2))
                if reply.body != request.body { ledger.problems.append("a reply to another request") }
                ledger.outcomes["OK", default: 0] += 1
            } catch {
                ledger.outcomes[(error as? BusError)?.code.name ?? "?", default: 0] += 1
            }
            ledger.answered += 1
            await client.pause(3)
        }
    }

    private func stream(_ client: BusClient, _ ledger: Ledger, _ stop: Stop) async {
        var request = Spacenode_Example_V1_CountRequest()
        request.items = 50
        while !stop.isSet {
            ledger.streams.opened += 1
            var items: UInt64 = 0
            do {
                let stream = try await client.open(ExampleContract.count, request, ttl: .seconds(2))
                while let item = try await stream.next() {
                    items += 1
                    if item.number != items {
                        ledger.problems.append("item \(item.number) in place of \(items)")
                    }
                }
                if items != 50 { ledger.problems.append("a stream ended well with \(items) of 50 items") }
            } catch {
                ledger.outcomes["stream " + ((error as? BusError)?.code.name ?? "?"), default: 0] += 1
            }
            ledger.streams.ended += 1
            await client.pause(5)
        }
    }

    private func publish(_ client: BusClient, _ ledger: Ledger, _ stop: Stop) async {
        var tick = Spacenode_Example_V1_Tick()
        while !stop.isSet {
            tick.number += 1
            if let sent = try? await client.publish(
                ExampleContract.ticks, tick, key: [UInt8(tick.number % 3)])
            {
                ledger.published["\(sent.epoch) \(sent.key)"] = sent.seq
                ledger.log.append("P \(sent.epoch) \(sent.key) \(sent.seq)")
            }
            if tick.number % 7 == 0 { await client.pause(5) }
        }
    }

    private func read(_ client: BusClient, _ name: String, _ ledger: Ledger) async {
        guard let subscription = try? await client.subscribe(ExampleContract.ticks) else { return }
        while let element = try? await subscription.next() {
            switch element {
            case .event(_, let context):
                ledger.log.append("E \(name) \(context.epoch) \(context.key) \(context.seq) \(context.seq)")
            case .gap(let gap):
                if !gap.isReported { ledger.problems.append("\(name): \(gap.numbers) missing without a GAP") }
                ledger.log.append(
                    "E \(name) \(gap.epoch) \(gap.key) \(gap.numbers.lowerBound) \(gap.numbers.upperBound)")
            case .resync: break
            }
        }
    }

    // MARK: - Audit

    private func audit(_ ledger: Ledger) {
        if ledger.asked != ledger.answered {
            ledger.problems.append("\(ledger.asked) requests, \(ledger.answered) outcomes")
        }
        if ledger.streams.opened != ledger.streams.ended {
            ledger.problems.append("\(ledger.streams.opened) streams, \(ledger.streams.ended) ends")
        }
        var reached: [String: UInt64] = [:]
        for words in ledger.log.map({ $0.split(separator: " ") }) where words[0] == "E" {
            let topic = words[1...3].joined(separator: " ")
            let next = reached[topic, default: 0] + 1
            if UInt64(words[4]) != next {
                ledger.problems.append("\(topic) goes on with \(words[4]), not \(next)")
            }
            reached[topic] = UInt64(words[5])
        }
        let last = ledger.published.keys.compactMap { UInt32($0.split(separator: " ")[0]) }.max() ?? 0
        for (topic, seq) in ledger.published where topic.hasPrefix("\(last) ") {
            for reader in ["reader-1", "reader-2"] where reached["\(reader) \(topic)", default: 0] < seq {
                ledger.problems.append(
                    "\(reader) \(topic) ends at \(reached["\(reader) \(topic)", default: 0]) of \(seq)")
            }
        }
    }
}

/// Tells the load to stop.
final class Stop: @unchecked Sendable {
    var isSet = false
}
