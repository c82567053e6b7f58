package import NodeDomain

/// The life of an operator's plots, epoch after epoch: made, proved, activated, paid (spec: mining).
///
/// A state machine: event in, actions out, no clock. What must outlive it is in its notes; `remember` takes them back.
package struct Mining: Sendable {
    /// Milliseconds after a first failure; twice as long after each more.
    static let rest: UInt64 = 2_000
    /// Heights after which an activation that is on no block is given to the mempool again.
    static let again: UInt64 = 5
    /// Longest time that a proof waits for those of other plots, to go with them.
    static let company: UInt64 = 60_000

    /// An activation on its way.
    struct Draft: Hashable {
        enum State: Hashable {
            case signing(ActivationDraft)
            /// The mempool is asked.
            case submitting
            /// It waits for a block since a height.
            case waiting(UInt64)
        }

        let epoch: UInt32
        /// Of its plots.
        let names: [String]
        var item: [UInt8] = []
        /// The mempool has taken it.
        var wasTaken = false
        var state: State
    }

    /// The network's numbers.
    package let terms: NetworkParameters
    /// Who activates.
    package let keys: OperatorKeys
    /// Whether activations say that the operator runs a validator.
    package let votes: Bool
    /// By rising names.
    package internal(set) var lives: [PlotLife]
    /// nil: the chain was not seen yet.
    package internal(set) var sight: ChainSight?
    /// No new work is begun.
    package internal(set) var isStopped = false
    var drafts: [UInt64: Draft] = [:]
    var nextDraft: UInt64 = 1
    /// The newest epoch whose window was seen open.
    var opened: UInt32?
    /// The term in which the operator last asked to be let in again.
    var askedIn: UInt64?

    /// Plots that nothing is known of; names differ.
    package init(
        terms: NetworkParameters, keys: OperatorKeys, votes: Bool, plots: [MinedPlot],
        notes: [MiningNote] = []
    ) {
        self.terms = terms
        self.keys = keys
        self.votes = votes
        lives = plots.sorted { $0.name < $1.name }.map { PlotLife($0) }
        for note in notes { remember(note) }
    }

    /// A further plot, whose data is there; one with a name that is there changes nothing.
    package mutating func adopt(_ plot: MinedPlot, at now: UInt64) -> [MiningAction] {
        guard place(plot.name) == nil else { return [] }
        var life = PlotLife(plot)
        life.isMade = true
        lives.append(life)
        lives.sort { $0.plot.name < $1.plot.name }
        guard let place = place(plot.name) else { return [] }
        return [
            note(
                .made, place, "its data is there", cause: "it was adopted",
                next: "a proof when the window opens")
        ] + advance(at: now)
    }

    /// Epochs of which rows of a plot are to be looked at, besides the current and the next one.
    package var owedEpochs: Set<UInt32> { Set(lives.flatMap(\.owed.keys)) }

    /// Takes an event, and says what to do.
    package mutating func handle(_ event: MiningEvent, at now: UInt64) -> [MiningAction] {
        var actions: [MiningAction] = []
        switch event {
        case .chain(let sight): actions = see(sight)
        case .progress(let name, let share, let bound, let trouble):
            change(name) { life in
                guard life.work != nil else { return }
                life.share = share
                life.expectedEnd = bound.map { now.addingReportingOverflow($0).partialValue }
                life.trouble = trouble
            }
        case .ended(let name, let end): actions = ended(name, end, now)
        case .signed(let number, let item): actions = signed(number, item)
        case .unsigned(let number, let text):
            actions = turnedBack(number, .unsigned, "the activation was not signed", text, now)
        case .judged(let number, let refusal): actions = judged(number, refusal, now)
        case .stopped(let isStopped):
            if isStopped != self.isStopped {
                self.isStopped = isStopped
                actions = [.note(standing(isStopped))]
            }
        case .tick: break
        }
        return actions + advance(at: now)
    }

    private func standing(_ isStopped: Bool) -> MiningNote {
        let text = isStopped ? "no new work is begun" : "work is wanted again"
        return MiningNote(
            isStopped ? .stopped : .resumed, epoch: sight?.epoch.number ?? 0, text,
            cause: "an operator said so")
    }

    // MARK: - The end of work

    private mutating func ended(_ name: String, _ end: WorkEnd, _ now: UInt64) -> [MiningAction] {
        guard let place = place(name), let work = lives[place].work else { return [] }
        switch (end, work) {
        case (.made, .making):
            rested(place)
            lives[place].isMade = true
            return [note(.made, place, "its data is there", next: "a proof when the window opens")]
        case (.proved(let epoch, let proof), .proving(let asked)) where epoch == asked:
            rested(place)
            lives[place].proved = PlotLife.Proved(epoch: epoch, proof: proof, since: now)
            return [
                note(
                    .proved, place, "its space is proved, by nonce \(proof.nonce)", next: "the activation",
                    proof: proof)
            ]
        case (.unproved(let epoch, let best), .proving(let asked)) where epoch == asked:
            rested(place)
            lives[place].unprovable = epoch
            return [
                note(
                    .unproved, place, "no proof: no nonce has \(terms.proofIndices) good labels",
                    cause: "the best has \(best)", next: "the next epoch's window")
            ]
        case (.failed(let text), _):
            let attempt = lives[place].attempt
            lives[place].work = nil
            lives[place].trouble = text
            lives[place].rest(now)
            let wait = (lives[place].restsUntil - now) / 1000
            return [
                note(
                    .failed, place, work == .making ? "its data is not made" : "no proof yet", cause: text,
                    attempt: attempt, next: "again in \(wait) s")
            ]
        default: return []
        }
    }

    private mutating func rested(_ place: Int) {
        lives[place].work = nil
        lives[place].share = 1
        lives[place].trouble = ""
        lives[place].expectedEnd = nil
        lives[place].succeed()
    }

    // MARK: - Going on

    /// Begins what may be begun.
    mutating func advance(at now: UInt64) -> [MiningAction] {
        guard !isStopped else { return [] }
        var actions: [MiningAction] = []
        for place in lives.indices { actions += begin(place, now) }
        return actions + activate(now)
    }

    private mutating func begin(_ place: Int, _ now: UInt64) -> [MiningAction] {
        let life = lives[place]
        guard life.work == nil, now >= life.restsUntil else { return [] }
        guard life.isMade else {
            lives[place].work = .making
            lives[place].share = 0
            return [
                note(
                    .making, place, "its data is made", cause: "it is to be mined", attempt: life.attempt,
                    next: "its first proof"), .make(life.plot),
            ]
        }
        guard let sight, let opening = sight.epoch.opening, mayProve(life, sight) else { return [] }
        let epoch = sight.epoch.number
        lives[place].work = .proving(epoch: epoch)
        lives[place].share = 0
        return [
            note(
                .proving, place, "its space is being proved", cause: "the window of epoch \(epoch) is open",
                attempt: life.attempt, next: "a proof"),
            .prove(life.plot, epoch: epoch, challenge: opening.post),
        ]
    }

    private func mayProve(_ life: PlotLife, _ sight: ChainSight) -> Bool {
        let epoch = sight.epoch.number
        guard life.proved?.epoch != epoch, life.unprovable != epoch else { return false }
        guard !(sight.operator?.isBarred ?? false) else { return false }
        return sight.plots[life.plot.identity]?.rows[epoch + 1] == nil
    }

    // MARK: - Small things

    func place(_ name: String) -> Int? { lives.firstIndex { $0.plot.name == name } }

    mutating func change(_ name: String, _ body: (inout PlotLife) -> Void) {
        guard let place = place(name) else { return }
        body(&lives[place])
    }

    func note(
        _ kind: MiningNote.Kind, _ place: Int, _ text: String, cause: String = "", attempt: UInt32 = 0,
        next: String = "", proof: PostProof? = nil, epoch: UInt32? = nil, amount: UInt64 = 0
    ) -> MiningAction {
        .note(
            MiningNote(
                kind, epoch: epoch ?? sight?.epoch.number ?? 0, plot: lives[place].plot.name, text,
                cause: cause,
                attempt: attempt, next: next, proof: proof, amount: amount))
    }
}
