import BusWire
import NodeBus
import NodeProtocol
import SwiftProtobuf

/// Valid conversations of a router with the SDK.
enum EngineSeeds {
    private typealias Operation = EngineWorld.Operation

    static func all() -> [[UInt8]] {
        [calls(), download(), upload(), events(), served(), session(), control(), refused()]
    }

    // MARK: - Frames

    private static func control(_ number: UInt32, _ message: some SwiftProtobuf.Message) -> [UInt8] {
        var header = FrameHeader()
        header.wire = 1
        header.kind = 8
        header.type = 1 << 16 | number
        header.source = 1
        header.role = 1
        header.dest = EngineWorld.instance
        return header.frame(payload: RouterSeeds.bytes(message))
    }

    /// WELCOME and ATTACHED.
    static func opening() -> [(lane: BusLane, bytes: [UInt8])] {
        var welcome = Spacenode_Bus_V1_Welcome()
        welcome.session = 9
        welcome.epoch = 5
        welcome.instance = EngineWorld.instance
        welcome.heartbeatMs = 500
        welcome.attachToken = .init([1, 2, 3])
        welcome.windows = (2...4).map { trafficClass in
            var window = Spacenode_Bus_V1_Window()
            window.trafficClass = UInt32(trafficClass)
            window.bytes = 1200
            window.messages = 6
            return window
        }
        var attached = Spacenode_Bus_V1_Attached()
        attached.session = welcome.session
        return [(.control, control(2, welcome)), (.data, control(5, attached))]
    }

    private static func answer(
        kind: UInt32, type: UInt32, id: UInt64, trafficClass: UInt32 = 3, seq: UInt64 = 0, status: UInt32 = 0,
        source: UInt64 = 88, payload: [UInt8] = []
    ) -> [UInt8] {
        var header = FrameHeader()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = source
        header.dest = EngineWorld.instance
        header.epoch = 6
        header.role = 15
        header.replyTo = id
        header.seq = seq
        header.status = status
        header.trafficClass = trafficClass
        return header.frame(payload: payload)
    }

    private static func asked(
        kind: UInt32, type: UInt32, id: UInt64, trafficClass: UInt32 = 3, seq: UInt64 = 0,
        payload: [UInt8] = []
    ) -> [UInt8] {
        var header = FrameHeader()
        header.wire = 1
        header.kind = kind
        header.type = type
        header.source = 88
        header.epoch = 6
        header.role = 15
        header.id = id
        header.seq = seq
        header.ttlMilliseconds = 3000
        header.trafficClass = trafficClass
        return header.frame(payload: payload)
    }

    private static func event(seq: UInt64, epoch: UInt32 = 6, key: [UInt8] = []) -> [UInt8] {
        var tick = Spacenode_Example_V1_Tick()
        tick.number = seq
        var header = FrameHeader()
        header.wire = 1
        header.kind = 4
        header.type = 0x40_0005
        header.source = 88
        header.epoch = epoch
        header.role = 15
        header.seq = seq
        header.trafficClass = 3
        return header.frame(topicKey: key, payload: RouterSeeds.bytes(tick))
    }

    private static func fault() -> [UInt8] {
        var fault = Spacenode_Bus_V1_Fault()
        fault.text = .init("no".utf8)
        fault.limit = 3
        fault.actual = 4
        return RouterSeeds.bytes(fault)
    }

    private static func script(_ steps: [(EngineWorld.Operation, [UInt8])]) -> [UInt8] {
        var writer = StepWriter()
        for (operation, frame) in steps { writer.step(operation.rawValue, frame) }
        return writer.bytes
    }

    // MARK: - Conversations

    private static func calls() -> [UInt8] {
        script([
            (.data, answer(kind: 2, type: 0x40_0001, id: 1, payload: [0x0a, 1, 7])), (.callAgain, []),
            (.data, answer(kind: 3, type: 0x40_0001, id: 4, status: 24, payload: fault())), (.callAgain, []),
            (.control, answer(kind: 3, type: 0x40_0001, id: 5, status: 2, source: 1, payload: fault())),
            (.time, [30, 0]), (.time, [0, 9]), (.data, answer(kind: 2, type: 0x40_0001, id: 6)),
        ])
    }

    private static func download() -> [UInt8] {
        let count: UInt32 = 0x40_0002
        return script([
            (.data, answer(kind: 6, type: count, id: 2, trafficClass: 4, seq: 1, payload: [8, 1])),
            (.data, answer(kind: 6, type: count, id: 2, trafficClass: 4, seq: 2, payload: [8, 2])),
            (.control, answer(kind: 7, type: count, id: 2, trafficClass: 4, seq: 3, status: 18, source: 1)),
            (.data, answer(kind: 6, type: count, id: 2, trafficClass: 4, seq: 3, payload: [8, 3])),
            (.data, answer(kind: 7, type: count, id: 2, trafficClass: 4, seq: 3, status: 1)),
        ])
    }

