internal import Foundation
internal import NodeProtocol
internal import SwiftProtobuf

/// Plays the scenarios against one program.
struct Scenarios {
    let program: [String]
    let judge: Judge

    /// Runs all of them; each starts the program anew.
    func run(progress: (String) -> Void) throws {
        let scenarios: [(String, () throws -> Void)] = [
            ("session, calls, events, streams", traffic), ("credit", credit), ("lost sessions", lostSessions),
            ("router restart", restart), ("refusals", refusals), ("drain", drain), ("SIGTERM", terminate),
        ]
        for (name, play) in scenarios {
            progress(name)
            try play()
        }
    }

    private func stage() throws -> Stage {
        let stage = try Stage(program: program, judge: judge)
        judge.begin(instance: 0, epoch: 0, role: 0)
        try stage.start()
        return stage
    }

    // MARK: - Calls

    private func request(
        _ stage: Stage, _ method: MethodInfo, id: UInt64, _ message: some Message, kind: UInt32 = 1,
        seq: UInt64 = 0,
        type: UInt32? = nil
    ) {
        var header = Spacenode_Bus_V1_Header()
        header.kind = kind
        header.type = type ?? method.type
        header.source = 99
        header.epoch = 3
        header.role = 12
        header.dest = stage.instance
        header.id = id
        header.seq = seq
        header.ttlMs = 5000
        header.trafficClass = method.trafficClass.rawValue
        stage.send(header, (try? message.serializedBytes()) ?? [])
    }

    private func answers(_ stage: Stage, _ id: UInt64) -> [Observed] {
        stage.seen.filter {
            [2, 3, 7].contains($0.header.kind) && $0.header.dest == 99 && $0.header.replyTo == id
        }
    }

    private func echo(_ stage: Stage, id: UInt64, delay: UInt32 = 0, bytes: Int = 3, fail: Bool = false) {
        var echo = Spacenode_Example_V1_EchoRequest()
        echo.body = Data(repeating: 5, count: bytes)
        echo.delayMs = delay
        echo.fail = fail
        request(stage, ExampleContract.echo.info, id: id, echo)
    }

    private func traffic() throws {
        let stage = try stage()
        let isUp = stage.establish()
        hello(stage, isUp)
        guard isUp else { return }
        calls(stage)
        events(stage)
        streams(stage)
        system(stage)
        tolerance(stage)
    }

    private func hello(_ stage: Stage, _ isUp: Bool) {
        let hello = stage.hello
        judge.check("hello-first", stage.seen.first?.control == 1, "the first frame is no HELLO")
        judge.check(
            "hello-fields",
            hello.name == Data("subject".utf8) && hello.role == 15
                && hello.token == Data(repeating: 7, count: 32)
                && hello.provides.contains { $0.contract == 64 }
                && hello.provides.contains { $0.contract == 2 },
            "name --name, role example, the token of tokens/example, and contracts 64 and 2 are needed")
        let largest: [UInt64] = [256 << 10, 4 << 20, 4 << 20]
        let maxFrame = hello.maxFrame == 0 ? 4 << 20 : UInt64(hello.maxFrame)
        let fits = hello.windows.allSatisfy { window in
            guard (2...4).contains(window.trafficClass) else { return false }
            return window.bytes >= 2 * min(largest[Int(window.trafficClass) - 2], maxFrame)
                && window.messages >= 2
        }
        judge.check("hello-windows", fits, "a window holds fewer than two of the largest frames")
        let attach = stage.find(4)
        let message = attach?.message(Spacenode_Bus_V1_Attach.self)
        judge.check(
            "attach-token",
            attach?.lane == .data && message?.session == stage.sessionNumber
                && message?.attachToken == Data(stage.attachToken),
            "ATTACH did not come on the data lane with session and token of WELCOME")
        judge.check("state-ready", isUp, "no STATE READY after ATTACHED")
    }

    private func calls(_ stage: Stage) {
        echo(stage, id: 1)
        _ = stage.pump(2) { !answers(stage, 1).isEmpty }
        stage.pump(0.2)
        let replies = answers(stage, 1)
        judge.check("one-reply", replies.count == 1, "got \(replies.count) answers to one request")
        let first = replies.first
        let body = first?.message(Spacenode_Example_V1_EchoReply.self).body
        judge.check(
            "reply-addressed",
            first?.header.kind == 2 && first?.header.type == ExampleContract.echo.info.type
                && first?.lane == .data
                && body == Data(repeating: 5, count: 3),
            "the reply's kind, type, lane or body is not the request's")
        echo(stage, id: 2, fail: true)
        _ = stage.pump(2) { !answers(stage, 2).isEmpty }
        let failed = answers(stage, 2).first
        judge.check(
            "error-failed",
            failed?.header.kind == 3 && failed?.header.status == 24
                && failed?.message(Spacenode_Bus_V1_Fault.self).text.isEmpty == false,
            "an Echo with fail set was not answered by ERROR, FAILED and a text")
        request(
            stage, ExampleContract.echo.info, id: 3, Spacenode_Example_V1_EchoRequest(),
            type: 64 << 16 | 0x777)
        _ = stage.pump(2) { !answers(stage, 3).isEmpty }
        let unknown = answers(stage, 3).first
        judge.check(
            "unknown-type", unknown?.header.kind == 3 && unknown?.header.status == 13,
            "no ERROR with UNKNOWN_TYPE")
        cancelAndPing(stage)
        // An answer with its header would be over the frame's limit.
        echo(stage, id: 6, bytes: (4 << 20) - 160)
        _ = stage.pump(3) { !answers(stage, 6).isEmpty }
        judge.check(
            "frame-limit", !answers(stage, 6).isEmpty, "a request of almost 4 MiB has no answer at all")
    }

