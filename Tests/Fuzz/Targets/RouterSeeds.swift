import BusWire
import NodeProtocol
import SwiftProtobuf

/// Valid conversations with the router.
enum RouterSeeds {
    private typealias Operation = RouterWorld.Operation

    static func all() -> [[UInt8]] {
        let world = RouterWorld()
        let first = world.welcomes[0]
        let second = world.welcomes[1]
        return [
            session(), requests(first, second), streams(first, second), uploads(first, second),
            events(first, second), refusals(first, second), service(second), parked(first, second),
            curveLike(), ending(first, second),
        ]
    }

    // MARK: - Frames

    static func frame(_ header: FrameHeader, key: [UInt8] = [], _ payload: [UInt8] = []) -> [UInt8] {
        header.frame(topicKey: key, payload: payload)
    }

    static func bytes(_ message: some SwiftProtobuf.Message) -> [UInt8] {
        (try? message.serializedBytes()) ?? []
    }

    static func header(_ welcome: Spacenode_Bus_V1_Welcome, kind: UInt32, type: UInt32) -> FrameHeader {
        var header = FrameHeader()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = welcome.instance
        header.epoch = welcome.epoch
        header.role = RouterWorld.role
        return header
    }

    static func control(
        _ welcome: Spacenode_Bus_V1_Welcome, _ number: UInt32, _ message: some SwiftProtobuf.Message
    ) -> [UInt8] {
        frame(header(welcome, kind: 8, type: 1 << 16 | number), bytes(message))
    }

    static func hello(
        _ name: String, messages: UInt64, change: (inout Spacenode_Bus_V1_Hello) -> Void = { _ in }
    ) -> [UInt8] {
        var hello = Spacenode_Bus_V1_Hello()
        hello.name = .init(name.utf8)
        hello.role = RouterWorld.role
        hello.token = .init(RouterWorld.token)
        var range = Spacenode_Bus_V1_ContractRange()
        range.contract = 64
        range.minorMax = 1
        hello.provides = [range]
        hello.requires = [range]
        hello.maxFrame = 1000
        hello.windows = (2...4).map { trafficClass in
            var window = Spacenode_Bus_V1_Window()
            window.trafficClass = UInt32(trafficClass)
            window.bytes = 2500
            window.messages = messages
            return window
        }
        change(&hello)
        var header = FrameHeader()
        header.wire = 1
        header.kind = 8
        header.type = 1 << 16 | 1
        return frame(header, bytes(hello))
    }

    static func attach(_ welcome: Spacenode_Bus_V1_Welcome) -> [UInt8] {
        var attach = Spacenode_Bus_V1_Attach()
        attach.session = welcome.session
        attach.attachToken = welcome.attachToken
        return control(welcome, 4, attach)
    }

    static func ready(_ state: UInt32 = 2) -> Spacenode_Bus_V1_State {
        var message = Spacenode_Bus_V1_State()
        message.state = state
        message.reason = .init("why".utf8)
        return message
    }

    private static func request(
        _ from: Spacenode_Bus_V1_Welcome, id: UInt64, to dest: UInt64 = 0, type: UInt32 = 0x40_0001,
        kind: UInt32 = 1, trafficClass: UInt32 = 3, seq: UInt64 = 0
    ) -> [UInt8] {
        var header = header(from, kind: kind, type: type)
        header.id = id
        header.dest = dest
        header.seq = seq
        header.trafficClass = trafficClass
        header.ttlMilliseconds = 2000
        header.causeSource = from.instance
        header.causeID = 1
        return frame(header, [1, 2, 3])
    }

    /// REPLY, ERROR, STREAM_ITEM or STREAM_END.
    private static func answer(
        _ from: Spacenode_Bus_V1_Welcome, to dest: UInt64, id: UInt64, kind: UInt32 = 2,
        type: UInt32 = 0x40_0001, trafficClass: UInt32 = 3, seq: UInt64 = 0, status: UInt32 = 0
    ) -> [UInt8] {
        var header = header(from, kind: kind, type: type)
        header.dest = dest
        header.replyTo = id
        header.seq = seq
        header.status = status
        header.trafficClass = trafficClass
        return frame(header, [4, 5])
    }

    private static func event(_ from: Spacenode_Bus_V1_Welcome, seq: UInt64, key: [UInt8] = []) -> [UInt8] {
        var header = header(from, kind: 4, type: 0x40_0005)
        header.seq = seq
        header.trafficClass = 3
        header.schema = 0xa960_89a3
        return frame(header, key: key, [UInt8](repeating: 6, count: 20))
    }

    private static func credit(
        _ of: Spacenode_Bus_V1_Welcome, _ trafficClass: UInt32, bytes: UInt64 = 1 << 20
    )
        -> [UInt8]
    {
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = trafficClass
        credit.bytes = bytes
        credit.messages = 100
        return control(of, 8, credit)
    }

    private static func script(_ steps: [(RouterWorld.Operation, [UInt8])]) -> [UInt8] {
        var writer = StepWriter()
        for (operation, frame) in steps { writer.step(operation.rawValue, frame) }
        return writer.bytes
    }

