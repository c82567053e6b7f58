import BusWire
import Foundation
import Logging
import NodeBus
import NodeProtocol
import SwiftProtobuf

typealias Header = Spacenode_Bus_V1_Header

/// A frame that the plugin sent.
struct SentFrame {
    let lane: BusLane
    let header: Header
    let payload: [UInt8]
    let bytes: Int

    var control: UInt32? { header.kind == 8 ? header.type & 0xffff : nil }
}

/// Plays the router against one engine, with a turned clock and no socket.
final class ScriptedRouter: BusLink {
    let engine: BusEngine
    let client: BusClient
    private(set) var now: UInt64 = 1000
    private var frames: [SentFrame] = []
    var isOpen = true

    init(windows: [(UInt64, UInt64)] = [(524_288, 256), (8 << 20, 1024), (8 << 20, 64)]) {
        var options = BusOptions(
            address: .ipc(directory: "none"), name: "plugin", role: .example,
            provides: [ExampleContract.contract])
        options.token = [UInt8](repeating: 1, count: 32)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let executor = BusExecutor(wake: {})
        executor.adoptThread()
        engine = BusEngine(options: options, executor: executor, logger: logger)
        client = BusClient(driving: engine, logger: logger)
        granted = windows
        engine.attach(self, now: now)
        engine.executor.runJobs()
    }

    private let granted: [(UInt64, UInt64)]

    func send(_ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane)
        -> Int?
    {
        guard isOpen else { return nil }
        let frame = header.frame(topicKey: topicKey, payload: [UInt8](payload))
        guard let envelope = try? Spacenode_Bus_V1_Envelope(serializedBytes: frame) else { return nil }
        frames.append(
            SentFrame(
                lane: lane, header: envelope.header, payload: [UInt8](envelope.payload), bytes: frame.count))
        return frame.count
    }

    /// What the plugin has sent since the last time.
    func take() -> [SentFrame] {
        engine.executor.runJobs()
        defer { frames = [] }
        return frames
    }

    func deliver(_ header: Header, _ payload: [UInt8] = [], lane: BusLane = .data) {
        var envelope = Spacenode_Bus_V1_Envelope()
        envelope.header = header
        envelope.header.wire = 1
        envelope.payload = Data(payload)
        let bytes: [UInt8] = (try? envelope.serializedBytes()) ?? []
        bytes.withUnsafeBytes { engine.receive($0, lane: lane, now: now) }
        engine.executor.runJobs()
    }

    func control(_ number: UInt32, _ message: some Message, lane: BusLane = .control) {
        var header = Header()
        header.kind = 8
        header.type = 1 << 16 | number
        header.source = 1
        deliver(header, (try? message.serializedBytes()) ?? [], lane: lane)
    }

    func pass(_ milliseconds: UInt64) {
        now += milliseconds
        engine.tick(now: now)
        engine.executor.runJobs()
    }

    /// HELLO to READY.
    func establish(epoch: UInt32 = 5) {
        engine.handle(.connected, now: now)
        welcome(epoch: epoch)
    }

    func welcome(epoch: UInt32) {
        var welcome = Spacenode_Bus_V1_Welcome()
        welcome.session = 9
        welcome.epoch = epoch
        welcome.instance = 77
        welcome.heartbeatMs = 500
        welcome.attachToken = Data([1, 2, 3])
        welcome.windows = granted.enumerated().map { index, size in
            var window = Spacenode_Bus_V1_Window()
            window.trafficClass = UInt32(index + 2)
            window.bytes = size.0
            window.messages = size.1
            return window
        }
        control(2, welcome)
        var attached = Spacenode_Bus_V1_Attached()
        attached.session = 8
        control(5, attached, lane: .data)
        attached.session = welcome.session
        control(5, attached, lane: .data)
    }

    /// Starts work on the engine's thread.
    func start(_ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: engine.executor) { await body() }
        engine.executor.runJobs()
    }

    func allow(bytes: UInt64, messages: UInt64) {
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = 3
        credit.bytes = bytes
        credit.messages = messages
        control(8, credit)
    }
}

/// What a task of a test found out; touched on one thread.
final class Box<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) {
        self.value = value
    }
}
