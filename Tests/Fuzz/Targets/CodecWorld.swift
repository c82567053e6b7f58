import BusWire
import CBusProtocol
import NodeProtocol
import RouterCore
import SwiftProtobuf

/// The three codecs against each other: what our header walk accepts, protobuf-c and swift-protobuf read the same; what
/// protobuf-c accepts of a control message, swift-protobuf reads the same.
enum CodecWorld {
    /// The first byte chooses a message, the rest is its bytes.
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        let kind = Int(choice) % (messages.count + 1)
        if kind == 0 { frame(bytes) } else { messages[kind - 1].check(bytes) }
    }

    // MARK: - Frames

    private static func frame(_ bytes: UnsafeRawBufferPointer) {
        guard let header = try? FrameHeader(frame: bytes) else { return }
        let arena = Arena()
        guard
            let envelope = arena.decode(bytes, { spacenode__bus__v1__envelope__unpack($0, $1, $2) }),
            let read = envelope.pointee.header
        else { preconditionFailure("protobuf-c refuses what the walk accepts") }
        compare(header, read.pointee, bytes)
        let payload = UnsafeRawBufferPointer(
            rebasing: bytes[header.payloadOffset..<header.payloadOffset + header.payloadCount])
        precondition(same(payload, envelope.pointee.payload), "another payload")
        guard let swift = try? Spacenode_Bus_V1_Envelope(serializedBytes: [UInt8](bytes)) else {
            preconditionFailure("swift-protobuf refuses what the walk accepts")
        }
        precondition(swift.header.id == header.id && swift.header.type == header.type)
        precondition([UInt8](swift.payload) == [UInt8](payload), "another payload in Swift")
        let key = [UInt8](bytes[header.topicKeyOffset..<header.topicKeyOffset + header.topicKeyCount])
        let again = header.frame(topicKey: key, payload: [UInt8](payload))
        precondition((try? again.withUnsafeBytes { try FrameHeader(frame: $0) }) != nil, "written, not read")
    }

    private static func same(_ bytes: UnsafeRawBufferPointer, _ data: ProtobufCBinaryData) -> Bool {
        bytes.count == data.len
            && bytes.elementsEqual(UnsafeRawBufferPointer(start: data.data, count: data.len))
    }

    private static func compare(
        _ header: FrameHeader, _ read: Spacenode__Bus__V1__Header, _ bytes: UnsafeRawBufferPointer
    ) {
        precondition(header.wire == read.wire && header.kind == read.kind && header.type == read.type)
        precondition(header.dest == read.dest && header.source == read.source && header.epoch == read.epoch)
        precondition(header.id == read.id && header.replyTo == read.reply_to && header.seq == read.seq)
        precondition(header.ttlMilliseconds == read.ttl_ms && header.schema == read.schema)
        precondition(header.causeSource == read.cause_source && header.causeID == read.cause_id)
        precondition(header.trafficClass == read.traffic_class && header.status == read.status)
        precondition(header.retryAfterMilliseconds == read.retry_after_ms && header.role == read.role)
        let key = UnsafeRawBufferPointer(
            rebasing: bytes[header.topicKeyOffset..<header.topicKeyOffset + header.topicKeyCount])
        precondition(same(key, read.topic_key), "another topic key")
    }

    // MARK: - Control messages

    /// One message in both codecs.
    private struct Checker: Sendable {
        let check: @Sendable (UnsafeRawBufferPointer) -> Void
        let example: @Sendable () -> [UInt8]
    }

    private typealias Unpack<M> =
        @Sendable (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
        -> UnsafeMutablePointer<M>?

    private static func checker<M, S: SwiftProtobuf.Message & Equatable>(
        _ unpack: @escaping Unpack<M>, _ example: S
    ) -> Checker {
        Checker(
            check: { bytes in
                let arena = Arena()
                guard let read = arena.decode(bytes, unpack) else { return }
                let packed = repack(read)
                var options = BinaryDecodingOptions()
                options.discardUnknownFields = true
                let before = try? S(serializedBytes: [UInt8](bytes), options: options)
                let after = try? S(serializedBytes: packed, options: options)
                precondition(before == after, "\(S.protoMessageName) differs between the codecs")
            },
            example: { RouterSeeds.bytes(example) })
    }

    private static func repack<M>(_ message: UnsafeMutablePointer<M>) -> [UInt8] {
        message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { base in
            let count = protobuf_c_message_get_packed_size(base)
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                used = count == 0 ? 0 : protobuf_c_message_pack(base, buffer.baseAddress)
            }
        }
    }

    // Without REJECT: protobuf-c reads a bool from any wire type. No message that the router reads has one.
    private static let messages: [Checker] = sessionMessages + trafficMessages

    private static let sessionMessages: [Checker] = [
        checker({ spacenode__bus__v1__hello__unpack($0, $1, $2) }, Spacenode_Bus_V1_Hello.with(hello)),
        checker({ spacenode__bus__v1__welcome__unpack($0, $1, $2) }, Spacenode_Bus_V1_Welcome.with(welcome)),
        checker(
            { spacenode__bus__v1__attach__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Attach.with { ($0.session, $0.attachToken) = (3, .init([1, 2])) }),
        checker(
            { spacenode__bus__v1__ping__unpack($0, $1, $2) }, Spacenode_Bus_V1_Ping.with { $0.stamp = 9 }),
        checker(
            { spacenode__bus__v1__drain_request__unpack($0, $1, $2) },
            Spacenode_Bus_V1_DrainRequest.with { ($0.instance, $0.reason) = (3, .init([68])) }),
        checker(
            { spacenode__bus__v1__pong__unpack($0, $1, $2) }, Spacenode_Bus_V1_Pong.with { $0.queued = 300 }),
        checker(
            { spacenode__bus__v1__state__unpack($0, $1, $2) }, Spacenode_Bus_V1_State.with { $0.state = 2 }),
        checker(
            { spacenode__bus__v1__subscribe__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Subscribe.with {
                $0.positions = [.with { $0.seq = 4 }, .with { $0.epoch = 1 << 31 }]
            }),
    ]

    private static let trafficMessages: [Checker] = [
        checker(
            { spacenode__bus__v1__credit__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Credit.with { ($0.trafficClass, $0.bytes, $0.messages) = (3, .max, 1 << 40) }),
        checker(
            { spacenode__bus__v1__cancel__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Cancel.with { ($0.source, $0.id) = (7, 8) }),
        checker(
            { spacenode__bus__v1__gap__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Gap.with { ($0.publisher, $0.from, $0.to) = (1, 2, 3) }),
        checker(
            { spacenode__bus__v1__notice__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Notice.with { ($0.status, $0.text, $0.limit) = (15, .init([66]), 9) }),
        checker(
            { spacenode__bus__v1__stream_credit__unpack($0, $1, $2) },
            Spacenode_Bus_V1_StreamCredit.with { ($0.opener, $0.items) = (5, 6) }),
        checker(
            { spacenode__bus__v1__fault__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Fault.with { ($0.text, $0.code) = (.init([67]), 4) }),
        checker(
            { spacenode__bus__v1__unsubscribe__unpack($0, $1, $2) },
            Spacenode_Bus_V1_Unsubscribe.with { $0.topicKey = .init([1]) }),
    ]

    @Sendable private static func hello(_ hello: inout Spacenode_Bus_V1_Hello) {
        hello.name = .init("plugin".utf8)
        hello.role = 15
        hello.provides = [.with { ($0.contract, $0.minorMax, $0.schema) = (64, 1, 99) }]
        hello.windows = [.with { ($0.trafficClass, $0.bytes) = (3, 8 << 20) }]
        hello.labels = [.with { $0.name = .init("gpu".utf8) }]
        hello.heldKeys = [.init([1]), .init([2, 3])]
    }

    @Sendable private static func welcome(_ welcome: inout Spacenode_Bus_V1_Welcome) {
        (welcome.session, welcome.epoch, welcome.instance) = (1, 2, 3)
        welcome.chosen = [.with { $0.contract = 64 }]
        welcome.windows = [.with { $0.trafficClass = 2 }]
        welcome.attachToken = .init([9])
    }

    static func seeds() -> [[UInt8]] {
        let control = messages.enumerated().map { index, message in [UInt8(index + 1)] + message.example() }
        return control + frames().map { [0] + $0 }
    }

    /// Frames that reach every field and every fault of the header walk.
    private static func frames() -> [[UInt8]] {
        var header = FrameHeader()
        (header.wire, header.kind, header.type, header.dest) = (1, 1, 0x40_0001, 2)
        (header.source, header.epoch, header.id, header.replyTo, header.seq) = (3, 4, 5, 6, 7)
        (header.ttlMilliseconds, header.causeSource, header.causeID) = (8, 9, 10)
        (header.trafficClass, header.status, header.retryAfterMilliseconds) = (3, 12, 13)
        (header.schema, header.role) = (14, 15)
        let whole = header.frame(topicKey: [1, 2], payload: [3, 4])
        func raw(_ fields: [UInt8]) -> [UInt8] { [0x0a, UInt8(fields.count)] + fields }
        let unknown: [UInt8] = [
            8, 1, 0xa0, 1, 5, 0xa1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xa2, 1, 1, 9, 0xa5, 1, 1, 2, 3, 4,
        ]
        return [
            whole, Array(whole.dropLast()), whole + [0], [], [0x12], [0x0a], [0x0a, 200], raw([8, 2]),
            raw([8]), raw([9, 1]), raw([8, 1, 0x8a, 1, 33]), raw(unknown), raw([8, 1, 0xa3, 1]), raw([0]),
            [0x0a, 0x81, 0x04] + [UInt8](repeating: 0, count: 513),
            raw([8, 1, 0x8a, 1, 33] + [UInt8](repeating: 1, count: 33)),
            raw([8, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
            raw([8, 1] + [UInt8](repeating: 0xff, count: 11)), raw([8, 1]) + [0x12, 0],
        ]
    }
}
