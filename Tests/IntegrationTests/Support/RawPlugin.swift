import Foundation
import NodeProtocol
import SwiftProtobuf
import ZeroMQ

/// A plugin made of two sockets and protobuf alone: sends what no SDK would.
final class RawPlugin {
    /// How to reach the router.
    enum Way {
        case ipc(folder: String)
        /// With the server's key and our own secret; without: plain, which the router must not take.
        case tcp(port: UInt16, serverKey: String?, secretKey: String?)
    }

    struct Frame {
        let header: Spacenode_Bus_V1_Header
        let payload: Data

        var control: UInt32? { header.kind == 8 ? header.type & 0xffff : nil }

        func message<M: SwiftProtobuf.Message>(_ type: M.Type) -> M {
            (try? M(serializedBytes: payload)) ?? M()
        }
    }

    enum Lane { case control, data }

    private let context: Context
    private let control: Socket
    private let data: Socket
    private let way: Way
    private(set) var welcome = Spacenode_Bus_V1_Welcome()
    private var role: UInt32 = 0

    init(_ way: Way) throws {
        self.way = way
        let context = try Context()
        self.context = context
        control = try Self.open(context, way, offset: 0, name: "control")
        data = try Self.open(context, way, offset: 1, name: "data")
    }

    private static func open(_ context: Context, _ way: Way, offset: UInt16, name: String) throws -> Socket {
        let socket = try Socket(context, .dealer)
        try socket.set(.linger, 0)
        switch way {
        case .ipc(let folder): try socket.connect("ipc://\(folder)/\(name).sock")
        case .tcp(let port, let serverKey, let secretKey):
            if let serverKey, let secretKey {
                let pair = try CurveKeyPair.from(secretKey: secretKey)
                try socket.set(.curveServerKey, serverKey)
                try socket.set(.curvePublicKey, pair.publicKey)
                try socket.set(.curveSecretKey, pair.secretKey)
            }
            try socket.connect("tcp://127.0.0.1:\(port + offset)")
        }
        return socket
    }

    // MARK: - Frames

    func send(_ header: Spacenode_Bus_V1_Header, _ payload: Data = Data(), lane: Lane = .data) throws {
        var envelope = Spacenode_Bus_V1_Envelope()
        envelope.header = header
        envelope.payload = payload
        var message = Message(try envelope.serializedBytes())
        _ = lane == .control ? try control.send(&message) : try data.send(&message)
    }

    func send(control number: UInt32, _ message: some SwiftProtobuf.Message, lane: Lane = .control) throws {
        try send(header(kind: 8, type: 1 << 16 | number), message.serializedData(), lane: lane)
    }

    /// A header of this session.
    func header(kind: UInt32, type: UInt32) -> Spacenode_Bus_V1_Header {
        var header = Spacenode_Bus_V1_Header()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = welcome.instance
        header.epoch = welcome.epoch
        header.role = role
        return header
    }

    /// The next frame that fits, others dropped; nil when none came in time.
    func receive(lane: Lane = .control, within seconds: TimeInterval = 1, where fits: (Frame) -> Bool) throws
        -> Frame?
    {
        let end = Date() + seconds
        var message = Message()
        while Date() < end {
            let got =
                lane == .control ? try control.receive(into: &message) : try data.receive(into: &message)
            guard got else {
                usleep(500)
                continue
            }
            guard let envelope = try? Spacenode_Bus_V1_Envelope(serializedBytes: message.bytes) else {
                continue
            }
            let frame = Frame(header: envelope.header, payload: envelope.payload)
            if fits(frame) { return frame }
        }
        return nil
    }

    // MARK: - Sessions

    /// Says HELLO and returns WELCOME or REJECT; nil when there was no word.
    func greet(
        _ name: String, role: UInt32, within seconds: TimeInterval = 1,
        change: (inout Spacenode_Bus_V1_Hello) -> Void = { _ in }
    ) throws -> Frame? {
        self.role = role
        var hello = Spacenode_Bus_V1_Hello()
        hello.name = Data(name.utf8)
        hello.role = role
        if case .ipc(let folder) = way,
            let roleName = Contracts.roles.first(where: { $0.number == role })?.name
        {
            hello.token = FileManager.default.contents(atPath: "\(folder)/tokens/\(roleName)") ?? Data()
        }
        change(&hello)
        try send(control: 1, hello)
        let answer = try receive(within: seconds) { $0.control == 2 || $0.control == 3 || $0.control == 17 }
        if let answer, answer.control == 2 { welcome = answer.message(Spacenode_Bus_V1_Welcome.self) }
        return answer
    }

    /// Ties the data lane to the session.
    func attach() throws -> Bool {
        var attach = Spacenode_Bus_V1_Attach()
        attach.session = welcome.session
        attach.attachToken = welcome.attachToken
        try send(control: 4, attach, lane: .data)
        return try receive(lane: .data) { $0.control == 5 } != nil
    }
}

/// `Protos/contracts.json`, which the refusals are held against.
enum Contracts {
    struct Method: Decodable {
        let name: String
        let type: UInt32
        let pattern: String
        let classNumber: UInt32
        let callers: [String]
    }

    struct Contract: Decodable {
        let name: String
        let number: UInt32
        let minor: UInt32
        let providers: [String]
        let methods: [Method]
    }

    private struct File: Decodable {
        let roles: [String: UInt32]
        let contracts: [Contract]
    }

    private static let file: File? = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = FileManager.default.contents(atPath: "\(Programs.root)/Protos/contracts.json")
        return data.flatMap { try? decoder.decode(File.self, from: $0) }
    }()

    static let all = file?.contracts ?? []
    /// All but the router's own.
    static let roles = (file?.roles ?? [:]).map { (name: $0.key, number: $0.value) }.filter { $0.number > 1 }
        .sorted { $0.number < $1.number }

    /// Whether a list of roles names this one.
    static func names(_ list: [String], _ role: String) -> Bool {
        list.contains("*") || list.contains(role)
    }
}
