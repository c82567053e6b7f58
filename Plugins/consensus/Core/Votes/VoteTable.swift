internal import NodeDomain

/// The votes of one kind in one round: each member's first counts, certificates count beside them.
struct VoteTable: Sendable {
    /// What a vote did.
    enum Addition {
        /// It counts.
        case added
        /// It is known.
        case known
        /// The member voted for something else before.
        case conflict(with: Vote)
    }

    private(set) var votes: [Vote?]
    private var weights: [(target: VotedBlock?, weight: Int64)] = []
    /// The weight of everybody who voted.
    private(set) var sum: Int64 = 0
    private var counted: MemberBitmap
    private(set) var certificates: [Certificate] = []

    init(size: Int) {
        votes = [Vote?](repeating: nil, count: size)
        counted = MemberBitmap(count: size)
    }

    /// Counts a vote of a member that is there.
    mutating func add(_ vote: Vote, power: Int64) -> Addition {
        let place = Int(vote.member)
        if let first = votes[place] {
            return first.target == vote.target ? .known : .conflict(with: first)
        }
        votes[place] = vote
        if counted.insert(place) { sum &+= power }
        if let entry = weights.firstIndex(where: { $0.target == vote.target }) {
            weights[entry].weight &+= power
        } else {
            weights.append((vote.target, power))
        }
        return .added
    }

    /// Counts a certificate that was verified; false when one for its block is there.
    ///
    /// It stands even where its members' first votes were for something else.
    mutating func add(_ certificate: Certificate, powers: ValidatorSet) -> Bool {
        guard !certificates.contains(where: { $0.target == certificate.target }) else { return false }
        // Two polkas for one round exist only when a third of the power is faulty; more are not kept.
        guard certificates.count < 2 else { return false }
        certificates.append(certificate)
        for place in certificate.members.places where counted.insert(place) {
            sum &+= powers.member(at: place)?.power ?? 0
        }
        return true
    }

    /// The weight of the first votes for a target.
    func weight(for target: VotedBlock?) -> Int64 {
        weights.first { $0.target == target }?.weight ?? 0
    }

    /// Whether more than two thirds are for a target.
    func hasQuorum(for target: VotedBlock?, _ powers: ValidatorSet) -> Bool {
        if powers.isQuorum(weight(for: target)) { return true }
        guard let target else { return false }
        return certificates.contains { $0.target == target }
    }

    /// The block that more than two thirds are for.
    func quorumBlock(_ powers: ValidatorSet) -> VotedBlock? {
        for entry in weights where entry.target != nil && powers.isQuorum(entry.weight) {
            return entry.target
        }
        return certificates.first?.target
    }

    /// Whether more than two thirds voted, for whatever.
    func hasQuorumOfAny(_ powers: ValidatorSet) -> Bool { powers.isQuorum(sum) }

    /// The certificate for a block: one that came, or one made of the votes; nil without a quorum.
    func certificate(for target: VotedBlock, _ powers: ValidatorSet) -> Certificate? {
        if let certificate = certificates.first(where: { $0.target == target }) { return certificate }
        guard powers.isQuorum(weight(for: target)) else { return nil }
        var members = MemberBitmap(count: votes.count)
        var signatures: [[UInt8]] = []
        var sample: Vote?
        for (place, vote) in votes.enumerated() {
            guard let vote, vote.target == target else { continue }
            members.insert(place)
            signatures.append(vote.signature)
            sample = vote
        }
        return sample.map {
            Certificate(
                kind: $0.kind, height: $0.height, round: $0.round, target: target, members: members,
                signatures: signatures)
        }
    }

    /// Who voted, certificates not counted.
    var voters: MemberBitmap {
        var result = MemberBitmap(count: votes.count)
        for (place, vote) in votes.enumerated() where vote != nil { result.insert(place) }
        return result
    }

    /// Forgets votes for no block, which mean nothing once their round is over.
    mutating func dropNil() {
        for place in votes.indices where votes[place] != nil && votes[place]?.target == nil {
            votes[place] = nil
        }
        weights.removeAll { $0.target == nil }
    }
}
