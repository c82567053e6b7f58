extension SupervisorCore {
    /// An operator wants a process started anew, with its own program (nil) or another one.
    mutating func change(_ place: Int, _ wish: UInt64, to program: String?) {
        guard entries.indices.contains(place), !isStopping else {
            return answer(wish, false, isStopping ? "the node goes down" : "there is no such process")
        }
        let entry = entries[place]
        guard entry.change == nil else {
            return answer(wish, false, "\(entry.rule.name) is being restarted already: wait for that")
        }
        // A plain restart keeps the program that runs.
        entries[place].change = Change(
            wish: wish, previous: entry.program, next: program ?? entry.program,
            isReplacement: program != nil)
        if entry.phase == .running { return terminate(place) }
        changeEnded(place)
    }

    /// The old life is over: the next one begins.
    mutating func changeEnded(_ place: Int) {
        guard var change = entries[place].change else { return }
        let until = now + policy.readyWithin
        if case .goingBack(let why) = change.step {
            change.step = .watchingBack(why: why, until: until)
            entries[place].program = change.previous
        } else {
            change.step = .watching(until: until)
            entries[place].program = change.next
            entries[place].failures = 0
        }
        entries[place].change = change
        start(place)
    }

    /// A life that a change watches was lost.
    /// - Returns: whether the change goes on with it.
    mutating func changeFailed(_ place: Int, _ why: String) -> Bool {
        guard let change = entries[place].change else { return false }
        if case .watching = change.step, change.isReplacement {
            goBack(place, why)
            changeEnded(place)
            return true
        }
        finish(place, change, failure: why)
        return false
    }

    /// Looks whether the new life is READY, or out of time.
    mutating func watchChange(_ place: Int) {
        guard let change = entries[place].change, entries[place].phase == .running else { return }
        let until: UInt64
        switch change.step {
        case .watching(let time), .watchingBack(_, let time): until = time
        default: return
        }
        if entries[place].isReady { return finish(place, change, failure: nil) }
        guard now >= until else { return }
        let why = "not READY within \(seconds(policy.readyWithin))" + sayings(entries[place])
        if case .watching = change.step, change.isReplacement {
            goBack(place, why)
            return terminate(place)
        }
        finish(place, change, failure: why)
    }

    private func sayings(_ entry: ProcessEntry) -> String {
        switch entry.word {
        case nil: ", it has no session with the router"
        case .degraded(let reason)?: ": DEGRADED, \(reason)"
        case .starting?: ": it says STARTING"
        default: ""
        }
    }

    private mutating func goBack(_ place: Int, _ why: String) {
        entries[place].change?.step = .goingBack(why: why)
        let name = entries[place].rule.name
        actions.append(
            .tell(
                Notice(
                    .error, name, "the program that was to replace \(name) failed: \(why)",
                    next: "the old one is started again", fix: "spacenode logs \(name)", since: now)))
    }

    private mutating func finish(_ place: Int, _ change: Change, failure: String?) {
        entries[place].change = nil
        let name = entries[place].rule.name
        let took = seconds(now - min(entries[place].startedAt, now))
        if case .watchingBack(let why, _) = change.step {
            let old = failure.map { "the old program was started again and fails too: \($0)" }
            return answer(
                change.wish, false, "\(name): \(why); " + (old ?? "the old program is READY again"))
        }
        if let failure { return answer(change.wish, false, "\(name): \(failure)") }
        answer(change.wish, true, "\(name) is READY, \(took) after its start")
    }

    private mutating func answer(_ wish: UInt64, _ isGood: Bool, _ text: String) {
        actions.append(.answer(wish: wish, isGood: isGood, text: text))
    }
}
