package import NodeDomain
internal import NodePoet

/// The rounds of a PoET: they open, work and end as the chain's blocks say (spec: chain, §2).
///
/// One round works at a time. The chain's own challenge is a member of each round, so whoever registers it is
/// served without being kept.
package struct Rounds: Sendable {
    /// Rounds that are over and still answered for.
    package static let mostKept = 64
    /// Milliseconds between two attempts to give a proof to the chain.
    package static let postEvery: UInt64 = 2_000

    /// The server's key, under which the chain's challenge stands.
    package let server: Bytes32
    /// When rounds work.
    package let terms: RoundTerms
    /// Whose challenges are taken.
    package private(set) var admission: Admission
    /// What the chain says; nil: nothing yet.
    package private(set) var chain: ChainView?
    private var all: [UInt32: Round]
    private var lastPost: UInt64?

    /// Goes on with what was stored.
    package init(
        server: Bytes32, terms: RoundTerms, rules: AdmissionRules, stored: [Round] = []
    ) {
        self.server = server
        self.terms = terms
        admission = Admission(rules)
        all = Dictionary(stored.map { ($0.epoch, $0) }, uniquingKeysWith: { first, _ in first })
        for round in rounds {
            if case .proved(_, let proof) = round.phase { admission.proved(root: proof.root) }
        }
    }

    /// By their numbers.
    package var rounds: [Round] { all.values.sorted { $0.epoch < $1.epoch } }

    /// A round.
    package func round(_ epoch: UInt32) -> Round? { all[epoch] }

    /// The round that takes registrations, the earliest if there are two.
    package var open: Round? { rounds.first { $0.isOpen } }

    /// The round that works or is being proved.
    package var busy: Round? { rounds.first { !$0.isOpen && !$0.isOver } }

    /// What is to be done at a start: work that was begun goes on.
    package var resumed: [RoundAction] {
        rounds.compactMap { round in
            if case .working(let members) = round.phase { return .work(epoch: round.epoch, members) }
            return nil
        }
    }

    /// When a round's work begins and ends, as far as that is known, in Unix milliseconds.
    package func span(of round: Round) -> (begin: UInt64, end: UInt64)? {
        guard let chain, round.epoch >= chain.epoch else { return nil }
        let later = UInt64(round.epoch - chain.epoch).multipliedReportingOverflow(by: terms.epochTime)
        guard !later.overflow else { return nil }
        let start = chain.start.addingReportingOverflow(later.partialValue).partialValue
        return (terms.begin(start), terms.end(start))
    }

    /// Takes an event.
    ///
    /// - Parameter now: Unix milliseconds.
    package mutating func handle(_ event: RoundEvent, now: UInt64) -> [RoundAction] {
        switch event {
        case .chain(let view): follow(view, now)
        case .time(let leaves): advance(leaves, now)
        case .submitted(let submission, let call): submitted(submission, call, now)
        case .proved(let epoch, let proof): proved(epoch, proof, now)
        case .failed(let epoch, let reason):
            if var round = all[epoch], !round.isOver { giveUp(&round, reason) } else { [] }
        }
    }

    // MARK: - The chain

    private mutating func follow(_ view: ChainView, _ now: UInt64) -> [RoundAction] {
        chain = view
        var actions: [RoundAction] = []
        for var round in rounds where !round.isOver {
            if round.epoch < view.epoch {
                actions += giveUp(&round, "epoch \(round.epoch) is over")
            } else if round.epoch == view.epoch, view.isProved {
                actions += giveUp(&round, "the chain has a proof of epoch \(round.epoch)")
            }
        }
        if !view.isProved { actions += learn(view.epoch, view.challenge) }
        if view.isNextOpen, view.epoch < .max { actions += learn(view.epoch + 1, view.nextChallenge) }
        return actions + forgetOld()
    }

    /// Opens a round, or notes its challenge.
    private mutating func learn(_ epoch: UInt32, _ challenge: Bytes32?) -> [RoundAction] {
        guard var round = all[epoch] else {
            all[epoch] = Round(epoch: epoch, challenge: challenge)
            return [.tell("round \(epoch) takes registrations")]
        }
        guard round.challenge != challenge, !round.isOver else { return [] }
        // Work for another challenge is of no use to the chain.
        guard round.isOpen else { return giveUp(&round, "the chain's challenge is another one") }
        round.challenge = challenge
        all[epoch] = round
        return []
    }

    private mutating func forgetOld() -> [RoundAction] {
        let over = rounds.filter(\.isOver)
        return over.dropLast(Rounds.mostKept).map { round in
            all[round.epoch] = nil
            return .forget(epoch: round.epoch)
        }
    }

    private mutating func giveUp(_ round: inout Round, _ reason: String) -> [RoundAction] {
        let wasBusy = !round.isOpen
        round.phase = .given(up: reason)
        all[round.epoch] = round
        let told = RoundAction.tell("round \(round.epoch) is given up: \(reason)")
        return [wasBusy ? .stop(epoch: round.epoch) : .forget(epoch: round.epoch), told]
    }

    // MARK: - Time

    private mutating func advance(_ leaves: UInt64, _ now: UInt64) -> [RoundAction] {
        guard let chain, var round = all[chain.epoch] else { return [] }
        switch round.phase {
        case .open where now >= terms.begin(chain.start):
            guard busy == nil else { return [] }
            guard let members = round.members(server: server) else {
                return giveUp(&round, "nobody registered")
            }
            round.phase = .working(members)
            all[round.epoch] = round
            return [
                .work(epoch: round.epoch, members),
                .tell("round \(round.epoch) works for \(members.challenges.count) members"),
            ]
        case .working(let members) where now >= terms.end(chain.start) && leaves >= terms.fewestLeaves:
            round.phase = .proving(members)
            all[round.epoch] = round
            return [.prove(epoch: round.epoch)]
        case .proved where now >= (lastPost ?? 0).addingReportingOverflow(Rounds.postEvery).partialValue:
            return post(round, now)
        case .open, .working, .proving, .proved, .given: return []
        }
    }

    private mutating func proved(_ epoch: UInt32, _ proof: WorkProof, _ now: UInt64) -> [RoundAction] {
        guard var round = all[epoch], case .proving(let members) = round.phase else { return [] }
        round.phase = .proved(members, proof)
        all[epoch] = round
        admission.proved(root: proof.root)
        return [
            .store(epoch: epoch, members, proof),
            .tell("round \(epoch) is proved, with \(proof.leafCount) leaves"),
        ] + post(round, now) + forgetOld()
    }

    private mutating func post(_ round: Round, _ now: UInt64) -> [RoundAction] {
        guard let chain, chain.epoch == round.epoch, !chain.isProved, let proof = round.chainProof else {
            return []
        }
        lastPost = now
        return [.post(proof)]
    }

    // MARK: - Registrations

    private mutating func submitted(
        _ submission: Submission, _ call: UInt64, _ now: UInt64
    ) -> [RoundAction] {
        do throws(SubmissionRefusal) {
            let (registered, isNew) = try register(submission, now)
            let answer = RoundAction.answer(call: call, .success(registered))
            guard isNew else { return [answer] }
            return [
                .keep(
                    epoch: registered.round, node: submission.node, challenge: submission.challenge), answer,
            ]
        } catch {
            return [.answer(call: call, .failure(error))]
        }
    }

    private mutating func register(
        _ submission: Submission, _ now: UInt64
    ) throws(SubmissionRefusal) -> (registered: Registered, isNew: Bool) {
        guard var round = open, let span = span(of: round) else { throw .closed }
        if let deadline = submission.deadline, span.end > deadline { throw .late }
        let isOwn = submission.challenge == round.challenge
        try admission.check(submission, isOwn: isOwn, now: now)
        let registered = Registered(
            round: round.epoch, endsIn: span.end > now ? span.end - now : 0)
        if let known = round.registered[submission.node] {
            guard known == submission.challenge else { throw .conflict }
            return (registered, false)
        }
        if isOwn { return (registered, false) }
        guard round.registered.count < admission.rules.mostMembers else {
            throw .full(round.registered.count)
        }
        round.registered[submission.node] = submission.challenge
        all[round.epoch] = round
        return (registered, true)
    }
}
