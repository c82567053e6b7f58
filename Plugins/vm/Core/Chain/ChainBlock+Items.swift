package import NodeDomain

extension ChainRules {
    /// Records that an item works on: what one read serves before its block is begun.
    package func needs(of item: BlockItem) -> StateNeeds {
        switch item {
        case .malfeasance(let evidence):
            return StateNeeds([
                .pot, .operator(evidence.operator), .seats(term: term(of: evidence.height)),
            ])
        case .poetProof(let proof):
            return StateNeeds([.pot, .epoch(proof.epoch), .epoch(proof.epoch &+ 1)])
        case .activation(let activation):
            let next = activation.epoch &+ 1
            var needs = StateNeeds([
                .pot, .epoch(activation.epoch), .epoch(next), .operator(activation.operator),
                .tally(epoch: next, operator: activation.operator),
            ])
            for plot in activation.plots {
                needs.keys.insert(.plot(plot.identity))
                needs.keys.insert(.row(epoch: next, plot: plot.identity))
            }
            return needs
        case .system, .transaction: return StateNeeds()
        }
    }
}

extension ChainBlock {
    /// Evidence: the operator is barred for ever; what its rows would have been paid burns when they are due.
    mutating func apply(_ evidence: Malfeasance) throws {
        checks += try rules.review(evidence, in: state, pot)
        var record = try state.operators.get(evidence.operator) ?? OperatorRecord()
        record.barred = true
        try state.operators.set(evidence.operator, record)
        events.append(.barred(evidence.operator))
    }

    /// The epoch's PoET proof: it makes the challenge of all plots and opens the window.
    mutating func apply(_ proof: PoetProof) throws {
        checks.append(try rules.review(proof, in: state, epoch: pot.epoch, time: context.time))
        var epoch = try state.epoch(pot.epoch)
        let post = rules.postChallenge(
            epoch: pot.epoch, reference: proof.reference, parent: context.parent)
        let next = rules.poetChallenge(epoch: pot.epoch + 1, after: post)
        epoch.opening = EpochOpening(post: post, height: context.height)
        try state.epochs.set(pot.epoch, epoch)
        try state.epochs.set(pot.epoch + 1, EpochRecord(challenge: next))
        events.append(.windowOpened(pot.epoch, post: post, next: next))
    }

    /// Plots prove their space for the next epoch.
    mutating func apply(_ activation: Activation) throws {
        checks += try rules.review(
            activation, in: state, epoch: pot.epoch, height: context.height)
        var record = try state.operators.get(activation.operator) ?? OperatorRecord()
        if record.jailed { events.append(.released(activation.operator)) }
        record.vrfKey = activation.vrfKey ?? record.vrfKey
        record.votes = activation.votes
        record.jailed = false
        try state.operators.set(activation.operator, record)
        var units: UInt64 = 0
        for plot in activation.plots {
            units += UInt64(plot.units)
            try enter(plot, of: activation)
        }
        guard units > 0 else { return }
        var next = try state.epoch(pot.epoch + 1)
        next.weight += units
        try state.epochs.set(pot.epoch + 1, next)
        guard activation.votes else { return }
        let place = EpochKey(pot.epoch + 1, activation.operator)
        let tally = try state.tallies.get(place)?.units ?? 0
        try state.tallies.set(place, TallyRecord(units: tally + units))
    }

    private mutating func enter(_ plot: PlotProof, of activation: Activation) throws {
        let next = pot.epoch + 1
        let known = try state.plots.get(plot.identity)
        // The review refuses a plot that is neither known nor bound.
        guard let coinbase = plot.binding?.coinbase ?? known?.coinbase,
            let commitment = known?.commitmentATX ?? plot.binding?.commitmentATX
        else { throw ChainRefusal.plot(plot.identity, .unbound) }
        try state.plots.set(
            plot.identity,
            PlotRecord(
                commitmentATX: commitment, operator: activation.operator, coinbase: coinbase,
                lastEpoch: next))
        try state.rows.set(
            EpochKey(next, plot.identity),
            RowRecord(
                units: plot.units, operator: activation.operator, coinbase: coinbase,
                voting: activation.votes))
        let progress: PlotProgress =
            known.map { $0.lastEpoch == pot.epoch ? .renewed : .returned } ?? .joined
        events.append(.plotProved(plot.identity, epoch: next, units: plot.units, progress))
    }
}
