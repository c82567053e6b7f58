/// A number from 0 up to, and without, 1, as 256 bits after the point.
///
/// What does not fit is cut off: each operation is at most 2⁻²⁵⁶ too low.
struct Fraction256: Hashable, Sendable {
    /// From the lowest to the highest.
    private(set) var limbs: InlineArray<4, UInt64>

    static let zero = Fraction256(limbs: [0, 0, 0, 0])

    /// The reciprocal of a whole number of at least 2.
    init(reciprocalOf divisor: UInt64) {
        self = Fraction256(limbs: [.max, .max, .max, .max]).divided(by: divisor)
    }

    private init(limbs: InlineArray<4, UInt64>) {
        self.limbs = limbs
    }

    static func == (left: Fraction256, right: Fraction256) -> Bool {
        (0..<4).allSatisfy { left.limbs[$0] == right.limbs[$0] }
    }

    func hash(into hasher: inout Hasher) {
        for place in 0..<4 { hasher.combine(limbs[place]) }
    }

    var isZero: Bool { self == .zero }

    /// Below 2⁻¹⁰⁰.
    var isTiny: Bool { limbs[3] == 0 && limbs[2] < 1 << 28 }

    /// 1 minus this; this must not be 0.
    var complement: Fraction256 { Fraction256.zero - self }

    static func + (left: Fraction256, right: Fraction256) -> Fraction256 {
        var sum = left
        var carry: UInt64 = 0
        for place in 0..<4 {
            let (first, over) = left.limbs[place].addingReportingOverflow(right.limbs[place])
            let (second, again) = first.addingReportingOverflow(carry)
            sum.limbs[place] = second
            carry = over || again ? 1 : 0
        }
        return sum
    }

    static func - (left: Fraction256, right: Fraction256) -> Fraction256 {
        var rest = left
        var borrow: UInt64 = 0
        for place in 0..<4 {
            let (first, under) = left.limbs[place].subtractingReportingOverflow(right.limbs[place])
            let (second, again) = first.subtractingReportingOverflow(borrow)
            rest.limbs[place] = second
            borrow = under || again ? 1 : 0
        }
        return rest
    }

    static func * (left: Fraction256, right: Fraction256) -> Fraction256 {
        var product = InlineArray<8, UInt64>(repeating: 0)
        for low in 0..<4 {
            var carry: UInt64 = 0
            for high in 0..<4 {
                let part = left.limbs[low].multipliedFullWidth(by: right.limbs[high])
                let (first, over) = part.low.addingReportingOverflow(product[low + high])
                let (second, again) = first.addingReportingOverflow(carry)
                product[low + high] = second
                // The high half of a product of two words is at most 2⁶⁴ − 2, so two carries fit.
                carry = part.high &+ (over ? 1 : 0) &+ (again ? 1 : 0)
            }
            product[low + 4] = carry
        }
        return Fraction256(limbs: [product[4], product[5], product[6], product[7]])
    }

    /// Divided by a whole number that is not 0.
    func divided(by divisor: UInt64) -> Fraction256 {
        var quotient = self
        var remainder: UInt64 = 0
        for place in (0..<4).reversed() {
            let part = divisor.dividingFullWidth((remainder, limbs[place]))
            quotient.limbs[place] = part.quotient
            remainder = part.remainder
        }
        return quotient
    }

    /// Times a whole number: the whole part and the rest.
    func multiplied(by factor: UInt64) -> (whole: UInt64, rest: Fraction256) {
        var rest = self
        var carry: UInt64 = 0
        for place in 0..<4 {
            let part = limbs[place].multipliedFullWidth(by: factor)
            let (sum, over) = part.low.addingReportingOverflow(carry)
            rest.limbs[place] = sum
            carry = part.high &+ (over ? 1 : 0)
        }
        return (carry, rest)
    }
}
