/// How the original shares a block's pool, for its published examples; the chain's own rule is another one.
package enum RewardSplit {
    /// A weight as a fraction.
    package struct Weight: Hashable, Sendable {
        package let numerator: UInt64
        package let denominator: UInt64

        /// `numerator` / `denominator`; the denominator must not be 0.
        package init(_ numerator: UInt64, _ denominator: UInt64) {
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    /// What one receives, in smidge.
    package struct Payout: Hashable, Sendable {
        /// Of subsidy and fees.
        package let total: UInt64
        /// Of the subsidy alone.
        package let subsidy: UInt64
    }

    /// ⌊pool · share⌋ for each weight; what is left of the pool is burnt.
    ///
    /// - Returns: nil when a weight is no number, none is above 0, or they are too large for 128 bits together.
    package static func split(subsidy: UInt64, fees: UInt64, weights: [Weight]) -> (
        payouts: [Payout], burnt: UInt64
    )? {
        guard let shares = shares(weights), let sum = sum(shares), sum > 0 else { return nil }
        let (pool, over) = subsidy.addingReportingOverflow(fees)
        guard !over else { return nil }
        var payouts: [Payout] = []
        for share in shares {
            guard let total = part(pool, share, sum), let ofSubsidy = part(subsidy, share, sum) else {
                return nil
            }
            payouts.append(Payout(total: total, subsidy: ofSubsidy))
        }
        return (payouts, pool - payouts.reduce(0) { $0 + $1.total })
    }

    /// The weights over one denominator.
    private static func shares(_ weights: [Weight]) -> [UInt128]? {
        var common: UInt128 = 1
        for weight in weights {
            guard weight.denominator > 0 else { return nil }
            let denominator = UInt128(weight.denominator)
            let (product, over) = common.multipliedReportingOverflow(
                by: denominator / greatestDivisor(common, denominator))
            guard !over else { return nil }
            common = product
        }
        var shares: [UInt128] = []
        for weight in weights {
            let (share, over) = UInt128(weight.numerator).multipliedReportingOverflow(
                by: common / UInt128(weight.denominator))
            guard !over else { return nil }
            shares.append(share)
        }
        return shares
    }

    private static func sum(_ shares: [UInt128]) -> UInt128? {
        var sum: UInt128 = 0
        for share in shares {
            let (next, over) = sum.addingReportingOverflow(share)
            guard !over else { return nil }
            sum = next
        }
        return sum
    }

    private static func part(_ amount: UInt64, _ share: UInt128, _ sum: UInt128) -> UInt64? {
        // The share is at most the sum, so the quotient is at most the amount.
        let product = UInt128(amount).multipliedFullWidth(by: share)
        return UInt64(exactly: sum.dividingFullWidth(product).quotient)
    }

    private static func greatestDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}