    private func cancelAndPing(_ stage: Stage) {
        echo(stage, id: 4, delay: 600)
        echo(stage, id: 5, delay: 300)
        stage.pump(0.05)
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = 99
        cancel.id = 4
        stage.send(control: 9, cancel)
        var ping = Spacenode_Bus_V1_Ping()
        ping.stamp = 4711
        stage.send(control: 6, ping)
        let isInTime = stage.pump(1) {
            stage.seen.contains { $0.control == 7 && $0.message(Spacenode_Bus_V1_Pong.self).stamp == 4711 }
        }
        judge.check("pong", isInTime, "no PONG with the stamp within 1 s, while two handlers ran")
        stage.pump(1)
        judge.check("cancel", answers(stage, 4).isEmpty, "a cancelled request was answered")
        judge.check(
            "one-reply", answers(stage, 5).count == 1,
            "the request beside a cancelled one got \(answers(stage, 5).count) answers")
    }

    // MARK: - Events and requests of the program

    private func events(_ stage: Stage) {
        for (id, key) in [(UInt64(10), UInt8(1)), (11, 2), (12, 1)] {
            var emit = Spacenode_Example_V1_EmitRequest()
            emit.events = 5
            emit.topicKey = Data([key])
            request(stage, ExampleContract.emit.info, id: id, emit)
        }
        _ = stage.pump(3) { [10, 11, 12].allSatisfy { !answers(stage, $0).isEmpty } }
        let ticks = stage.frames(0, kind: 4)
        judge.check("seq-rises", ticks.count == 15, "\(ticks.count) of 15 events came")
        judge.check(
            "cause-copied",
            ticks.allSatisfy { $0.header.causeSource == 99 && (10...12).contains($0.header.causeID) },
            "an event does not name the request that caused it")
        relay(stage)
    }

    private func relay(_ stage: Stage) {
        var relay = Spacenode_Example_V1_RelayRequest()
        relay.calls = 4
        relay.body = Data([8])
        request(stage, ExampleContract.relay.info, id: 13, relay)
        var answered = 0
        _ = stage.pump(4) {
            for call in stage.frames(0, kind: 1).dropFirst(answered) {
                answered += 1
                var header = Spacenode_Bus_V1_Header()
                header.kind = 2
                header.type = call.header.type
                header.trafficClass = 3
                header.source = 98
                header.dest = stage.instance
                header.replyTo = call.header.id
                var reply = Spacenode_Example_V1_EchoReply()
                reply.body = Data([8])
                stage.send(header, (try? reply.serializedBytes()) ?? [])
            }
            return !answers(stage, 13).isEmpty
        }
        judge.check("id-rises", answered >= 4, "Relay made \(answered) of 4 calls")
    }

    // MARK: - Streams

    private func allow(_ stage: Stage, opener: UInt64, id: UInt64, _ items: UInt64) {
        var credit = Spacenode_Bus_V1_StreamCredit()
        credit.opener = opener
        credit.id = id
        credit.items = items
        stage.send(control: 18, credit)
    }

    private func streams(_ stage: Stage) {
        var count = Spacenode_Example_V1_CountRequest()
        count.items = 10
        request(stage, ExampleContract.count.info, id: 20, count, kind: 5, seq: 3)
        stage.pump(0.4)
        let early = stage.frames(0, kind: 6).filter { $0.header.replyTo == 20 }
        judge.check("stream-credit", early.count == 3, "\(early.count) items were sent, 3 were allowed")
        allow(stage, opener: 99, id: 20, 100)
        _ = stage.pump(2) { !answers(stage, 20).isEmpty }
        let items = stage.frames(0, kind: 6).filter { $0.header.replyTo == 20 }
        judge.check(
            "stream-order", items.map(\.header.seq) == Array(1...10), "items \(items.map(\.header.seq))")
        stage.pump(0.1)
        let ends = answers(stage, 20)
        judge.check(
            "stream-end", ends.count == 1 && ends[0].header.status == 1 && ends[0].header.seq == 10,
            "not one STREAM_END with OK and seq 10")
        upload(stage)
        count.items = 1_000_000
        request(stage, ExampleContract.count.info, id: 22, count, kind: 5, seq: 5)
        _ = stage.pump(1) { stage.frames(0, kind: 6).contains { $0.header.replyTo == 22 } }
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.source = 99
        cancel.id = 22
        stage.send(control: 9, cancel)
        stage.pump(0.3)
        let before = stage.frames(0, kind: 6).count
        allow(stage, opener: 99, id: 22, 50)
        stage.pump(0.3)
        judge.check("stream-cancel", stage.frames(0, kind: 6).count == before, "items came after CANCEL")
    }

