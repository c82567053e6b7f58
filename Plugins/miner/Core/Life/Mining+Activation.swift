internal import NodeDomain
internal import NodeEncoding

extension Mining {
    /// Puts proofs into activations, and gives those that wait too long to the mempool again.
    mutating func activate(_ now: UInt64) -> [MiningAction] {
        guard let sight, sight.epoch.opening != nil, !(sight.operator?.isBarred ?? false) else { return [] }
        var actions = resubmit(sight)
        while let draft = makeDraft(sight, now) {
            let names = lives.filter { life in draft.plots.contains { $0.identity == life.plot.identity } }
                .map(\.plot.name)
            drafts[draft.number] = Draft(epoch: draft.epoch, names: names, state: .signing(draft))
            for name in names { change(name) { $0.draft = draft.number } }
            actions.append(.sign(draft))
        }
        return actions
    }

    // MARK: - What goes together

    private mutating func makeDraft(_ sight: ChainSight, _ now: UInt64) -> ActivationDraft? {
        let epoch = sight.epoch.number
        let ready = lives.filter { life in
            life.proved?.epoch == epoch && life.draft == nil && now >= life.restsUntil
                && sight.plots[life.plot.identity]?.rows[epoch + 1] == nil
        }
        .sorted { $0.plot.identity < $1.plot.identity }
        guard !ready.isEmpty else { return plea(sight) }
        let others = lives.contains { $0.work == .proving(epoch: epoch) }
        let oldest = ready.compactMap(\.proved?.since).min() ?? 0
        let patience = min(Mining.company, terms.epochTime / 20)
        guard !others || ready.count >= terms.laneProofs || now >= oldest &+ patience else { return nil }
        return fitting(ready.compactMap { plot(of: $0, sight) }, sight)
    }

    private func plot(of life: PlotLife, _ sight: ChainSight) -> ActivationDraft.Plot? {
        guard let proved = life.proved else { return nil }
        let (plan, coinbase) = (life.plot.plan, life.plot.coinbase)
        let bound = sight.plots[plan.identity]?.bound
        let isBound = bound?.operator == keys.operator && bound?.coinbase == coinbase
        let binding = ActivationDraft.Binding(
            commitmentATX: bound?.commitmentATX ?? plan.commitmentATX, coinbase: coinbase)
        return ActivationDraft.Plot(
            identity: plan.identity, units: plan.units, proof: proved.proof, binding: isBound ? nil : binding)
    }

    /// As many plots as a block takes.
    private mutating func fitting(_ plots: [ActivationDraft.Plot], _ sight: ChainSight) -> ActivationDraft? {
        let setsKey = votes && sight.operator?.vrfKey != keys.vrfKey
        var count = min(plots.count, terms.laneProofs)
        while count > 1, bytes(of: plots.prefix(count), setsKey) > terms.laneBytes { count -= 1 }
        guard count > 0 else { return nil }
        return draft(sight, setsKey: setsKey, Array(plots.prefix(count)))
    }

    private mutating func draft(
        _ sight: ChainSight, setsKey: Bool, _ plots: [ActivationDraft.Plot]
    ) -> ActivationDraft {
        defer { nextDraft += 1 }
        return ActivationDraft(
            number: nextDraft, epoch: sight.epoch.number, setsVRFKey: setsKey, votes: votes, plots: plots)
    }

    private func bytes(of plots: some Sequence<ActivationDraft.Plot>, _ setsKey: Bool) -> Int {
        let signature = [UInt8](repeating: 0, count: 64)
        let activation = Activation(
            epoch: .max >> 2, operator: keys.operator, vrfKey: setsKey ? keys.vrfKey : nil, votes: votes,
            plots: plots.map { plot in
                PlotProof(
                    identity: plot.identity, units: plot.units, proof: plot.proof,
                    binding: plot.binding.map {
                        PlotBinding(
                            commitmentATX: $0.commitmentATX, coinbase: $0.coinbase, signature: signature)
                    })
            }, signature: signature)
        return BlockItem.activation(activation).bytes.count
    }

    /// An operator that was absent asks once a term to be let in again, when nothing else says it.
    private mutating func plea(_ sight: ChainSight) -> ActivationDraft? {
        let term = sight.height / max(terms.termHeights, 1)
        guard votes, sight.operator?.isJailed ?? false, askedIn != term, drafts.isEmpty,
            !lives.contains(where: { $0.work == .proving(epoch: sight.epoch.number) })
        else { return nil }
        askedIn = term
        return draft(sight, setsKey: false, [])
    }

    // MARK: - The way to a block

    private mutating func resubmit(_ sight: ChainSight) -> [MiningAction] {
        drafts.sorted { $0.key < $1.key }.compactMap { number, draft in
            guard case .waiting(let since) = draft.state, draft.epoch == sight.epoch.number,
                sight.height >= since &+ Mining.again || since == 0
            else { return nil }
            drafts[number]?.state = .submitting
            return .submit(draft: number, draft.item)
        }
    }

    mutating func signed(_ number: UInt64, _ item: [UInt8]) -> [MiningAction] {
        guard let draft = drafts[number], case .signing = draft.state else { return [] }
        drafts[number]?.item = item
        drafts[number]?.state = .submitting
        let note = MiningNote(
            .signed, epoch: draft.epoch, "an activation of \(Self.words(draft.names)) is signed",
            next: "the mempool", item: item, plots: draft.names)
        return [.note(note), .submit(draft: number, item)]
    }

    mutating func judged(_ number: UInt64, _ refusal: String?, _ now: UInt64) -> [MiningAction] {
        guard let draft = drafts[number], case .submitting = draft.state else { return [] }
        if let refusal {
            return turnedBack(number, .refused, "the mempool does not take the activation", refusal, now)
        }
        drafts[number]?.state = .waiting(max(sight?.height ?? 0, 1))
        guard !draft.wasTaken else { return [] }
        drafts[number]?.wasTaken = true
        return draft.names.compactMap { name in
            place(name).map { note(.submitted, $0, "its activation waits for a block", next: "a block") }
        }
    }

    /// An activation comes to nothing: it is made anew after a rest, from the same proofs.
    mutating func turnedBack(
        _ number: UInt64, _ kind: MiningNote.Kind, _ text: String, _ cause: String, _ now: UInt64
    ) -> [MiningAction] {
        guard let draft = drafts.removeValue(forKey: number) else { return [] }
        var attempt: UInt32 = 0
        for name in draft.names {
            change(name) { life in
                attempt = max(attempt, life.attempt)
                life.draft = nil
                life.rest(now)
            }
        }
        let note = MiningNote(
            kind, epoch: draft.epoch, plot: draft.names.count == 1 ? draft.names[0] : "", text, cause: cause,
            attempt: attempt, next: "it is made anew, as long as the window is open", plots: draft.names)
        return [.note(note)]
    }

    private static func words(_ names: [String]) -> String {
        names.isEmpty ? "no plot" : names.joined(separator: ", ")
    }
}
