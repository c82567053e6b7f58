/// How much is minted by layer: exact to the smidge.
///
/// T(i) = ⌊S · (1 − (4/5)^((i+1)/(10·Y+1)))⌋ is what all layers up to index i mint together, with S the whole subsidy and Y the
/// layers of a year. (4/5)^n/N is computed with 256 bits after the point, and S has 61 bits, so an error can only show where T is a
/// whole number before it is cut down; those are told by their distance of less than 2⁻¹⁰⁰.
package enum Issuance {
    /// Smidge in one SMH.
    package static let smidgePerSMH: UInt64 = 1_000_000_000
    /// Everything that layers mint, in smidge.
    package static let subsidy: UInt64 = 2_250_000_000_000_000_000
    /// What 28 vault accounts hold at genesis, in smidge.
    package static let vaulted: UInt64 = 150_000_000_000_000_000
    /// Layers of five minutes in 365 days.
    package static let layersPerYear: UInt64 = 105_120
    /// The last index whose layer mints anything: one smidge.
    package static let lastIndex: UInt64 = 199_069_549
    /// The last layer of the original that mints nothing; its index is 0.
    package static let originalGenesisLayer: UInt64 = 8063

    /// From here on the original's 34 digits cannot tell what is left from nothing: its sums are the whole subsidy.
    private static let endOfDigits: UInt64 = 364_487_816

    /// What layers of index 0 up to and with `index` mint together, in smidge, as the original's table says.
    ///
    /// The last of its smidge, between `lastIndex` and the end of its digits, is in no layer.
    package static func accumulated(_ index: UInt64) -> UInt64 {
        if index >= endOfDigits { return subsidy }
        let left = power(min(index, lastIndex) + 1).multiplied(by: subsidy)
        return subsidy - left.whole - (left.rest.isTiny ? 0 : 1)
    }

    /// What the layer of an index mints, in smidge.
    package static func subsidy(_ index: UInt64) -> UInt64 {
        if index > lastIndex { return 0 }
        return index == 0 ? accumulated(0) : accumulated(index) - accumulated(index - 1)
    }

    /// Layers after which four fifths of what was left are left.
    private static let period = 10 * layersPerYear + 1

    /// (4/5)^(exponent / period), for an exponent from 1 on.
    private static func power(_ exponent: UInt64) -> Fraction256 {
        var result: Fraction256?
        for (place, square) in squares.enumerated() where exponent >> UInt64(place) & 1 == 1 {
            result = result.map { $0 * square } ?? square
        }
        return result ?? .zero
    }

    /// What one layer leaves, and its squares; enough for `lastIndex`.
    private static let squares: [Fraction256] = {
        var squares = [perLayer]
        while squares.count < 28 { squares.append(squares[squares.count - 1] * squares[squares.count - 1]) }
        return squares
    }()

    /// (4/5)^(1 / period) = exp(−λ).
    private static let perLayer: Fraction256 = {
        // λ = ln(5/4) / period, with ln(5/4) = 2 · atanh(1/9).
        var power = Fraction256(reciprocalOf: 9)
        var logarithm = Fraction256.zero
        var odd: UInt64 = 1
        while !power.isZero {
            logarithm = logarithm + power.divided(by: odd)
            power = power.divided(by: 81)
            odd += 2
        }
        let lambda = (logarithm + logarithm).divided(by: period)
        // 1 − exp(−λ) = λ − λ²/2! + λ³/3! − …
        var term = lambda
        var lost = lambda
        var number: UInt64 = 2
        while !term.isZero {
            term = (term * lambda).divided(by: number)
            lost = number.isMultiple(of: 2) ? lost - term : lost + term
            number += 1
        }
        return lost.complement
    }()
}