    private func upload(_ stage: Stage) {
        request(stage, ExampleContract.sum.info, id: 21, Spacenode_Example_V1_TickSubscription(), kind: 5)
        var sent: UInt64 = 0
        _ = stage.pump(4) {
            let allowed = uploadCredit(stage)
            while sent < min(allowed, 100) {
                sent += 1
                var item = Spacenode_Example_V1_SumItem()
                item.value = sent
                sendUpload(stage, kind: 6, seq: sent, (try? item.serializedBytes()) ?? [])
                if sent == 100 { sendUpload(stage, kind: 7, seq: 100, []) }
            }
            return !answers(stage, 21).isEmpty
        }
        let reply = answers(stage, 21).first
        let sum = reply?.message(Spacenode_Example_V1_SumReply.self)
        judge.check(
            "stream-upload",
            reply?.header.kind == 7 && reply?.header.status == 1 && sum?.sum == 5050 && sum?.items == 100,
            "of 100 items \(sent) were allowed, the sum is \(sum?.sum ?? 0)")
    }

    private func uploadCredit(_ stage: Stage) -> UInt64 {
        var allowed: UInt64 = 0
        for frame in stage.seen where frame.control == 18 {
            let credit = frame.message(Spacenode_Bus_V1_StreamCredit.self)
            if credit.opener == 99, credit.id == 21 { allowed = max(allowed, credit.items) }
        }
        return allowed
    }

    private func sendUpload(_ stage: Stage, kind: UInt32, seq: UInt64, _ payload: [UInt8]) {
        var header = Spacenode_Bus_V1_Header()
        header.kind = kind
        header.type = ExampleContract.sum.info.type
        header.source = 99
        header.epoch = 3
        header.role = 12
        header.replyTo = 21
        header.seq = seq
        header.trafficClass = 4
        stage.send(header, payload)
    }

    // MARK: - System

    private func system(_ stage: Stage) {
        request(stage, SystemContract.describe.info, id: 30, Spacenode_System_V1_DescribeRequest())
        _ = stage.pump(2) { !answers(stage, 30).isEmpty }
        let reply = answers(stage, 30).first?.message(Spacenode_System_V1_DescribeReply.self)
        let files = reply.flatMap {
            try? Google_Protobuf_FileDescriptorSet(serializedBytes: $0.fileDescriptorSet)
        }
        let names = Set(
            (files?.file ?? []).flatMap { file in file.messageType.map { "\(file.package).\($0.name)" } })
        let methods = reply?.methods ?? []
        judge.check(
            "describe",
            methods.contains { $0.type == ExampleContract.echo.info.type && $0.provided }
                && methods.allSatisfy { names.contains($0.input) && names.contains($0.output) },
            "Describe names \(methods.count) types; its descriptors must cover them all")
        stage.pump(2.4)
        let beats = stage.seen.filter {
            $0.header.kind == 4 && $0.header.type == SystemContract.beats.info.type
        }
        judge.check("beats", beats.count >= 2, "\(beats.count) Beats came in all the time")
    }

    private func tolerance(_ stage: Stage) {
        var header = Spacenode_Bus_V1_Header()
        header.wire = 1
        header.kind = 1
        header.type = ExampleContract.echo.info.type
        header.source = 99
        header.dest = stage.instance
        header.id = 40
        header.ttlMs = 5000
        header.trafficClass = 3
        var bytes: [UInt8] = (try? header.serializedBytes()) ?? []
        bytes += [0xa0, 0x06, 0x07, 0xaa, 0x06, 0x02, 0x61, 0x62]
        stage.sendRaw([0x0a, UInt8(bytes.count)] + bytes, lane: .data)
        judge.check(
            "tolerates-fields", stage.pump(2) { !answers(stage, 40).isEmpty },
            "a request with unknown fields was not answered")
        stage.send(control: 999, Spacenode_Bus_V1_Ping())
        echo(stage, id: 41)
        judge.check(
            "tolerates-control", stage.pump(2) { !answers(stage, 41).isEmpty },
            "no answer after an unknown control message")
    }
}
