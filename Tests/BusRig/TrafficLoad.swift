import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import Synchronization

/// Calls and events at a steady rate; prints how many frames they were and how long calls took.
struct TrafficLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "traffic")

    @Option var bus: String
    @Option var seconds = 4.0
    @Option(help: "Frames a second: each call is two, each event one.") var rate = 6000
    @Option(help: "Bytes of each body.") var bytes = 200

    private static let callers = 8

    func run() async throws {
        var logger = Logger(label: "traffic")
        logger.logLevel = .error
        let client = BusClient(
            options: BusOptions(
                address: try BusAddress(bus), name: "traffic", role: .example,
                provides: [ExampleContract.contract], requires: [ExampleContract.contract]),
            logger: logger)
        // Publishes, and leaves requests to others.
        client.setState(.starting)
        let record = TimeRecord()
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            try await client.waitUntilReady()
            await withTaskGroup(of: Void.self) { callers in
                for _ in 0..<Self.callers {
                    callers.addTask(executorPreference: client.executor) { await call(client, record, end) }
                }
            }
            client.drain()
            try await group.waitForAll()
        }
        print(record.json)
    }

    /// A call, its reply and an event make three frames.
    private func call(_ client: BusClient, _ record: TimeRecord, _ end: ContinuousClock.Instant) async {
        let pause = Duration.seconds(Double(3 * Self.callers) / Double(rate))
        var next = ContinuousClock.now
        var request = Spacenode_Example_V1_EchoRequest()
        request.body = Data(repeating: 1, count: bytes)
        var tick = Spacenode_Example_V1_Tick()
        tick.body = request.body
        while ContinuousClock.now < end {
            let before = ContinuousClock.now
            let isGood = (try? await client.call(ExampleContract.echo, request)) != nil
            let isPublished = (try? await client.publish(ExampleContract.ticks, tick)) != nil
            record.add(
                ContinuousClock.now - before, frames: (isGood ? 2 : 0) + (isPublished ? 1 : 0), !isGood)
            next += pause
            try? await Task.sleep(until: next)
        }
    }
}

/// Times of calls, and how many frames there were.
private final class TimeRecord: Sendable {
    private struct State {
        var frames = 0
        var failed = 0
        var times: [Double] = []
    }

    private let state = Mutex(State())

    func add(_ time: Duration, frames: Int, _ isFailed: Bool) {
        state.withLock {
            $0.frames += frames
            $0.failed += isFailed ? 1 : 0
            $0.times.append(
                Double(time.components.seconds) * 1e6 + Double(time.components.attoseconds) / 1e12)
        }
    }

    var json: String {
        state.withLock { state in
            let sorted = state.times.sorted()
            func quantile(_ part: Double) -> Int {
                sorted.isEmpty ? 0 : Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))])
            }
            return
                #"{"sent":\#(state.frames),"failed":\#(state.failed),"p50_us":\#(quantile(0.5)),"p99_us":\#(quantile(0.99))}"#
        }
    }
}
