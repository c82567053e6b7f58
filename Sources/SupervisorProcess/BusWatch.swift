internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeProtocol
internal import SupervisorCore
internal import Synchronization

/// What the router lists of a process beside its state.
struct SessionFacts: Sendable {
    let sent: UInt64
    let received: UInt64
    let build: String
}

/// One answer of the router, by places of the plan; nil sessions: it did not answer.
struct BusAnswer: Sendable {
    /// When it was asked, by the supervisor's clock.
    let at: UInt64
    var sessions: [Int: BusSession]?
    var facts: [Int: SessionFacts] = [:]
}

/// The supervisor's place on the bus: asks the router for the states, again and again, and publishes what happens.
final class BusWatch: Sendable {
    private let directory: String
    /// Name and role by place.
    private let members: [(name: String, role: UInt32)]
    private let version: String
    private let answer = Mutex<BusAnswer?>(nil)
    private let outbox = Mutex<[Spacenode_System_V1_Event]>([])
    private let isHasty = Atomic<Bool>(true)
    private let isOver = Atomic<Bool>(false)

    /// Events that wait for the router at most; the oldest go first, as the log has them all.
    private static let maxEvents = 256

    init(_ plan: NodePlan, version: String) {
        directory = plan.paths.run
        members = plan.processes.map { ($0.name, $0.role.rawValue) }
        self.version = version
    }

    /// The newest answer, if nobody took it yet.
    func take() -> BusAnswer? {
        answer.withLock { answer in
            defer { answer = nil }
            return answer
        }
    }

    /// Whether the router is asked often.
    func setHasty(_ isHasty: Bool) { self.isHasty.store(isHasty, ordering: .relaxed) }

    /// Leaves the bus: the router is about to end.
    func end() {
        isOver.store(true, ordering: .releasing)
        setHasty(true)
    }

    private var goesOn: Bool { !Task.isCancelled && !isOver.load(ordering: .acquiring) }

    /// Publishes an event when there is a router.
    func publish(_ event: Spacenode_System_V1_Event) {
        outbox.withLock { events in
            events.append(event)
            if events.count > Self.maxEvents { events.removeFirst() }
        }
    }

    /// Watches until it is cancelled or told to end.
    func run() async {
        while goesOn {
            if access("\(directory)/data.sock", F_OK) == 0 { await watch() }
            guard goesOn else { return }
            note(nil)
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func watch() async {
        var logger = Logger(label: "supervisor")
        logger.logLevel = .critical
        var options = BusOptions(
            address: .ipc(directory: directory), name: "supervisor", role: .operator,
            requires: [RouterContract.contract])
        options.build = version
        let bus = BusClient(options: options, logger: logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await bus.run() }
            group.addTask {
                await self.poll(bus)
                bus.drain()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func poll(_ bus: BusClient) async {
        while goesOn {
            let asked = monotonicMilliseconds()
            let list = try? await bus.call(
                RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest(), ttl: .seconds(1))
            guard goesOn else { return }
            note(list, at: asked)
            // A new client finds a new router at once; libzmq would wait longer and longer between its tries.
            if list == nil { return }
            await publishAll(bus)
            try? await Task.sleep(for: .milliseconds(isHasty.load(ordering: .relaxed) ? 20 : 500))
        }
    }

    private func publishAll(_ bus: BusClient) async {
        let events = outbox.withLock { events in
            defer { events.removeAll() }
            return events
        }
        for event in events { _ = try? await bus.publish(SystemContract.events, event) }
    }

    private func note(_ list: Spacenode_Bus_V1_ListSessionsReply?, at asked: UInt64 = monotonicMilliseconds())
    {
        var result = BusAnswer(at: asked, sessions: list.map { _ in [:] })
        for session in list?.sessions ?? [] {
            let name = String(decoding: session.name, as: UTF8.self)
            guard let place = members.firstIndex(where: { $0.name == name && $0.role == session.role }),
                let word = word(session)
            else { continue }
            let age = min(session.sinceMs, asked)
            result.sessions?[place] = BusSession(word, began: asked - age)
            result.facts[place] = SessionFacts(
                sent: session.inMessages, received: session.outMessages,
                build: String(decoding: session.build, as: UTF8.self))
        }
        answer.withLock { $0 = result }
    }

    private func word(_ session: Spacenode_Bus_V1_SessionInfo) -> BusWord? {
        switch session.state {
        case 1: .starting
        case 2: .ready
        case 3: .degraded(String(decoding: session.reason, as: UTF8.self))
        case 4: .draining
        default: nil
        }
    }
}

/// Milliseconds of a clock that never goes back.
func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}
