package import NodeDomain

/// Where a chain stands still: what operators need to agree on a recovery (spec: consensus, §2.8).
package struct HaltReport: Hashable, Sendable {
    /// A member and what was heard of it at the height that is not decided.
    package struct Member: Hashable, Sendable {
        /// Its key.
        package let key: Bytes32
        /// Its seats.
        package let power: Int64
        /// The last round, of those whose votes are still kept, in which it voted; nil: in none.
        package let round: UInt32?
        /// Whether its prevote of the current round came.
        package let hasPrevoted: Bool
        /// Whether its precommit of the current round came.
        package let hasPrecommitted: Bool
    }

    /// The chain with its revision.
    package let chain: String
    /// The last height that was decided; 0: none.
    package let height: UInt64
    /// Hash of its header; nil at genesis.
    package let hash: Bytes32?
    /// Its time, or that of genesis.
    package let time: Timestamp
    /// Root of the state after it.
    package let appHash: Bytes32
    /// What decided it.
    package let commit: Certificate?
    /// The round that the next height is in.
    package let round: UInt32
    /// Who is to decide the next height, in the set's order.
    package let members: [Member]
    /// Seats of all.
    package let totalPower: Int64

    /// Members of whom nothing was heard.
    package var missing: [Member] { members.filter { $0.round == nil } }
    /// Seats of those of whom something was heard.
    package var heardPower: Int64 { members.reduce(0) { $0 + ($1.round == nil ? 0 : $1.power) } }
    /// Seats that are missing for a decision; 0: enough vote, and do not agree.
    package var lackingPower: Int64 {
        // More than two thirds: the least such number of whole seats.
        let needed = Int64(truncatingIfNeeded: Int128(totalPower) * 2 / 3 + 1)
        return max(0, needed - heardPower)
    }
}

extension Consensus {
    /// What is known of the height that is not decided.
    package var haltReport: HaltReport {
        let votes = tendermint.votes
        let rounds = votes.rounds.sorted()
        let tables = rounds.map { round in
            (round, votes.voters(.prevote, round), votes.voters(.precommit, round))
        }
        let members = context.validators.members.enumerated().map { place, member in
            let last = tables.last { $0.1?.contains(place) == true || $0.2?.contains(place) == true }
            return HaltReport.Member(
                key: member.key, power: member.power, round: last?.0,
                hasPrevoted: votes.voters(.prevote, state.round)?.contains(place) == true,
                hasPrecommitted: votes.voters(.precommit, state.round)?.contains(place) == true)
        }
        return HaltReport(
            chain: context.chain, height: context.height - 1, hash: context.lastBlock?.hash,
            time: context.lastTime, appHash: context.appHash, commit: context.lastCommit,
            round: state.round, members: members, totalPower: context.validators.totalPower)
    }
}
