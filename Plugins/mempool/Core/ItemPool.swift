package import NodeDomain
internal import NodeEncoding

/// Activations, PoET proofs and evidence that wait, each kind in a queue of its own.
package struct ItemPool: Sendable {
    /// One that waits.
    package struct Entry: Hashable, Sendable {
        /// With its bytes.
        package let candidate: Candidate
        /// What the bytes say.
        package let item: BlockItem
        /// Rises by one with everything that comes.
        package let arrival: UInt64
    }

    /// What a block has room for.
    package struct Room: Hashable, Sendable {
        /// Plot proofs of its lane.
        package var plotProofs: Int
        /// Bytes of its lane.
        package var laneBytes: Int

        /// Of these.
        package init(plotProofs: Int, laneBytes: Int) {
            self.plotProofs = plotProofs
            self.laneBytes = laneBytes
        }
    }

    let limits: MempoolLimits
    private var entries: [Bytes32: Entry] = [:]
    /// By plot: which activation has a proof of it.
    private var plots: [Bytes32: Bytes32] = [:]
    /// By operator: its activation without plots, and the evidence against it.
    private var idle: [Bytes32: Bytes32] = [:]
    private var accused: [Bytes32: Bytes32] = [:]
    private var poets: [UInt32: Bytes32] = [:]
    /// Of all activations.
    package private(set) var plotProofs = 0
    package private(set) var activationBytes = 0
    private var evidenceBytes = 0

    /// Nothing yet.
    package init(_ limits: MempoolLimits) {
        self.limits = limits
    }

    /// How many wait.
    package var count: Int { entries.count }

    /// One that waits.
    package func entry(_ id: Bytes32) -> Entry? { entries[id] }

    /// All that wait, as they came.
    package var all: [Entry] { entries.values.sorted { $0.arrival < $1.arrival } }

    // MARK: - In

    /// Takes one in that the ledger found good, if it may wait here.
    package mutating func admit(
        _ candidate: Candidate, arrival: UInt64, epoch: UInt32
    ) -> TransactionPool.Change {
        guard let item = try? BlockItem(bytes: candidate.raw), item.kind == candidate.kind else {
            return TransactionPool.Change(refusal: .kind)
        }
        let entry = Entry(candidate: candidate, item: item, arrival: arrival)
        if let own = item.epoch, own < epoch {
            return TransactionPool.Change(refusal: .late(own, now: epoch))
        }
        switch item {
        case .activation(let activation): return admit(activation, entry)
        case .poetProof(let proof):
            if let id = poets[proof.epoch] {
                return TransactionPool.Change(refusal: .epoch(proof.epoch, id: id))
            }
            guard poets.count < limits.poetEpochs else {
                return TransactionPool.Change(refusal: .poets(limit: limits.poetEpochs))
            }
        case .malfeasance(let evidence):
            if let id = accused[evidence.operator] {
                return TransactionPool.Change(refusal: .operator(evidence.operator, id: id))
            }
            guard accused.count < limits.evidence,
                evidenceBytes + candidate.raw.count <= limits.evidenceBytes
            else { return TransactionPool.Change(refusal: .evidence(limit: limits.evidence)) }
        case .system, .transaction: return TransactionPool.Change(refusal: .kind)
        }
        put(entry)
        return TransactionPool.Change()
    }

    private mutating func admit(_ activation: Activation, _ entry: Entry) -> TransactionPool.Change {
        for plot in activation.plots {
            if let id = plots[plot.identity] {
                return TransactionPool.Change(refusal: .plot(plot.identity, id: id))
            }
        }
        if activation.plots.isEmpty, let id = idle[activation.operator] {
            return TransactionPool.Change(refusal: .operator(activation.operator, id: id))
        }
        var (proofs, bytes) = (
            plotProofs + activation.plots.count, activationBytes + entry.candidate.raw.count
        )
        var victims: [Entry] = []
        if proofs > limits.plotProofs || bytes > limits.activationBytes {
            for victim in activations.reversed() {
                guard proofs > limits.plotProofs || bytes > limits.activationBytes else { break }
                guard victim.item.units < entry.item.units else {
                    return TransactionPool.Change(refusal: .units(more: victim.item.units))
                }
                victims.append(victim)
                proofs -= victim.item.proofs
                bytes -= victim.candidate.raw.count
            }
            // Alone it is over the limits.
            if proofs > limits.plotProofs || bytes > limits.activationBytes {
                return TransactionPool.Change(refusal: .size(bytes, limit: limits.activationBytes))
            }
        }
        var change = TransactionPool.Change()
        for victim in victims {
            _ = remove(victim.candidate.id)
            change.removed.append(
                TransactionPool.Removal(id: victim.candidate.id, reason: .units(more: victim.item.units)))
        }
        put(entry)
        return change
    }

    private mutating func put(_ entry: Entry) {
        let id = entry.candidate.id
        entries[id] = entry
        switch entry.item {
        case .activation(let activation):
            for plot in activation.plots { plots[plot.identity] = id }
            if activation.plots.isEmpty { idle[activation.operator] = id }
            plotProofs += activation.plots.count
            activationBytes += entry.candidate.raw.count
        case .poetProof(let proof): poets[proof.epoch] = id
        case .malfeasance(let evidence):
            accused[evidence.operator] = id
            evidenceBytes += entry.candidate.raw.count
        case .system, .transaction: break
        }
    }

    // MARK: - Out

    /// Takes one out.
    package mutating func remove(_ id: Bytes32) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        switch entry.item {
        case .activation(let activation):
            for plot in activation.plots { plots[plot.identity] = nil }
            if activation.plots.isEmpty { idle[activation.operator] = nil }
            plotProofs -= activation.plots.count
            activationBytes -= entry.candidate.raw.count
        case .poetProof(let proof): poets[proof.epoch] = nil
        case .malfeasance(let evidence):
            accused[evidence.operator] = nil
            evidenceBytes -= entry.candidate.raw.count
        case .system, .transaction: break
        }
        return entry
    }

    /// Those that a block's item makes superfluous or impossible: of the same plots, the same epoch, the same operator.
    package func superseded(by item: BlockItem) -> [Bytes32] {
        switch item {
        case .activation(let activation):
            let same =
                activation.plots.compactMap { plots[$0.identity] }
                + [idle[activation.operator]].compactMap(\.self)
            return Array(Set(same)).sorted()
        case .poetProof(let proof): return [poets[proof.epoch]].compactMap(\.self)
        case .malfeasance(let evidence):
            let own = activations.filter {
                if case .activation(let one) = $0.item { one.operator == evidence.operator } else { false }
            }
            return [accused[evidence.operator]].compactMap(\.self) + own.map(\.candidate.id)
        case .system, .transaction: return []
        }
    }

    /// Those of epochs that are over.
    package func late(_ epoch: UInt32) -> [(id: Bytes32, of: UInt32)] {
        all.compactMap { entry in
            entry.item.epoch.flatMap { $0 < epoch ? (entry.candidate.id, $0) : nil }
        }
    }

    // MARK: - For a block

    /// Activations by falling units, then as they came.
    package var activations: [Entry] {
        entries.values.filter { $0.candidate.kind == .activation }
            .sorted { ($1.item.units, $0.arrival) < ($0.item.units, $1.arrival) }
    }

    /// What a block should take: evidence, the epoch's PoET proof, activations.
    package func selection(epoch: UInt32, room: Room) -> [Entry] {
        var (proofs, bytes) = (room.plotProofs, room.laneBytes)
        var evidence = MempoolLimit.evidenceBytesOfBlock
        var chosen = all.filter { entry in
            guard entry.candidate.kind == .evidence, entry.candidate.raw.count <= evidence else {
                return false
            }
            evidence -= entry.candidate.raw.count
            return true
        }
        if let proof = poets[epoch].flatMap({ entries[$0] }) { chosen.append(proof) }
        for entry in activations where entry.item.proofs <= proofs && entry.candidate.raw.count <= bytes {
            chosen.append(entry)
            proofs -= entry.item.proofs
            bytes -= entry.candidate.raw.count
        }
        return chosen
    }
}

extension BlockItem {
    /// What it may be offered as; nil: nobody offers one.
    fileprivate var kind: CandidateKind? {
        switch self {
        case .transaction: .transaction
        case .activation: .activation
        case .poetProof: .poetProof
        case .malfeasance: .evidence
        case .system: nil
        }
    }

    /// Units of all its plots.
    fileprivate var units: UInt64 {
        if case .activation(let one) = self { one.plots.reduce(0) { $0 + UInt64($1.units) } } else { 0 }
    }

    /// Plot proofs.
    fileprivate var proofs: Int {
        if case .activation(let one) = self { one.plots.count } else { 0 }
    }

    /// The only epoch that it is good for.
    fileprivate var epoch: UInt32? {
        switch self {
        case .activation(let one): one.epoch
        case .poetProof(let proof): proof.epoch
        case .malfeasance, .system, .transaction: nil
        }
    }
}
