internal import Foundation
internal import NodeBus
internal import NodeConfiguration
internal import NodeOperator
internal import NodeProtocol
internal import SupervisorProcess

/// What a command can learn of a node: from its supervisor, from its router, and from the processes that live.
struct NodeView: Sendable {
    let paths: NodePaths
    /// nil: no supervisor runs.
    let report: NodeReport?
    /// Who holds the lock although no supervisor answers.
    let silentHolder: NodeLock.Holder?
    /// nil: the router does not answer.
    let stats: Spacenode_Bus_V1_StatsReply?
    let sessions: [Spacenode_Bus_V1_SessionInfo]
    let deadLetters: Spacenode_Bus_V1_ListDeadLettersReply?
    /// Age of the oldest message that the router keeps, and whether older ones are gone already; nil: unknown or none.
    let ringReaches: UInt64?
    let hasRingLost: Bool
    /// Processes of this node that live, whoever started them.
    let marked: [MarkedProcess]
    let at = wallMilliseconds()

    /// Asks everybody, for a second at most.
    init(_ common: CommonOptions) async throws {
        paths = try common.paths()
        report = try? ControlClient.report(paths)
        silentHolder = report == nil ? NodeLock.holder(paths) : nil
        marked = MarkedProcess.all(of: paths.data)
        let bus = await Self.ask(paths.run)
        stats = bus?.stats
        sessions = bus?.sessions ?? []
        deadLetters = bus?.letters
        let oldest = bus?.oldest.records.first
        let now = wallMilliseconds()
        ringReaches = oldest.map { now - min(now, $0.timeNs / 1_000_000) }
        hasRingLost = (oldest?.number ?? 1) > 1
    }

    /// Whether there is anything at all.
    var isNothing: Bool {
        report == nil && silentHolder == nil && marked.isEmpty && stats == nil
    }

    private struct BusSide: Sendable {
        let stats: Spacenode_Bus_V1_StatsReply
        let sessions: [Spacenode_Bus_V1_SessionInfo]
        let letters: Spacenode_Bus_V1_ListDeadLettersReply
        let oldest: Spacenode_Bus_V1_ReadTrafficReply
    }

    private static func ask(_ run: String) async -> BusSide? {
        guard access("\(run)/control.sock", F_OK) == 0 else { return nil }
        return try? await withBus(run: run, patience: 1000) { bus in
            let own = await bus.instance()
            let second = Duration.seconds(1)
            var oldest = Spacenode_Bus_V1_ReadTrafficRequest()
            oldest.maxBytes = 1
            oldest.headersOnly = true
            let list = try await bus.call(
                RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest(), ttl: second)
            return BusSide(
                stats: try await bus.call(RouterContract.stats, Spacenode_Bus_V1_StatsRequest(), ttl: second),
                sessions: list.sessions.filter { $0.instance != own },
                letters: try await bus.call(
                    RouterContract.listDeadLetters, Spacenode_Bus_V1_ListDeadLettersRequest(), ttl: second),
                oldest: try await bus.call(RouterContract.readTraffic, oldest, ttl: second))
        }
    }

    // MARK: - Without a supervisor

    /// Everything that needs somebody.
    var attentions: [AttentionReport] {
        var result = report?.attentions ?? []
        if let holder = silentHolder {
            result.append(
                AttentionReport(
                    "the supervisor (pid \(holder.pid)) takes no commands",
                    effect: "nobody starts processes that die", fix: "kill -9 \(holder.pid); spacenode up",
                    since: 0))
        } else if report == nil, !isNothing {
            result.append(
                AttentionReport(
                    "no supervisor runs, but \(marked.isEmpty ? "a router" : "\(marked.count) of its processes") does",
                    effect: "nobody starts processes that die", fix: "spacenode up", since: 0))
        }
        if let stats, stats.highWaterTrips > 0 {
            result.append(
                AttentionReport(
                    "\(stats.highWaterTrips) full pipes in spite of credit: a bug",
                    effect: "messages were lost, and reported",
                    fix: "please report it, with spacenode bus stats --json",
                    since: 0))
        }
        return result
    }

    /// A row for each process, from whoever knows of it.
    var processes: [ProcessReport] {
        if let report { return report.processes }
        let living = marked.map { ProcessReport(unsupervised: $0, session: session($0.name)) }
        let names = Set(marked.map(\.name))
        let others = sessions.filter { !names.contains(String(decoding: $0.name, as: UTF8.self)) }
        return living + others.map(ProcessReport.init)
    }

    private func session(_ name: String) -> Spacenode_Bus_V1_SessionInfo? {
        sessions.first { String(decoding: $0.name, as: UTF8.self) == name }
    }
}

extension ProcessReport {
    /// A process that nobody supervises.
    init(unsupervised process: MarkedProcess, session: Spacenode_Bus_V1_SessionInfo?) {
        self.init(name: process.name, pid: process.pid, residentBytes: ProcFile.residentBytes(process.pid))
        if let session { take(session) } else { reason = "no supervisor runs and it has no session" }
    }

    /// A session of something that was started by hand.
    init(_ session: Spacenode_Bus_V1_SessionInfo) {
        self.init(name: String(decoding: session.name, as: UTF8.self), pid: nil, residentBytes: nil)
        take(session)
    }

    private mutating func take(_ session: Spacenode_Bus_V1_SessionInfo) {
        role = BusRole(rawValue: session.role).name
        state = stateName(session.state)
        reason = session.reason.isEmpty ? nil : String(decoding: session.reason, as: UTF8.self)
        sentMessages = session.inMessages
        receivedMessages = session.outMessages
        build = String(decoding: session.build, as: UTF8.self)
    }
}