    private static func upload() -> [UInt8] {
        var more = Spacenode_Bus_V1_StreamCredit()
        more.opener = EngineWorld.instance
        more.id = 3
        more.items = 8
        return script([
            (.control, control(18, more)),
            (.data, answer(kind: 7, type: 0x40_0003, id: 3, trafficClass: 4, status: 1, payload: [8, 5])),
        ])
    }

    private static func events() -> [UInt8] {
        var subscribed = Spacenode_Bus_V1_Subscribed()
        subscribed.type = 0x40_0005
        subscribed.status = 1
        var gap = Spacenode_Bus_V1_Gap()
        gap.publisher = 88
        gap.epoch = 6
        gap.type = 0x40_0005
        gap.from = 1
        gap.to = 4
        var resync = Spacenode_Bus_V1_Resync()
        resync.publisher = 88
        resync.epoch = 7
        resync.type = 0x40_0005
        return script([
            (.control, control(13, subscribed)), (.data, control(15, gap)), (.data, event(seq: 5)),
            (.data, event(seq: 5)), (.data, event(seq: 9)), (.data, event(seq: 1, key: [3])),
            (.data, control(16, resync)), (.data, event(seq: 1, epoch: 7)),
            (.data, event(seq: .max, epoch: 8)),
            (.disconnected, []), (.connected, []),
        ])
    }

    private static func served() -> [UInt8] {
        var echo = Spacenode_Example_V1_EchoRequest()
        echo.delayMs = 5
        echo.body = .init([1, 2])
        var count = Spacenode_Example_V1_CountRequest()
        count.items = 3
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = 88
        cancel.id = 4
        var more = Spacenode_Bus_V1_StreamCredit()
        more.opener = 88
        more.id = 2
        more.items = 5
        return script([
            (.data, asked(kind: 1, type: 0x40_0001, id: 1, payload: RouterSeeds.bytes(echo))),
            (.time, [9, 0]),
            (
                .data,
                asked(
                    kind: 5, type: 0x40_0002, id: 2, trafficClass: 4, seq: 1,
                    payload: RouterSeeds.bytes(count))
            ),
            (.control, control(18, more)),
            (.data, asked(kind: 5, type: 0x40_0003, id: 3, trafficClass: 4)),
            (.data, up(6, id: 3, seq: 1)), (.data, up(7, id: 3, seq: 1)),
            (.data, asked(kind: 1, type: 0x40_0001, id: 4, payload: RouterSeeds.bytes(echo))),
            (.control, control(9, cancel)), (.data, asked(kind: 1, type: 0x77_0001, id: 5)),
            (.data, asked(kind: 1, type: 0x2_0001, id: 6)),
        ])
    }

    private static func up(_ kind: UInt32, id: UInt64, seq: UInt64) -> [UInt8] {
        var header = FrameHeader()
        header.wire = 1
        header.kind = kind
        header.type = 0x40_0003
        header.source = 88
        header.epoch = 6
        header.role = 15
        header.replyTo = id
        header.seq = seq
        header.trafficClass = 4
        return header.frame(payload: kind == 6 ? [8, 2] : [])
    }

    private static func session() -> [UInt8] {
        let again = opening()
        return script([
            (.disconnected, []), (.time, [100, 0]), (.connected, []), (.control, again[0].bytes),
            (.data, again[1].bytes), (.time, [0, 40]), (.time, [0, 40]), (.full, []), (.callAgain, []),
            (.full, []), (.control, control(10, Spacenode_Bus_V1_Drain())), (.time, [0, 60]),
        ])
    }

    private static func control() -> [UInt8] {
        var ping = Spacenode_Bus_V1_Ping()
        ping.stamp = 3
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = 3
        credit.bytes = 90_000
        credit.messages = 90
        var notice = Spacenode_Bus_V1_Notice()
        notice.status = 15
        notice.text = .init("which rule".utf8)
        var lost = notice
        lost.status = 14
        return script([
            (.control, control(6, ping)), (.control, control(8, credit)), (.control, control(17, notice)),
            (.data, control(17, notice)), (.control, control(7, Spacenode_Bus_V1_Pong())),
            (.control, control(99, ping)), (.control, control(17, lost)), (.time, [60, 0]),
        ])
    }

    private static func refused() -> [UInt8] {
        var reject = Spacenode_Bus_V1_Reject()
        reject.status = 22
        reject.text = .init("later".utf8)
        var final = reject
        final.status = 10
        final.permanent = true
        final.neededMin = 2
        var subscribed = Spacenode_Bus_V1_Subscribed()
        subscribed.type = 0x40_0005
        subscribed.status = 8
        return script([
            (.control, control(13, subscribed)), (.control, [1, 2]), (.data, [0x0a]),
            (.control, control(3, reject)), (.time, [0, 8]), (.control, control(3, final)),
        ])
    }
}
