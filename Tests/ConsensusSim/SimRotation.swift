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
    /// Rounds after the scripted ones within which everybody proposes once.
    private static let fairRounds = 7
    private static let ofThree = table(rounds: 3)
    private static let ofFour = table(rounds: 4)

    /// A rotation in which the rounds have these proposers; after them it is everybody's turn.
    ///
    /// - Parameter leaders: places in a set of four equals, round by round, for up to four rounds.
    static func with(leaders: [Int], in set: ValidatorSet) -> ProposerRotation? {
        let filled = leaders + [Int](repeating: 0, count: max(0, 3 - leaders.count))
        guard let entries = (filled.count == 3 ? ofThree : ofFour)[filled] else { return nil }
        var rotation = ProposerRotation(
            zip(set.members, entries).map {
                Entry(address: $0.address, power: $1.power, priority: $1.priority)
            })
        rotation.increment()
        return rotation
    }

    /// Priorities and powers for each sequence of proposers, found by trying.
    private static func table(rounds: Int) -> [[Int]: [Entry]] {
        let members = (0..<SimTwins.members).compactMap { place in
            ValidatorAddress([UInt8](repeating: UInt8(place), count: 20))
        }
        var (dice, found) = (SplitMix(seed: 0x1ead), [[Int]: [Entry]]())
        var wanted = 1
        for _ in 0..<rounds { wanted *= SimTwins.members }
        for _ in 0..<3_000_000 where found.count < wanted {
            let entries = members.map {
                Entry(address: $0, power: Int64(1 + dice.below(6)), priority: Int64(dice.below(65)) - 32)
            }
            var rotation = ProposerRotation(entries)
            let proposers = (0..<rounds + fairRounds).map { _ in
                rotation.increment()
                return rotation.proposer ?? 0
            }
            let leaders = Array(proposers.prefix(rounds))
            if found[leaders] == nil, Set(proposers.dropFirst(rounds)).count == members.count {
                found[leaders] = entries
            }
        }
        return found
    }
}
