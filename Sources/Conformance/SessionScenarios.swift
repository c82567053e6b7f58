internal import Foundation
internal import NodeProtocol
internal import SwiftProtobuf

extension Scenarios {
    private func begin() throws -> Stage? {
        let stage = try Stage(program: program, judge: judge)
        judge.begin(instance: 0, epoch: 0, role: 0)
        try stage.start()
        return stage.establish() ? stage : nil
    }

    private func emit(_ stage: Stage, id: UInt64, _ events: UInt64) {
        var emit = Spacenode_Example_V1_EmitRequest()
        emit.events = events
        var header = Spacenode_Bus_V1_Header()
        header.kind = 1
        header.type = ExampleContract.emit.info.type
        header.source = 99
        header.dest = stage.instance
        header.id = id
        header.ttlMs = 20_000
        header.trafficClass = 3
        stage.send(header, (try? emit.serializedBytes()) ?? [])
    }

    // MARK: - Credit

    func credit() throws {
        let stage = try Stage(program: program, judge: judge)
        judge.begin(instance: 0, epoch: 0, role: 0)
        try stage.start()
        stage.givesCredit = false
        var windows = Stage.windows
        windows[1] = StageWindow(bytes: 8 << 20, messages: 20)
        guard stage.establish(windows: windows) else { return }
        emit(stage, id: 1, 200)
        stage.pump(0.8)
        let early = stage.seen.filter { $0.header.kind == 4 }.count
        judge.check("credit-respected", early <= 20, "\(early) events were sent, 20 were allowed")
        for _ in 0..<40 where stage.frames(0, kind: 4).count < 200 {
            stage.grantMore(1, messages: 10)
            stage.pump(0.05)
        }
        let all = stage.frames(0, kind: 4).count
        judge.check("credit-respected", all == 200, "\(all) of 200 events came as credit was given")
        stage.givesCredit = true
        stage.grantMore(1, messages: 64)
        receiverCredit(stage)
    }

    /// Sends a window's worth of requests: half of it must come back as credit.
    private func receiverCredit(_ stage: Stage) {
        let window = stage.hello.windows.first { $0.trafficClass == 3 }
        let messages = window?.messages ?? 1024
        var header = Spacenode_Bus_V1_Header()
        header.kind = 1
        header.type = ExampleContract.echo.info.type
        header.source = 99
        header.dest = stage.instance
        header.ttlMs = 20_000
        header.trafficClass = 3
        for id in 0..<messages * 3 / 4 {
            header.id = 1000 + id
            stage.send(header, [])
            if id % 32 == 0 { stage.pump(0.005) }
        }
        let came = stage.pump(5) {
            stage.seen.contains {
                $0.control == 8 && $0.message(Spacenode_Bus_V1_Credit.self).trafficClass == 3
            }
        }
        judge.check("credit-granted", came, "no CREDIT after three quarters of a window was answered")
        let credits = stage.seen.filter { $0.control == 8 }.map { $0.message(Spacenode_Bus_V1_Credit.self) }
            .filter { $0.trafficClass == 3 }
        let rises = zip(credits, credits.dropFirst()).allSatisfy {
            $0.messages <= $1.messages && $0.bytes <= $1.bytes
        }
        let total = credits.last?.messages ?? 0
        judge.check(
            "credit-totals", rises && total > messages,
            "the last CREDIT allows \(total) messages in all, HELLO allowed \(messages)")
    }

    // MARK: - Lost sessions

    func lostSessions() throws {
        guard let stage = try begin() else { return }
        emit(stage, id: 1, 3)
        _ = stage.pump(2) { stage.frames(0, kind: 4).count == 3 }
        let from = stage.seen.count
        var notice = Spacenode_Bus_V1_Notice()
        notice.status = 14
        stage.send(control: 17, notice)
        let start = Date()
        let isBack = stage.establish()
        judge.check(
            "rehello", isBack && Date().timeIntervalSince(start) < 2,
            "no new session within 2 s of UNKNOWN_SESSION")
        guard isBack else { return }
        // Numbers begin anew: the judge expects seq 1 in the new session.
        emit(stage, id: 1, 3)
        let came = stage.pump(2) { stage.frames(from, kind: 4).count >= 3 }
        judge.check("rehello", came, "the new session does not work")
    }