    private static func two(_ number: UInt16) -> [UInt8] {
        [UInt8(number & 0xff), UInt8(number >> 8)]
    }

    // MARK: - Conversations

    private static func session() -> [UInt8] {
        var third = Spacenode_Bus_V1_Welcome()
        third.session = 4
        third.epoch = 1003
        third.instance = 3
        third.attachToken = .init([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
        var pong = Spacenode_Bus_V1_Pong()
        pong.stamp = 9
        pong.state = 2
        return script([
            (.strangerData, [1, 2, 3]), (.strangerControl, []),
            (
                .strangerControl,
                hello("third", messages: 8) {
                    $0.heldKeys = [.init([1, 2, 3])]
                    $0.build = .init("0.1".utf8)
                    var label = Spacenode_Bus_V1_Label()
                    label.name = .init("gpu".utf8)
                    label.value = .init("1".utf8)
                    $0.labels = [label]
                }
            ),
            (.strangerData, attach(third)), (.strangerControl, control(third, 11, ready(1))),
            (.time, two(600)), (.strangerControl, control(third, 7, pong)), (.time, two(4000)),
            (.strangerControl, hello("third", messages: 8) { $0.heldKeys = [.init([1, 2, 3])] }),
            (.time, two(11_000)),
        ])
    }

    private static func requests(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = second.instance
        cancel.id = 2
        return script([
            (.secondData, request(second, id: 1, to: first.instance)),
            (.firstData, answer(first, to: second.instance, id: 1)),
            (.secondData, request(second, id: 2, to: first.instance)),
            (.secondControl, control(second, 9, cancel)),
            (.firstData, answer(first, to: second.instance, id: 2)),
            (.secondData, request(second, id: 3, to: first.instance)),
            (.firstData, answer(first, to: second.instance, id: 3, kind: 3, status: 24)),
            (.secondData, request(second, id: 4)), (.time, two(2100)),
            (.firstData, answer(first, to: second.instance, id: 4)),
            (.secondData, request(second, id: 4)), (.secondData, request(second, id: 5, to: 99)),
        ])
    }

    private static func streams(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        let count: UInt32 = 0x40_0002
        var more = Spacenode_Bus_V1_StreamCredit()
        more.opener = second.instance
        more.id = 1
        more.items = 3
        func item(_ seq: UInt64, kind: UInt32 = 6, status: UInt32 = 0) -> [UInt8] {
            answer(
                first, to: second.instance, id: 1, kind: kind, type: count, trafficClass: 4, seq: seq,
                status: status)
        }
        let open = request(
            second, id: 1, to: first.instance, type: count, kind: 5, trafficClass: 4, seq: 2)
        return script([
            (.secondData, open), (.firstData, item(1)), (.firstData, item(2)),
            (.secondControl, control(second, 18, more)), (.secondControl, credit(second, 4)),
            (.firstData, item(3)), (.firstData, item(3, kind: 7, status: 1)), (.firstData, item(4)),
            (.secondData, request(second, id: 2, type: count, kind: 5, trafficClass: 4, seq: 1)),
            (.time, two(2500)),
        ])
    }

    private static func uploads(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        let sum: UInt32 = 0x40_0003
        var more = Spacenode_Bus_V1_StreamCredit()
        more.opener = second.instance
        more.id = 1
        more.items = 2
        func up(_ seq: UInt64, kind: UInt32 = 6) -> [UInt8] {
            answer(second, to: 0, id: 1, kind: kind, type: sum, trafficClass: 4, seq: seq)
        }
        let open = request(second, id: 1, to: first.instance, type: sum, kind: 5, trafficClass: 4)
        return script([
            (.secondData, open), (.firstControl, control(first, 18, more)), (.secondData, up(1)),
            (.secondData, up(2)), (.secondData, up(2, kind: 7)),
            (
                .firstData,
                answer(
                    first, to: second.instance, id: 1, kind: 7, type: sum, trafficClass: 4, status: 1)
            ),
            (.secondData, up(5)),
        ])
    }

    private static func events(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        var subscribe = Spacenode_Bus_V1_Subscribe()
        subscribe.type = 0x40_0005
        var position = Spacenode_Bus_V1_Position()
        position.publisher = first.instance
        position.epoch = first.epoch
        position.seq = 1
        var late = subscribe
        late.positions = [position]
        position.epoch = 9
        position.topicKey = .init([7])
        late.positions.append(position)
        var unsubscribe = Spacenode_Bus_V1_Unsubscribe()
        unsubscribe.type = 0x40_0005
        return script([
            (.firstData, event(first, seq: 1)), (.secondControl, control(second, 12, subscribe)),
            (.firstData, event(first, seq: 2)), (.firstData, event(first, seq: 5)),
            (.firstData, event(first, seq: 1, key: [7])), (.firstData, event(first, seq: 6)),
            (.firstData, event(first, seq: 7)), (.secondControl, credit(second, 3)),
            (.firstData, event(first, seq: 8)), (.secondControl, control(second, 14, unsubscribe)),
            (.secondControl, control(second, 12, late)), (.firstData, event(first, seq: 9)),
            (.lost, two(0)), (.time, two(50)),
        ])
    }

    private static func refusals(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        var lying = header(first, kind: 1, type: 0x40_0001)
        lying.source = second.instance
        lying.trafficClass = 3
        var old = lying
        old.source = first.instance
        old.epoch = 1
        var wrongClass = header(first, kind: 1, type: 0x40_0001)
        wrongClass.trafficClass = 4
        wrongClass.id = 5
        var unknown = wrongClass
        unknown.type = 0x77_0001
        unknown.trafficClass = 3
        var kind = header(first, kind: 12, type: 0x40_0001)
        kind.trafficClass = 3
        return script([
            (.firstData, frame(lying)), (.firstData, frame(old)), (.firstData, frame(wrongClass)),
            (.firstData, frame(unknown)), (.firstData, frame(kind)), (.firstData, [0x0a, 0x80, 0x80]),
            (.firstData, request(first, id: 9, type: 0x3_0001)), (.firstControl, frame(wrongClass)),
            (.firstData, control(first, 12, Spacenode_Bus_V1_Subscribe())),
            (.strangerControl, hello("Third", messages: 8)),
            (.strangerControl, hello("third", messages: 8) { $0.token = .init([1]) }),
            (.strangerControl, hello("third", messages: 8) { $0.busMinorMin = 3 }),
            (
                .strangerControl,
                hello("third", messages: 8) {
                    $0.provides[0].minorMin = 5; $0.provides[0].minorMax = 6
                }
            ),
            (.strangerControl, hello("third", messages: 8) { $0.provides[0].schema = 5 }),
            (.strangerControl, hello("third", messages: 1)),
            (.strangerControl, hello("third", messages: 8) { $0.role = 60 }),
            (.strangerControl, hello("first", messages: 8)),
        ])
    }

    private static func readTraffic(_ welcome: Spacenode_Bus_V1_Welcome) -> [UInt8] {
        var header = header(welcome, kind: 1, type: 0x1_0044)
        (header.dest, header.id, header.trafficClass, header.role) = (1, 9, 3, 12)
        var request = Spacenode_Bus_V1_ReadTrafficRequest()
        (request.after, request.maxBytes, request.headersOnly) = (1, 300, true)
        request.types = [0x40_0001, 0x40_0005]
        return frame(header, (try? request.serializedBytes()) ?? [])
    }

    private static func service(_ second: Spacenode_Bus_V1_Welcome) -> [UInt8] {
        func ask(_ welcome: Spacenode_Bus_V1_Welcome, _ type: UInt32, id: UInt64, role: UInt32) -> [UInt8] {
            var header = header(welcome, kind: 1, type: type)
            header.dest = 1
            header.id = id
            header.trafficClass = 3
            header.role = role
            return frame(header)
        }
        // FNV-1a of role and name, as the router numbers an instance on ipc.
        var third = Spacenode_Bus_V1_Welcome()
        third.epoch = 1003
        third.instance =
            ([UInt8(12)] + Array("third".utf8)).reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01b3
            } | 1 << 63
        let operatorHello = hello("third", messages: 8) {
            $0.role = 12
            $0.provides = []
            $0.requires = []
        }
        let asked = (0..<5).map { number -> (RouterWorld.Operation, [UInt8]) in
            (.strangerControl, ask(third, 0x1_0040 + UInt32(number), id: UInt64(number + 1), role: 12))
        }
        return script(
            [(.strangerControl, operatorHello), (.secondControl, ask(second, 0x1_0040, id: 1, role: 15))]
                + asked + [(.strangerControl, readTraffic(third))])
    }

    /// More than the provider has credit for: frames wait, then are refused.
    private static func parked(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        let many = (1...8).map { id -> (RouterWorld.Operation, [UInt8]) in
            (.secondData, request(second, id: UInt64(id), to: first.instance))
        }
        return script(
            many + [(.firstControl, credit(first, 3)), (.time, two(2500)), (.lost, two(2)), (.time, two(10))])
    }

    private static func curveLike() -> [UInt8] {
        script([
            (.strangerControl, hello("third", messages: 8) { $0.windows = [] }),
            (.strangerControl, hello("third", messages: 8) { $0.windows[0].trafficClass = 9 }),
            (.strangerControl, hello("third", messages: 8) { $0.requires[0].contract = 0x7777 }),
            (.time, two(3000)),
        ])
    }

    private static func ending(_ first: Spacenode_Bus_V1_Welcome, _ second: Spacenode_Bus_V1_Welcome)
        -> [UInt8]
    {
        script([
            (.secondData, request(second, id: 1, to: first.instance)),
            (
                .secondData,
                request(second, id: 2, to: first.instance, type: 0x40_0002, kind: 5, trafficClass: 4, seq: 1)
            ),
            (.firstControl, control(first, 11, ready(4))), (.secondData, request(second, id: 3)),
            (.firstData, control(first, 19, Spacenode_Bus_V1_Goodbye())),
            (.secondControl, control(second, 6, Spacenode_Bus_V1_Ping())), (.lost, two(3)),
        ])
    }
}
