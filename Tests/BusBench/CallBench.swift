internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import Synchronization

/// A Swift provider of Echo.
struct ProvideBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "provide", abstract: "Serves Echo.")

    @Option(help: "The router's run directory.") var runDir: String
    @Option(help: "Port of plain tcp; default: ipc.") var plainPort: Int?
    @Option(help: "File to make when ready; when it is gone, this ends.") var readyFile: String

    func run() async throws {
        let options = BusOptions(
            address: benchAddress(runDir, plainPort), name: "bench-provider", role: .example,
            provides: [ExampleContract.contract])
        let bus = BusClient(options: options, logger: quietLogger("provide"))
        bus.serve(ExampleContract.echo) { request, _ in
            var reply = Spacenode_Example_V1_EchoReply()
            reply.body = request.body
            return reply
        }
        async let running: Void = bus.run()
        try await bus.waitUntilReady()
        _ = FileManager.default.createFile(atPath: readyFile, contents: nil)
        while FileManager.default.fileExists(atPath: readyFile) {
            try await Task.sleep(for: .milliseconds(50))
        }
        bus.drain()
        try await running
    }
}

/// A Swift caller of Echo; prints the rate and the times of a call as JSON.
struct CallBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "call", abstract: "Calls Echo.")

    @Option(help: "The router's run directory.") var runDir: String
    @Option(help: "Port of plain tcp; default: ipc.") var plainPort: Int?
    @Option(help: "Calls under way at once.") var outstanding: Int
    @Option(help: "Calls that count.") var calls: Int
    @Option(help: "Calls before those that count.") var warm: Int
    @Option(help: "Bytes of the body.") var bytes = 100

    func run() async throws {
        let options = BusOptions(
            address: benchAddress(runDir, plainPort), name: "bench-caller", role: .example,
            requires: [ExampleContract.contract])
        let bus = BusClient(options: options, logger: quietLogger("call"))
        async let running: Void = bus.run()
        try await bus.waitUntilReady()
        let record = CallRecord(warm: warm, calls: calls)
        await withTaskExecutorPreference(bus.executor) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<outstanding {
                    group.addTask { await callUntilDone(bus, record, bytes) }
                }
            }
        }
        print(record.json)
        bus.drain()
        try await running
    }
}

/// One caller: the next call when the last has its reply.
private func callUntilDone(_ bus: BusClient, _ record: CallRecord, _ bytes: Int) async {
    var request = Spacenode_Example_V1_EchoRequest()
    request.body = Data(repeating: 0x5a, count: bytes)
    while record.begin() {
        let before = monotonicNanoseconds()
        do {
            let reply = try await bus.call(ExampleContract.echo, request)
            record.end(before, isGood: reply.body.count == bytes)
        } catch {
            record.end(before, isGood: false)
        }
    }
}

/// Times of the calls that count.
private final class CallRecord: Sendable {
    private struct State {
        var begun = 0
        var ended = 0
        var failed = 0
        var started: UInt64 = 0
        var stopped: UInt64 = 0
        var times: [UInt64] = []
    }

    private let state = Mutex(State())
    private let warm: Int
    private let calls: Int

    init(warm: Int, calls: Int) {
        self.warm = warm
        self.calls = calls
        state.withLock { $0.times.reserveCapacity(calls + 1024) }
    }

    /// Whether one more call is wanted.
    func begin() -> Bool {
        state.withLock { state in
            guard state.begun < warm + calls else { return false }
            state.begun += 1
            return true
        }
    }

    func end(_ before: UInt64, isGood: Bool) {
        let now = monotonicNanoseconds()
        state.withLock { state in
            state.ended += 1
            if !isGood { state.failed += 1 }
            if state.ended == warm { state.started = now }
            guard state.ended > warm else { return }
            state.times.append(now - before)
            state.stopped = now
        }
    }

    var json: String {
        state.withLock { state in
            let sorted = state.times.sorted()
            guard !sorted.isEmpty, state.stopped > state.started else { return "{}" }
            let p50 = Double(sorted[sorted.count / 2]) / 1000
            let p99 = Double(sorted[sorted.count * 99 / 100]) / 1000
            let rate = Double(sorted.count) / (Double(state.stopped - state.started) / 1e9)
            let times = #""p50_us": \#(p50), "p99_us": \#(p99)"#
            return #"{\#(times), "per_second": \#(rate), "failed": \#(state.failed)}"#
        }
    }
}

/// ipc, or plain tcp when a port is given.
private func benchAddress(_ runDir: String, _ plainPort: Int?) -> BusAddress {
    if let plainPort { return .plainLoopback(port: plainPort, directory: runDir) }
    return .ipc(directory: runDir)
}

private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
