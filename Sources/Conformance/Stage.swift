internal import Foundation
internal import NodeProtocol
internal import SwiftProtobuf
internal import ZeroMQ

/// The two lanes of a plugin.
enum StageLane { case control, data }

/// A frame that the program sent.
struct Observed {
    let lane: StageLane
    let header: Spacenode_Bus_V1_Header
    let payload: [UInt8]
    let bytes: Int
    let at: Date

    /// Number of a control message, nil for other kinds.
    var control: UInt32? { header.kind == 8 ? header.type & 0xffff : nil }

    func message<M: SwiftProtobuf.Message>(_ type: M.Type) -> M {
        (try? M(serializedBytes: payload)) ?? M()
    }
}

/// What the kit grants in one class.
struct StageWindow {
    var bytes: UInt64
    var messages: UInt64
}

/// A socket that can be closed and opened again.
final class SocketBox {
    let socket: Socket

    init(_ socket: consuming Socket) {
        self.socket = socket
    }
}

/// A scripted router with one program on it: binds the sockets, keeps what was seen, answers what a router must.
final class Stage {
    let folder: String
    let program: [String]
    private(set) var process: Process?
    private var control: SocketBox?
    private var data: SocketBox?
    private var slab = MessageSlab(capacity: 256)
    private let context: Context
    private var controlPeer: UInt32 = 0
    private var dataPeer: UInt32 = 0
    private(set) var seen: [Observed] = []
    let judge: Judge
    private(set) var epoch: UInt32 = 100
    private var session: UInt64 = 1
    let instance: UInt64 = 0x5350_4143
    /// Whether CREDIT is given as frames arrive.
    var givesCredit = true
    private var used = [StageWindow](repeating: StageWindow(bytes: 0, messages: 0), count: 3)
    private var allowed = [StageWindow](repeating: StageWindow(bytes: 0, messages: 0), count: 3)
    private(set) var hello = Spacenode_Bus_V1_Hello()
    private(set) var attachToken: [UInt8] = []

    static let windows = [
        StageWindow(bytes: 524_288, messages: 256), StageWindow(bytes: 8 << 20, messages: 1024),
        StageWindow(bytes: 8 << 20, messages: 64),
    ]

