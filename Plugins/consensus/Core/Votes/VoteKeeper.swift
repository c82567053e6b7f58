package import NodeDomain

/// All votes of a height, within bounds that no sender can exceed (spec: consensus, §3.2 "Buffers").
///
/// Rounds up to the one after the current are kept whole. Of later rounds only the senders are known, and of each sender two
/// rounds at most: enough to see that more than a third is ahead.
package struct VoteKeeper: Sendable {
    /// Later rounds that a sender can be remembered in.
    package static let aheadRounds = 2

    /// What a vote did.
    package enum Addition: Sendable {
        /// It counts, or its sender does.
        case added
        /// Nothing new.
        case known
        /// Its member voted for something else in the same round: evidence.
        case conflict(Vote, Vote)
    }

    private struct Round: Sendable {
        let round: UInt32
        var prevotes: VoteTable
        var precommits: VoteTable
        var senders: MemberBitmap
        var senderWeight: Int64 = 0
    }

    package let powers: ValidatorSet
    /// In rising order of their rounds.
    private var tables: [Round] = []
    private var current: UInt32 = 0

    /// No votes yet.
    package init(_ powers: ValidatorSet) {
        self.powers = powers
    }

    /// Moves on to a round: votes for no block mean nothing any more, but those of the round just left.
    ///
    /// That round may have ended here by precommits for no block that others lack: without them they would wait in it for ever.
    package mutating func enter(_ round: UInt32) {
        current = round
        for place in tables.indices where isPast(tables[place].round) {
            tables[place].prevotes.dropNil()
            tables[place].precommits.dropNil()
        }
    }

    /// Counts a vote of this height that was verified.
    package mutating func add(_ vote: Vote) -> Addition {
        let member = Int(vote.member)
        guard let power = powers.member(at: member)?.power else { return .known }
        if isPast(vote.round), vote.target == nil { return .known }
        guard isWhole(vote.round) else { return addAhead(member, vote.round) ? .added : .known }
        let place = open(vote.round)
        let added = change(place, vote.kind) { $0.add(vote, power: power) }
        switch added {
        case .added:
            count(member, at: place)
            return .added
        case .known: return .known
        case .conflict(let first): return .conflict(first, vote)
        }
    }

    /// Counts a certificate of this height that was verified; false when nothing is new.
    package mutating func add(_ certificate: Certificate) -> Bool {
        guard certificate.members.count == powers.count else { return false }
        let place = open(certificate.round)
        let isNew = change(place, certificate.kind) { [powers] in
            $0.add(certificate, powers: powers)
        }
        if isNew { for member in certificate.members.places { count(member, at: place) } }
        return isNew
    }

    // MARK: - What there is

    /// The votes of a kind in a round; nil: none.
    func table(_ kind: VoteKind, _ round: UInt32) -> VoteTable? {
        guard let place = find(round) else { return nil }
        return kind == .prevote ? tables[place].prevotes : tables[place].precommits
    }

    /// Whether more than two thirds are for a target in a round.
    package func hasQuorum(_ kind: VoteKind, _ round: UInt32, for target: VotedBlock?) -> Bool {
        with(kind, round) { $0.hasQuorum(for: target, powers) } ?? false
    }

    /// Whether more than two thirds voted in a round, for whatever.
    package func hasQuorumOfAny(_ kind: VoteKind, _ round: UInt32) -> Bool {
        with(kind, round) { $0.hasQuorumOfAny(powers) } ?? false
    }

    /// The block that more than two thirds are for in a round.
    package func quorumBlock(_ kind: VoteKind, _ round: UInt32) -> VotedBlock? {
        with(kind, round) { $0.quorumBlock(powers) } ?? nil
    }

    /// The certificate of a round; nil without a quorum for the block.
    package func certificate(_ kind: VoteKind, _ round: UInt32, for target: VotedBlock) -> Certificate? {
        with(kind, round) { $0.certificate(for: target, powers) } ?? nil
    }

    /// The highest round after a given one in which more than a third of the power was seen.
    package func honestRound(after round: UInt32) -> UInt32? {
        tables.last { $0.round > round && powers.hasHonest($0.senderWeight) }?.round
    }

    /// The rounds of which something is known, rising.
    package var rounds: [UInt32] { tables.map(\.round) }

    /// A member's first vote.
    package func vote(_ kind: VoteKind, _ round: UInt32, of place: Int) -> Vote? {
        with(kind, round) { $0.votes.indices.contains(place) ? $0.votes[place] : nil } ?? nil
    }

    /// Whose votes are there; nil: none of that round.
    package func voters(_ kind: VoteKind, _ round: UInt32) -> MemberBitmap? {
        with(kind, round) { $0.voters }
    }

    /// Whether a certificate would say nothing new.
    package func has(_ certificate: Certificate) -> Bool {
        hasQuorum(certificate.kind, certificate.round, for: certificate.target)
    }

    // MARK: - Places

    /// Before the round just left.
    private func isPast(_ round: UInt32) -> Bool { round < current && current - round > 1 }

    private func isWhole(_ round: UInt32) -> Bool { round <= current || round - current == 1 }

    private func with<Result>(_ kind: VoteKind, _ round: UInt32, _ body: (VoteTable) -> Result) -> Result? {
        find(round).map { body(kind == .prevote ? tables[$0].prevotes : tables[$0].precommits) }
    }

    private mutating func change<Result>(
        _ place: Int, _ kind: VoteKind, _ body: (inout VoteTable) -> Result
    ) -> Result {
        kind == .prevote ? body(&tables[place].prevotes) : body(&tables[place].precommits)
    }

    private func find(_ round: UInt32) -> Int? { tables.lastIndex { $0.round == round } }

    /// The place of a round, which is made when it is not there.
    private mutating func open(_ round: UInt32) -> Int {
        if let place = find(round) { return place }
        let size = powers.count
        let place = tables.firstIndex { $0.round > round } ?? tables.endIndex
        tables.insert(
            Round(
                round: round, prevotes: VoteTable(size: size), precommits: VoteTable(size: size),
                senders: MemberBitmap(count: size)), at: place)
        return place
    }

    private func power(_ member: Int) -> Int64 { powers.member(at: member)?.power ?? 0 }

    private mutating func count(_ member: Int, at place: Int) {
        if tables[place].senders.insert(member) { tables[place].senderWeight &+= power(member) }
    }

    /// Remembers that a member is in a later round, in place of the lowest of its others when there are too many.
    private mutating func addAhead(_ member: Int, _ round: UInt32) -> Bool {
        let known = tables.indices.filter {
            !isWhole(tables[$0].round) && tables[$0].senders.contains(member)
        }
        if known.contains(where: { tables[$0].round == round }) { return false }
        if known.count >= Self.aheadRounds {
            guard let lowest = known.first, tables[lowest].round < round else { return false }
            var left = MemberBitmap(count: powers.count)
            for place in tables[lowest].senders.places where place != member { left.insert(place) }
            tables[lowest].senders = left
            tables[lowest].senderWeight &-= power(member)
            if tables[lowest].senderWeight == 0 { tables.remove(at: lowest) }
        }
        count(member, at: open(round))
        return true
    }
}
