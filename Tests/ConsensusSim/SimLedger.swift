internal import ConsensusCore
internal import NodeDomain
internal import TestSupport

/// The ledger of the simulator: a chain of hashes, and a rule that liars can break.
struct SimLedger {
    /// A transaction that makes a block bad.
    static let poison: [UInt8] = [0xba, 0xd0]

    /// The height at which another term begins.
    static let secondTerm: UInt64 = 3

    let powers: [[Int64]]

    /// Powers of two terms: honest members swap theirs, and liars never have a third.
    init(_ options: SimOptions, faulty: Set<Int>, _ dice: inout SplitMix) {
        var first = (0..<options.nodes).map { _ in options.isUnequal ? Int64(1 + dice.below(5)) : 1 }
        let honest = first.indices.filter { !faulty.contains($0) }
        while 3 * faulty.reduce(0, { $0 + first[$1] }) >= first.reduce(0, +) {
            first[honest[dice.below(honest.count)]] += 1
        }
        var second = first
        for (from, to) in zip(honest, honest.dropFirst() + honest.prefix(1)) { second[to] = first[from] }
        powers = [first, second]
    }

    /// Who decides on a height: a new term begins at the third.
    func validators(_ height: UInt64) -> ValidatorSet? {
        let powers = powers[height < Self.secondTerm ? 0 : 1]
        return try? ValidatorSet(
            powers.enumerated().map { Validator(key: SimSignature.key($0.offset), power: $0.element) })
    }

    func accepts(_ block: Block) -> Bool { !block.transactions.contains(Self.poison) }

    /// The context of the next height.
    func apply(_ stored: SimNode.Stored, on context: HeightContext) -> HeightContext? {
        guard let after = validators(context.height + 2) else { return nil }
        let hash = stored.reference.hash
        let root = Bytes32(
            context.appHash.word0 &* 31 &+ hash.word0, hash.word1, hash.word2, context.height)
        return context.next(
            after: stored.block, stored.reference, stored.commit, appHash: root,
            resultsHash: Bytes32(hash.word3, 0, 0, context.height), nextValidators: after,
            beginsTerm: context.height + 1 == Self.secondTerm)
    }
}
