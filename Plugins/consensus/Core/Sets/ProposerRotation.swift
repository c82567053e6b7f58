package import NodeDomain

/// Who proposes: the member with the highest priority, which then pays with the power of all (spec: consensus, §3.3).
///
/// The next height is one step further. A round's proposer is found by single steps on a copy; several steps at once would not give
/// the same (CometBFT rescales once only), so there are none.
package struct ProposerRotation: Hashable, Sendable {
    /// A member with its priority.
    package struct Entry: Hashable, Sendable {
        /// Who it is.
        package let address: ValidatorAddress
        /// Its power.
        package var power: Int64
        /// How far it is from proposing.
        package var priority: Int64

        /// A member with its priority.
        package init(address: ValidatorAddress, power: Int64, priority: Int64) {
            self.address = address
            self.power = power
            self.priority = priority
        }
    }

    /// The members in their set's order.
    package private(set) var entries: [Entry]
    /// The place of the proposer; nil before the first step.
    package private(set) var proposer: Int?

    /// Members with their priorities, in their set's order, before the next step.
    package init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// The rotation of a new set, at its first height.
    package init(of set: ValidatorSet) {
        let start = ProposerRotation.newcomer(total: set.totalPower)
        self.init(
            set.members.map { Entry(address: $0.address, power: $0.power, priority: start) })
        rescale()
        centre()
        increment()
    }

    /// One step: all gain their power, the winner pays the total.
    package mutating func increment() {
        rescale()
        centre()
        for place in entries.indices {
            entries[place].priority = saturatingSum(entries[place].priority, entries[place].power)
        }
        guard let winner = entries.indices.max(by: { isBehind(entries[$0], entries[$1]) }) else { return }
        entries[winner].priority = saturatingDifference(entries[winner].priority, totalPower)
        proposer = winner
    }

    /// The place of the proposer of a round of this height.
    ///
    /// It costs a step for each round: ask for rounds that were reached, not for any that a stranger names.
    package func proposer(round: UInt32) -> Int? {
        var copy = self
        for _ in 0..<round { copy.increment() }
        return copy.proposer
    }

    /// The sum of powers.
    package var totalPower: Int64 { entries.reduce(0) { saturatingSum($0, $1.power) } }

    // MARK: - Steps of a step

    /// The priority of a member that was in no set before: far behind, so that leaving and coming back does not pay.
    static func newcomer(total: Int64) -> Int64 { -saturatingSum(total, total >> 3) }

    /// Divides all until highest and lowest are no further apart than twice the total.
    package mutating func rescale() {
        let widest = 2 * Int128(totalPower)
        let priorities = entries.map(\.priority)
        guard widest > 0, let high = priorities.max(), let low = priorities.min() else { return }
        let width = Int128(high) - Int128(low)
        guard width > widest else { return }
        let ratio = (width + widest - 1) / widest
        for place in entries.indices {
            entries[place].priority = Int64(clamping: Int128(entries[place].priority) / ratio)
        }
    }

    /// Moves all so that their average is about 0.
    package mutating func centre() {
        guard !entries.isEmpty else { return }
        let average = averagePriority
        for place in entries.indices {
            entries[place].priority = saturatingDifference(entries[place].priority, average)
        }
    }

    /// The average, rounded down.
    package var averagePriority: Int64 {
        guard !entries.isEmpty else { return 0 }
        let (sum, count) = (entries.reduce(Int128(0)) { $0 + Int128($1.priority) }, Int128(entries.count))
        let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: count)
        return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
    }

    private func isBehind(_ left: Entry, _ right: Entry) -> Bool {
        (left.priority, right.address) < (right.priority, left.address)
    }
}

private func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflows) = left.addingReportingOverflow(right)
    return overflows ? (right < 0 ? .min : .max) : sum
}

private func saturatingDifference(_ left: Int64, _ right: Int64) -> Int64 {
    let (difference, overflows) = left.subtractingReportingOverflow(right)
    return overflows ? (right < 0 ? .max : .min) : difference
}