    init(program: [String], judge: Judge) throws {
        self.program = program
        self.judge = judge
        context = try Context()
        folder = NSTemporaryDirectory() + "conformance-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: "\(folder)/tokens", withIntermediateDirectories: true)
        for role in ["example", "operator"] {
            try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: "\(folder)/tokens/\(role)"))
        }
        try bind()
    }

    deinit {
        if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Opens both sockets.
    func bind() throws {
        control = try open("control")
        data = try open("data")
    }

    /// Closes both sockets, as a router that dies.
    func unbind() {
        control = nil
        data = nil
    }

    private func open(_ name: String) throws -> SocketBox {
        let socket = try Socket(context, .router)
        try socket.set(.routerMandatory, 1)
        try socket.set(.linger, 0)
        try socket.bind("ipc://\(folder)/\(name).sock")
        return SocketBox(socket)
    }

    /// Starts the program.
    func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = program + ["--bus", "ipc:\(folder)", "--name", "subject"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    // MARK: - Frames

    /// Takes frames until `isDone` or the time is over.
    /// - Returns: whether it was done in time.
    @discardableResult
    func pump(_ seconds: Double, until isDone: () -> Bool = { false }) -> Bool {
        let end = Date() + seconds
        while true {
            takeAll()
            if isDone() { return true }
            if Date() >= end { return false }
            usleep(500)
        }
    }

    private func takeAll() {
        for lane in [StageLane.control, .data] {
            while let arrival = receive(lane) {
                defer { slab.discard(arrival.slot) }
                if lane == .control { controlPeer = arrival.peer } else { dataPeer = arrival.peer }
                let bytes = [UInt8](slab.bytes(arrival.slot))
                guard let envelope = try? Spacenode_Bus_V1_Envelope(serializedBytes: bytes) else {
                    judge.fail("frame-valid", "a frame of \(bytes.count) bytes is no Envelope")
                    continue
                }
                judge.inspect(bytes, envelope.header, isData: lane == .data)
                let frame = Observed(
                    lane: lane, header: envelope.header, payload: [UInt8](envelope.payload),
                    bytes: bytes.count, at: Date())
                seen.append(frame)
                charge(frame)
                if frame.control == 6 { pongBack(frame) }
            }
        }
    }

    private func receive(_ lane: StageLane) -> MessageSlab.Arrival? {
        guard let box = lane == .control ? control : data else { return nil }
        return try? slab.receive(box.socket)
    }

    private func charge(_ frame: Observed) {
        guard frame.lane == .data, frame.header.kind != 8, (2...4).contains(frame.header.trafficClass) else {
            return
        }
        let index = Int(frame.header.trafficClass) - 2
        used[index].bytes += UInt64(frame.bytes)
        used[index].messages += 1
        if used[index].bytes > allowed[index].bytes || used[index].messages > allowed[index].messages {
            judge.fail(
                "credit-respected",
                "sent \(used[index].messages) messages, \(allowed[index].messages) were allowed")
        }
        guard givesCredit else { return }
        grant(index, StageWindow(bytes: used[index].bytes + (8 << 20), messages: used[index].messages + 64))
    }

    /// Allows totals in one class.
    func grant(_ index: Int, _ window: StageWindow) {
        allowed[index].bytes = max(allowed[index].bytes, window.bytes)
        allowed[index].messages = max(allowed[index].messages, window.messages)
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = UInt32(index + 2)
        credit.bytes = allowed[index].bytes
        credit.messages = allowed[index].messages
        send(control: 8, credit)
    }

    /// Lets the program send this many more messages in a class, and no more.
    func grantMore(_ index: Int, messages: UInt64) {
        grant(
            index,
            StageWindow(bytes: used[index].bytes + (8 << 20), messages: used[index].messages + messages))
    }

    /// Messages in NORMAL that the program may still send.
    func roomLeft(_ index: Int) -> UInt64 {
        allowed[index].messages - min(used[index].messages, allowed[index].messages)
    }

    private func pongBack(_ frame: Observed) {
        var pong = Spacenode_Bus_V1_Pong()
        pong.stamp = frame.message(Spacenode_Bus_V1_Ping.self).stamp
        send(control: 7, pong)
    }

    func send(control number: UInt32, _ message: some SwiftProtobuf.Message, lane: StageLane = .control) {
        var header = Spacenode_Bus_V1_Header()
        header.kind = 8
        header.type = 1 << 16 | number
        header.source = 1
        header.role = 1
        send(header, (try? message.serializedBytes()) ?? [], lane: lane)
    }

    func send(_ header: Spacenode_Bus_V1_Header, _ payload: [UInt8], lane: StageLane = .data) {
        var envelope = Spacenode_Bus_V1_Envelope()
        envelope.header = header
        envelope.header.wire = 1
        envelope.payload = Data(payload)
        sendRaw((try? envelope.serializedBytes()) ?? [], lane: lane)
    }

    func sendRaw(_ bytes: [UInt8], lane: StageLane) {
        bytes.withUnsafeBytes { buffer in
            let peer = lane == .control ? controlPeer : dataPeer
            guard let box = lane == .control ? control : data else { return }
            _ = try? slab.send(bytes: buffer, to: peer, on: box.socket)
        }
    }

    // MARK: - Session

    /// Waits for HELLO, gives WELCOME, waits for ATTACH and READY.
    /// - Returns: false when a step did not come in time.
    func establish(windows: [StageWindow] = Stage.windows) -> Bool {
        let from = seen.count
        guard pump(10, until: { self.find(1, from) != nil }) else { return false }
        return welcome(windows: windows, from: from)
    }

    private func welcome(windows: [StageWindow], from: Int) -> Bool {
        hello = find(1, from)?.message(Spacenode_Bus_V1_Hello.self) ?? hello
        epoch += 1
        session += 1
        judge.begin(instance: instance, epoch: epoch, role: 15)
        used = used.map { _ in StageWindow(bytes: 0, messages: 0) }
        allowed = windows
        attachToken = (0..<16).map { UInt8($0) ^ UInt8(truncatingIfNeeded: epoch) }
        var welcome = Spacenode_Bus_V1_Welcome()
        welcome.session = session
        welcome.epoch = epoch
        welcome.routerEpoch = 1
        welcome.instance = instance
        welcome.heartbeatMs = 500
        welcome.maxFrame = 4 << 20
        welcome.attachToken = Data(attachToken)
        welcome.maxTopics = 1024
        welcome.windows = windows.enumerated().map { index, size in
            var window = Spacenode_Bus_V1_Window()
            window.trafficClass = UInt32(index + 2)
            window.bytes = size.bytes
            window.messages = size.messages
            return window
        }
        send(control: 2, welcome)
        guard pump(3, until: { self.find(4, from) != nil }) else { return false }
        var attached = Spacenode_Bus_V1_Attached()
        attached.session = session
        send(control: 5, attached, lane: .data)
        return pump(3, until: { self.find(11, from)?.message(Spacenode_Bus_V1_State.self).state == 2 })
    }

    /// Session number that ATTACH must name.
    var sessionNumber: UInt64 { session }

    /// The last control message of a number, sent since a place in `seen`.
    func find(_ number: UInt32, _ from: Int = 0) -> Observed? {
        seen[min(from, seen.count)...].last { $0.control == number }
    }

    /// Frames since a place in `seen`, without the beats that every plugin publishes.
    func frames(_ from: Int, kind: UInt32) -> [Observed] {
        seen[min(from, seen.count)...].filter { $0.header.kind == kind && $0.header.type >> 16 == 64 }
    }
}
