internal import ConsensusCore
internal import NodeDomain
internal import TestSupport

/// Who proposes, by the text of the specification alone: what the node's own rotation is held against.
struct SimRotation {
    private let powers: [Int64]
    private let addresses: [ValidatorAddress]
    private var priorities: [Int64]
    private(set) var winner = 0

    /// A set at its first height.
    init(_ set: ValidatorSet) {
        powers = set.members.map(\.power)
        addresses = set.members.map(\.address)
        let total = powers.reduce(0, +)
        priorities = powers.map { _ in -(total + total / 8) }
        step()
    }

    mutating func step() {
        let total = powers.reduce(0, +)
        guard let high = priorities.max(), let low = priorities.min() else { return }
        if high - low > 2 * total {
            let ratio = (high - low + 2 * total - 1) / (2 * total)
            priorities = priorities.map { $0 / ratio }
        }
        let (sum, count) = (priorities.reduce(0, +), Int64(priorities.count))
        let mean = sum >= 0 ? sum / count : -((-sum + count - 1) / count)
        for place in priorities.indices { priorities[place] += powers[place] - mean }
        winner = 0
        for place in priorities.indices.dropFirst()
        where (priorities[winner], addresses[place]) < (priorities[place], addresses[winner]) {
            winner = place
        }
        priorities[winner] -= total
    }

    func proposer(round: UInt32) -> Int {
        var copy = self
        for _ in 0..<round { copy.step() }
        return copy.winner
    }
}

extension ProposerRotation {
    /// A rotation in which the rounds have these proposers, found by trying.
    ///
    /// - Parameter leaders: places in the set, round by round.
    static func with(leaders: [Int], in set: ValidatorSet) -> ProposerRotation? {
        var dice = SplitMix(seed: 0x1ead)
        for _ in 0..<1_000_000 {
            var rotation = ProposerRotation(
                set.members.map {
                    Entry(
                        address: $0.address, power: Int64(dice.below(6)), priority: Int64(dice.below(33)) - 16
                    )
                })
            rotation.increment()
            if leaders.indices.allSatisfy({ rotation.proposer(round: UInt32($0)) == leaders[$0] }) {
                return rotation
            }
        }
        return nil
    }
}
