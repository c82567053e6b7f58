/// How a process is, for people.
package enum ProcessState: Sendable, Hashable {
    /// Waits for the router.
    case waiting
    case starting
    case ready
    case degraded(String)
    case draining
    /// Why nobody can say.
    case unknown(String)
    /// Died; starts again at a time.
    case pausing(until: UInt64)
    case stopped
}

/// One process, as it is shown.
package struct ProcessView: Sendable, Hashable {
    package let name: String
    package let state: ProcessState
    /// Since when it is so.
    package let since: UInt64
    package let pid: Int32?
    /// When this life began; nil: it does not live.
    package let startedAt: UInt64?
    /// Starts that nobody asked for.
    package let restarts: Int
    /// Why it ended the last time without being asked, and when.
    package let lastEnd: String?
    package let lastEndAt: UInt64?
    /// In place of its own program.
    package let program: String?
}

extension SupervisorCore {
    /// All processes in the order of their start.
    package var views: [ProcessView] { entries.map(view) }

    /// Since when the router does not answer, when that has lasted; nil: it answers.
    package var routerSilentSince: UInt64? {
        silentSince.flatMap { now >= $0 + policy.silentAfter ? $0 : nil }
    }

    /// What needs somebody, the worst first.
    package var attentions: [Notice] {
        entries.compactMap(attention).sorted { $0.severity.rawValue > $1.severity.rawValue }
    }

    private func view(_ entry: ProcessEntry) -> ProcessView {
        let (state, since) = state(entry)
        return ProcessView(
            name: entry.rule.name, state: state, since: since, pid: entry.pid,
            startedAt: entry.isAlive ? entry.startedAt : nil, restarts: entry.restarts,
            lastEnd: entry.lastEnd?.text, lastEndAt: entry.lastEnd?.at, program: entry.program)
    }

    private func state(_ entry: ProcessEntry) -> (ProcessState, UInt64) {
        switch entry.phase {
        case .waiting: (.waiting, entry.since)
        case .stopped: (.stopped, entry.since)
        case .pausing(let until): (.pausing(until: until), entry.since)
        case .ending: (.draining, entry.since)
        case .running: running(entry)
        }
    }

    private func running(_ entry: ProcessEntry) -> (ProcessState, UInt64) {
        guard entry.wasReady || entry.word != nil else { return (.starting, entry.startedAt) }
        if let silent = routerSilentSince {
            return (.unknown("the router does not answer"), silent)
        }
        switch entry.word {
        case nil: return (.unknown("it has no session with the router"), entry.wordSince)
        case .starting?: return (.starting, entry.wordSince)
        case .ready?: return (.ready, entry.wordSince)
        case .degraded(let reason)?: return (.degraded(reason), entry.wordSince)
        case .draining?: return (.draining, entry.wordSince)
        }
    }

    /// What is wrong with a process, if anything is.
    func attention(_ entry: ProcessEntry) -> Notice? {
        if isStopping { return nil }
        let name = entry.rule.name
        let logs = "spacenode logs \(name)"
        let effect = effect(entry)
        let (state, since) = state(entry)
        switch state {
        case .pausing(let until): return dead(entry, until)
        case .degraded(let reason):
            return Notice(
                .attention, name, "\(name) is DEGRADED: \(reason)", effect: "it does less than it should",
                fix: logs, since: since)
        case .unknown where silentSince != nil && !entry.rule.isRouter:
            // The router's own line says it for all.
            return nil
        case .unknown(let why):
            return Notice(
                .error, name, "the state of \(name) is unknown: \(why)", effect: effect,
                fix: "spacenode restart \(name)", since: since)
        case .starting where now >= entry.startedAt + policy.readyWithin:
            let word = entry.word == nil ? "it has no session with the router" : "it says STARTING"
            return Notice(
                .attention, name,
                "\(name) is not READY \(seconds(now - entry.startedAt)) after its start: \(word)",
                effect: effect, fix: logs, since: entry.startedAt)
        case .ready, .starting: return loop(entry)
        default: return nil
        }
    }

    private func loop(_ entry: ProcessEntry) -> Notice? {
        guard let deaths = entry.loop(at: now, policy: policy), let first = deaths.first else { return nil }
        let name = entry.rule.name
        return Notice(
            .attention, name,
            "\(name) died \(deaths.count) times of late, last: \(entry.lastEnd?.text ?? "?")",
            effect: effect(entry), fix: "spacenode logs \(name)", since: first)
    }

    private func dead(_ entry: ProcessEntry, _ until: UInt64) -> Notice {
        let name = entry.rule.name
        let loop = entry.failures >= policy.loopDeaths ? ", \(entry.failures) times in a row" : ""
        let why = entry.lastEnd?.text ?? "?"
        let waits = !entry.rule.isRouter && !isRouterReady
        return Notice(
            .error, name, "\(name) died\(loop): \(why)",
            next: waits
                ? "it starts when the router is READY"
                : "it starts again in \(seconds(until > now ? until - now : 0))",
            effect: effect(entry), fix: "spacenode logs \(name)", since: entry.lastEnd?.at ?? now)
    }

    private func effect(_ entry: ProcessEntry) -> String {
        entry.rule.isRouter
            ? "no messages are passed on meanwhile" : "requests to \(entry.rule.name) are refused meanwhile"
    }
}
