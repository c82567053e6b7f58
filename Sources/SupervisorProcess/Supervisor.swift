internal import Foundation
internal import NodeConfiguration
internal import NodeProtocol
internal import SupervisorCore

/// Carries out what `SupervisorCore` decides: one thread that starts and ends processes and answers commands.
package final class Supervisor {
    let plan: NodePlan
    let version: String
    var core: SupervisorCore
    let began = monotonicMilliseconds()
    let since = wallMilliseconds()
    var readyAfter: UInt64?
    var facts: [Int: SessionFacts] = [:]
    private var server: ControlServer
    private let watch: BusWatch
    private let log: LogFile
    private var children: [Int: ChildProcess] = [:]
    /// Length of each log when its process began.
    private var logBegins: [Int: UInt64] = [:]
    /// Commands that wait for an outcome and are told what happens meanwhile.
    private var followers: Set<ControlServer.Number> = []
    private var drainBegins: [Int: UInt64] = [:]
    private var signalsSeen = 0
    private var nextUpkeep: UInt64 = 0
    private var isFinished = false
    private let show: (NodeReport, [String]) -> Void
    private var lines: [String] = []

    /// Listens for commands; nothing runs yet.
    /// - Parameter show: called for every change and twice a second, with what there is to tell.
    /// - Throws: `SupervisorFault`.
    private init(
        _ plan: NodePlan, version: String, watch: BusWatch, show: @escaping (NodeReport, [String]) -> Void
    ) throws {
        self.plan = plan
        self.version = version
        self.watch = watch
        self.show = show
        server = try ControlServer(plan.paths.nodeSocket)
        log = LogFile("\(plan.paths.logs)/supervisor.log")
        core = SupervisorCore(
            plan.processes.map {
                ProcessRule(
                    name: $0.name, isRouter: $0.name == "router",
                    drainMilliseconds: UInt64($0.process.drainSeconds) * 1000)
            })
    }

    /// Runs the node until it has drained, on a thread of its own.
    ///
    /// SIGINT, SIGTERM and SIGHUP drain it, a second one kills what is left; call `Signals.watch` first.
    /// - Parameter show: called on that thread for every change and twice a second, with the lines there are to tell.
    /// - Throws: `SupervisorFault` when it cannot begin.
    package static func run(
        _ plan: NodePlan, version: String, show: @escaping @Sendable (NodeReport, [String]) -> Void
    ) async throws {
        let watch = BusWatch(plan, version: version)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run() }
            defer { group.cancelAll() }
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                let thread = Thread {
                    done.resume(
                        with: Result {
                            try Supervisor(plan, version: version, watch: watch, show: show).loop()
                        })
                }
                thread.name = "supervisor"
                thread.start()
            }
        }
    }

    // MARK: - The loop

    private func loop() throws {
        handle(.begin)
        var nextShow: UInt64 = 0
        while !isFinished {
            let wasReady = core.isAllReady
            for (number, request) in server.wait(milliseconds: core.isSettled ? 50 : 10) {
                take(number, request)
            }
            takeSignals()
            for place in children.keys.sorted() { bury(place) }
            takeAnswer()
            handle(.tick)
            if core.isStopping { watch.end() }
            upkeep()
            if core.isAllReady, readyAfter == nil { readyAfter = monotonicMilliseconds() - began }
            let now = monotonicMilliseconds()
            if !lines.isEmpty || wasReady != core.isAllReady || now >= nextShow {
                nextShow = now + 500
                show(report(), lines)
                lines.removeAll()
            }
        }
        for number in followers {
            server.reply(number, ControlReply(text: "all processes have ended", isGood: true))
        }
        show(report(), lines)
    }

    private func takeSignals() {
        let count = Signals.count
        guard count > signalsSeen else { return }
        handle(signalsSeen == 0 && count == 1 ? .stop : .hurry)
        signalsSeen = count
    }

    private func takeAnswer() {
        guard let answer = watch.take() else { return }
        guard let sessions = answer.sessions else { return handle(.silence) }
        facts = answer.facts
        handle(.report(sessions, at: answer.at))
        watch.setHasty(!core.isSettled)
    }

    private func bury(_ place: Int) {
        guard let end = children[place]?.takeEnd() else { return }
        children[place] = nil
        facts[place] = nil
        let text = LogFile(plan.processes[place].log).end(since: logBegins[place] ?? 0)
        note("\(plan.processes[place].name) has ended: \(ProcessEnd(end))")
        if core.isStopping {
            say("\(plan.processes[place].name) ended after \(elapsed(drainBegins[place])) s")
        }
        handle(.ended(place, ProcessEnd(end, lastWords: lastWords(of: text))))
    }

    private func upkeep() {
        let now = monotonicMilliseconds()
        guard now >= nextUpkeep else { return }
        nextUpkeep = now + 1000
        for process in plan.processes { LogFile(process.log).rotate() }
        log.rotate()
    }

    /// Seconds since a moment, with two digits.
    private func elapsed(_ moment: UInt64?) -> String {
        let milliseconds = monotonicMilliseconds() - (moment ?? monotonicMilliseconds())
        return "\(milliseconds / 1000)." + (milliseconds % 1000 < 100 ? "0" : "")
            + "\(milliseconds % 1000 / 10)"
    }

    // MARK: - Decisions carried out

    private func handle(_ event: SupervisorEvent) {
        for action in core.handle(event, now: monotonicMilliseconds()) {
            switch action {
            case .start(let place, let program): start(place, program)
            case .terminate(let place):
                drainBegins[place] = monotonicMilliseconds()
                if !core.isStopping { say("\(plan.processes[place].name) drains") }
                children[place]?.terminate()
            case .kill(let place): children[place]?.killAll()
            case .tell(let notice): tell(notice)
            case .answer(let wish, let isGood, let text):
                followers.remove(wish)
                say(text)
                server.reply(wish, ControlReply(text: text, isGood: isGood))
            case .finished: isFinished = true
            }
        }
    }

    private func start(_ place: Int, _ program: String?) {
        let planned = plan.processes[place]
        let path = program ?? planned.program
        logBegins[place] = LogFile(planned.log).size
        let environment = ProcessInfo.processInfo.environment.merging(planned.environment) { $1 }
        do {
            let child = try ChildProcess(
                path, planned.arguments, environment, log: planned.log)
            children[place] = child
            note("\(planned.name) starts: pid \(child.pid), \(path)")
            handle(.started(place, pid: child.pid))
        } catch {
            handle(.notStarted(place, why: "\(error)"))
        }
        watch.setHasty(true)
    }

    private func tell(_ notice: Notice) {
        let parts = [notice.what, notice.next].filter { !$0.isEmpty }
        say(parts.joined(separator: "; "))
        var event = Spacenode_System_V1_Event()
        event.what = notice.what
        event.sinceMs = wall(notice.since)
        event.next = notice.next
        event.effect = notice.effect
        event.fix = notice.fix
        event.severity = notice.severity.rawValue
        watch.publish(event)
    }

    /// Into the log, and to whom looks on.
    private func say(_ line: String) {
        lines.append(line)
        note(line)
        for number in followers { server.reply(number, ControlReply(text: line)) }
    }

    private func note(_ line: String) { log.add("info supervisor: \(line)") }

    // MARK: - Wishes

    private func take(_ number: ControlServer.Number, _ request: ControlRequest) {
        switch request.verb {
        case .report: server.reply(number, ControlReply(report: report(), isGood: true))
        case .down:
            followers.insert(number)
            handle(.stop)
        case .restart:
            guard let place = plan.processes.firstIndex(where: { $0.name == request.name }) else {
                let names = plan.processes.map(\.name).joined(separator: ", ")
                let text = "no process is called \(request.name ?? "?"): there are \(names)"
                return server.reply(number, ControlReply(text: text, isGood: false))
            }
            followers.insert(number)
            guard let program = request.program else { return handle(.restart(place, wish: number)) }
            handle(.replace(place, with: program, wish: number))
        }
    }
}

/// Unix milliseconds.
func wallMilliseconds() -> UInt64 {
    UInt64(Date().timeIntervalSince1970 * 1000)
}
