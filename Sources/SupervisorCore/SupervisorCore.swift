/// The supervisor's decisions: which process is started, ended, killed, told of, and when.
///
/// No I/O and no clock: every event brings the time, in milliseconds of a clock that never goes back.
package struct SupervisorCore: Sendable {
    package let policy: SupervisorPolicy
    var entries: [ProcessEntry]
    var now: UInt64 = 0
    var actions: [SupervisorAction] = []
    package private(set) var isStopping = false
    private var isFinished = false
    /// Since when the router has not answered; nil: it has answered last.
    var silentSince: UInt64?

    /// A node that does not run yet; the rules stand in the order of their start.
    package init(_ rules: [ProcessRule], policy: SupervisorPolicy = SupervisorPolicy()) {
        self.policy = policy
        entries = rules.map(ProcessEntry.init)
    }

    /// Takes an event.
    /// - Returns: what is to be done, in order.
    package mutating func handle(_ event: SupervisorEvent, now: UInt64) -> [SupervisorAction] {
        self.now = max(now, self.now)
        switch event {
        case .begin: silentSince = self.now
        case .started(let place, let pid): started(place, pid)
        case .notStarted(let place, let why): notStarted(place, why)
        case .ended(let place, let end): ended(place, end)
        case .report(let sessions, let time): take(sessions, at: time)
        case .silence: silentSince = silentSince ?? self.now
        case .restart(let place, let wish): change(place, wish, to: nil)
        case .replace(let place, let program, let wish): change(place, wish, to: program)
        case .stop: stop()
        case .hurry: hurry()
        case .tick: break
        }
        advance()
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Whether every process is READY, as far as the router says so.
    package var isAllReady: Bool { routerSilentSince == nil && entries.allSatisfy(\.isReady) }

    /// Whether something is under way that is worth looking at often.
    package var isSettled: Bool {
        entries.allSatisfy { entry in
            switch entry.phase {
            case .waiting, .ending: false
            case .running: entry.wasReady || now >= entry.startedAt + policy.readyWithin
            case .pausing, .stopped: true
            }
        }
    }

    var isRouterReady: Bool { entries.allSatisfy { !$0.rule.isRouter || $0.isReady } }

    // MARK: - What time and circumstances make due

    private mutating func advance() {
        for place in entries.indices {
            killWhenOverdue(place)
            if !isStopping {
                watchChange(place)
                startWhenDue(place)
                noteHealth(place)
            }
        }
        if isStopping { drainNext() }
    }

    private mutating func startWhenDue(_ place: Int) {
        let entry = entries[place]
        guard entry.rule.isRouter || isRouterReady else { return }
        switch entry.phase {
        case .waiting: start(place)
        case .pausing(let until) where now >= until:
            entries[place].restarts += 1
            start(place)
        default: break
        }
    }

    mutating func start(_ place: Int) {
        // Until the answer comes nothing else may start it.
        entries[place].enter(.stopped, at: now)
        actions.append(.start(place, program: entries[place].program))
    }

    private mutating func noteHealth(_ place: Int) {
        let entry = entries[place]
        guard entry.phase == .running else { return }
        if entry.word == .ready, entry.failures > 0, now >= entry.wordSince + policy.healthyAfter {
            entries[place].failures = 0
        }
        guard !entry.wasReady, !entry.wasLateTold, now >= entry.startedAt + policy.readyWithin else { return }
        entries[place].wasLateTold = true
        if let late = attention(entries[place]) { actions.append(.tell(late)) }
    }

    private mutating func killWhenOverdue(_ place: Int) {
        guard case .ending(let killAt, false) = entries[place].phase, now >= killAt else { return }
        let entry = entries[place]
        entries[place].phase = .ending(killAt: killAt, isKilled: true)
        actions.append(.kill(place))
        actions.append(
            .tell(
                Notice(
                    .attention, entry.rule.name,
                    "\(entry.rule.name) did not end within \(seconds(killAt - min(entry.since, killAt))): killed",
                    effect: "what it had under way is lost", fix: "spacenode logs \(entry.rule.name)",
                    since: now)))
    }

    // MARK: - Starts and ends

    private mutating func started(_ place: Int, _ pid: Int32) {
        guard entries.indices.contains(place), !entries[place].isAlive else { return }
        entries[place].begin(pid: pid, at: now)
    }

    private mutating func notStarted(_ place: Int, _ why: String) {
        guard entries.indices.contains(place), !entries[place].isAlive else { return }
        lost(place, "cannot be started: \(why)")
    }

    private mutating func ended(_ place: Int, _ end: ProcessEnd) {
        guard entries.indices.contains(place), entries[place].isAlive else { return }
        let phase = entries[place].phase
        entries[place].pid = nil
        entries[place].hear(nil, at: now)
        if isStopping { return entries[place].enter(.stopped, at: now) }
        if case .ending = phase, entries[place].change != nil { return changeEnded(place) }
        lost(place, "\(end)")
    }

    /// A life that nobody wanted to end is over.
    private mutating func lost(_ place: Int, _ why: String) {
        entries[place].died(why, at: now)
        if isStopping { return entries[place].enter(.stopped, at: now) }
        if changeFailed(place, why) { return }
        let pause = policy.pause(afterDeaths: entries[place].failures)
        entries[place].enter(.pausing(until: now + pause), at: now)
        if let notice = attention(entries[place]) { actions.append(.tell(notice)) }
    }

    // MARK: - What the router says

    private mutating func take(_ sessions: [Int: BusSession], at time: UInt64) {
        silentSince = nil
        for place in entries.indices where entries[place].isAlive {
            let entry = entries[place]
            // An answer from before its start is of another life, and so is a session that began before it.
            guard time >= entry.startedAt else { continue }
            let session = sessions[place].flatMap { $0.began >= entry.startedAt ? $0.word : nil }
            let before = entry
            entries[place].hear(entry.rule.isRouter ? .ready : session, at: now)
            if entries[place].word != before.word { tellChange(place, from: before) }
        }
    }

    /// A process says something new of itself.
    private mutating func tellChange(_ place: Int, from before: ProcessEntry) {
        let entry = entries[place]
        switch (before.word, entry.word) {
        case (_, .degraded?):
            if let notice = attention(entry) { actions.append(.tell(notice)) }
        case (.degraded?, .ready?):
            let text = "\(entry.rule.name) is READY again"
            actions.append(.tell(Notice(.info, entry.rule.name, text, since: now)))
        case (_, .ready?) where entry.failures > 0 && !before.wasReady:
            let text = "\(entry.rule.name) is READY again, \(seconds(now - entry.startedAt)) after its start"
            actions.append(.tell(Notice(.info, entry.rule.name, text, since: now)))
        default: break
        }
    }

    // MARK: - Going down

    private mutating func stop() {
        guard !isStopping else { return }
        isStopping = true
        for place in entries.indices {
            if let change = entries[place].change {
                actions.append(.answer(wish: change.wish, isGood: false, text: "the node goes down"))
                entries[place].change = nil
            }
            if !entries[place].isAlive { entries[place].enter(.stopped, at: now) }
        }
    }

    /// Ends the last one that lives; those before it wait.
    private mutating func drainNext() {
        guard let place = entries.lastIndex(where: \.isAlive) else {
            if !isFinished { actions.append(.finished) }
            isFinished = true
            return
        }
        if entries[place].phase == .running { terminate(place) }
    }

    mutating func terminate(_ place: Int) {
        let limit = entries[place].rule.drainMilliseconds
        entries[place].enter(.ending(killAt: now + limit, isKilled: false), at: now)
        actions.append(.terminate(place))
    }

    private mutating func hurry() {
        stop()
        for place in entries.indices where entries[place].isAlive {
            if case .ending(_, true) = entries[place].phase { continue }
            entries[place].enter(.ending(killAt: now, isKilled: true), at: now)
            actions.append(.kill(place))
        }
    }
}
