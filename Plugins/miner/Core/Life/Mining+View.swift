internal import NodeDomain

/// How a plot stands, for people.
package struct PlotStanding: Hashable, Sendable {
    /// How far it is in an epoch's life.
    package enum Stage: String, Hashable, Sendable {
        case waiting, making, proving, proved, submitted, done
    }

    /// How far it is.
    package let stage: Stage
    /// What it does.
    package let text: String
    /// What comes next; empty: that is not known.
    package let next: String
    /// Milliseconds from the predicted end of a proof to the end of the window, as far as it is known; below 0: it will be late.
    package let margin: Int64?
}

extension Mining {
    /// Units with which a plot mines in the current epoch.
    package func activeUnits(_ life: PlotLife) -> UInt64 {
        guard let sight else { return 0 }
        return UInt64(sight.plots[life.plot.identity]?.rows[sight.epoch.number]?.units ?? 0)
    }

    /// Smidge of the current epoch so far.
    package func accrued(_ life: PlotLife) -> UInt64 {
        guard let sight else { return 0 }
        return Mining.reward(units: activeUnits(life), index: sight.epoch.index)
    }

    /// Smidge of epochs that are over and not paid.
    package func unpaid(_ life: PlotLife) -> UInt64 {
        guard let sight else { return 0 }
        return life.owed.reduce(0) { sum, row in
            guard let index = sight.ended[row.key], row.key < sight.epoch.number else { return sum }
            return sum + Mining.reward(units: row.value, index: index)
        }
    }

    /// Earliest end of the window, Unix milliseconds; nil: it is not open.
    package var windowEnd: UInt64? {
        guard let sight, let opening = sight.epoch.opening else { return nil }
        let heights = opening.height + terms.windowHeights
        let left = heights > sight.height ? heights - sight.height : 0
        return max(sight.epoch.start + terms.epochTime, sight.time + left * terms.blockInterval)
    }

    /// Unix milliseconds at which a PoET has worked for the current epoch, by plan.
    package var poetEnd: UInt64 { (sight?.epoch.start ?? 0) + terms.poetPhase + terms.poetWork }

    /// How a plot stands.
    package func standing(of life: PlotLife) -> PlotStanding {
        let (stage, text, next) = words(life)
        var margin: Int64?
        if let end = windowEnd, case .proving? = life.work, let expected = life.expectedEnd {
            margin = Int64(clamping: end) - Int64(clamping: expected)
        }
        return PlotStanding(stage: stage, text: text, next: next, margin: margin)
    }

    private func words(_ life: PlotLife) -> (PlotStanding.Stage, String, String) {
        switch life.work {
        case .making?: return (.making, "its data is made", "a proof when a window opens")
        case .proving(let epoch)?: return (.proving, "proves its space in epoch \(epoch)", "its activation")
        case nil: break
        }
        if !life.isMade { return (.waiting, isStopped ? "mining is stopped" : "its data is to be made", "") }
        guard let sight else { return (.waiting, "the chain was not seen yet", "the ledger's answer") }
        let epoch = sight.epoch.number
        if sight.plots[life.plot.identity]?.rows[epoch + 1] != nil {
            return (.done, "has a row for epoch \(epoch + 1)", "epoch \(epoch + 1)")
        }
        if let draft = life.draft.flatMap({ drafts[$0] }) {
            if case .waiting = draft.state {
                return (.submitted, "its activation waits for a block", "a block")
            }
            return (.proved, "its activation is on its way", "the mempool")
        }
        if life.proved?.epoch == epoch { return (.proved, "is proved", "its activation") }
        if life.unprovable == epoch {
            return (
                .waiting, "no nonce had enough labels in epoch \(epoch)", "the window of epoch \(epoch + 1)"
            )
        }
        if isStopped { return (.waiting, "mining is stopped", "`spacenode mine start`") }
        return (.waiting, "waits for the window of epoch \(epoch)", "a PoET's proof on chain")
    }

    /// What an operator should see to; empty: nothing.
    package func trouble(at now: UInt64) -> [String] {
        guard let sight else { return ["the ledger has not answered yet: see that vm runs"] }
        var words: [String] = []
        if sight.operator?.isBarred ?? false {
            words.append(
                "the operator \(keys.operator) signed twice and is barred for ever: bind the plots to another operator"
            )
        }
        if votes, sight.operator?.isJailed ?? false {
            words.append("the operator was absent from a term and has no seats until its next activation")
        }
        if sight.epoch.opening == nil, now > poetEnd + terms.epochTime / 2 {
            words.append(
                "no PoET's proof of epoch \(sight.epoch.number) is on chain and it is late: see that a PoET runs, or name one in miner.yaml"
            )
        }
        for life in lives where !life.trouble.isEmpty { words.append("\(life.plot.name): \(life.trouble)") }
        return words
    }
}