    func restart() throws {
        guard let stage = try begin() else { return }
        stage.unbind()
        usleep(300_000)
        try stage.bind()
        let start = Date()
        let isBack = stage.establish()
        let seconds = Date().timeIntervalSince(start)
        judge.check("reconnect", isBack && seconds < 2, "READY again after \(seconds) s")
    }

    // MARK: - Refusals

    private func reject(_ stage: Stage, _ status: UInt32, permanent: Bool) {
        var reject = Spacenode_Bus_V1_Reject()
        reject.status = status
        reject.text = Data("refused by the conformance kit".utf8)
        reject.permanent = permanent
        stage.send(control: 3, reject)
    }

    private func waitForExit(_ stage: Stage, _ seconds: Double) -> Int32? {
        stage.pump(seconds) { stage.process?.isRunning == false }
        guard let process = stage.process, !process.isRunning else { return nil }
        return process.terminationStatus
    }

    func refusals() throws {
        let patient = try Stage(program: program, judge: judge)
        judge.begin(instance: 0, epoch: 0, role: 0)
        try patient.start()
        _ = patient.pump(10) { patient.find(1) != nil }
        let from = patient.seen.count
        reject(patient, 22, permanent: false)
        let again = patient.pump(4) { patient.find(1, from) != nil }
        judge.check("reject-retries", again, "no second HELLO within 4 s of a REJECT that is not permanent")
        reject(patient, 20, permanent: true)
        let status = waitForExit(patient, 5)
        judge.check(
            "reject-stops", status != nil && status != 0,
            "after a permanent REJECT the program \(said(status))")

        guard let stage = try begin() else { return }
        reject(stage, 19, permanent: true)
        let end = waitForExit(stage, 5)
        judge.check("superseded-stops", end != nil && end != 0, "after SUPERSEDED the program \(said(end))")
    }

    private func said(_ status: Int32?) -> String {
        status.map { "ended with status \($0)" } ?? "goes on"
    }

    // MARK: - Drain

    func drain() throws {
        guard let stage = try begin() else { return }
        var header = Spacenode_Bus_V1_Header()
        header.kind = 1
        header.type = ExampleContract.echo.info.type
        header.source = 99
        header.dest = stage.instance
        header.id = 1
        header.ttlMs = 5000
        header.trafficClass = 3
        var echo = Spacenode_Example_V1_EchoRequest()
        echo.delayMs = 400
        stage.send(header, (try? echo.serializedBytes()) ?? [])
        stage.pump(0.1)
        stage.send(control: 10, Spacenode_Bus_V1_Drain())
        let status = waitForExit(stage, 6)
        stage.pump(0.2)
        let answered = stage.seen.contains { $0.header.kind == 2 && $0.header.replyTo == 1 }
        let isDraining = stage.find(11)?.message(Spacenode_Bus_V1_State.self).state == 4
        judge.check(
            "drain", isDraining && answered && status == 0,
            "DRAINING \(isDraining), finished \(answered), the program \(said(status))")
        let goodbye = stage.find(19)
        judge.check("goodbye-last", goodbye?.lane == .data, "no GOODBYE on the data lane")
    }

    func terminate() throws {
        guard let stage = try begin() else { return }
        stage.process?.terminate()
        let status = waitForExit(stage, 6)
        stage.pump(0.2)
        judge.check(
            "sigterm-drains", status == 0 && stage.find(19) != nil,
            "after SIGTERM the program \(said(status)), GOODBYE \(stage.find(19) != nil)")
    }
}
