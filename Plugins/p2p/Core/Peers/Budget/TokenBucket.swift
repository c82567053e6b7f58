/// How much may be spent: it fills at a steady rate up to a bound, and what is spent is taken out.
///
/// Units are the caller's: bytes, messages, addresses, microseconds. In any span the bucket gives at most its
/// capacity and what flows in during the span. What cannot be refused any more may leave it in debt.
package struct TokenBucket: Hashable, Sendable {
    /// Units that flow in per 1,000 seconds, so that a tenth of a unit a second can be said.
    package let ratePerKilosecond: UInt64
    /// Units it holds at most; it may owe sixteen times as many.
    package let capacity: UInt64
    /// In millionths of a unit: a millisecond brings `ratePerKilosecond` of them.
    private var level: Int64
    private var filled: UInt64

    private static let parts: Int64 = 1_000_000
    /// Largest rate and capacity: sixteen times as much in parts fits into 63 bits.
    private static let most: UInt64 = 1 << 36
    private static let mostDebt: Int64 = 16

    /// A bucket.
    /// - Parameters:
    ///   - ratePerKilosecond: units per 1,000 seconds, at most 2³⁶.
    ///   - capacity: units, at most 2³⁶.
    ///   - level: units in it now; nil: it is full.
    ///   - now: milliseconds.
    package init(ratePerKilosecond: UInt64, capacity: UInt64, level: UInt64? = nil, now: UInt64) {
        self.ratePerKilosecond = min(ratePerKilosecond, Self.most)
        self.capacity = min(capacity, Self.most)
        self.level = Int64(min(level ?? self.capacity, self.capacity)) * Self.parts
        filled = now
    }

    /// A bucket of so many units a second, full.
    package init(perSecond: UInt64, capacity: UInt64, now: UInt64) {
        let rate = min(perSecond, Self.most / 1_000) * 1_000
        self.init(ratePerKilosecond: rate, capacity: capacity, now: now)
    }

    private var full: Int64 { Int64(capacity) * Self.parts }

    /// Units that may be spent now.
    package mutating func available(now: UInt64) -> UInt64 {
        fill(now)
        return UInt64(max(level, 0) / Self.parts)
    }

    /// Takes so many units, or none.
    /// - Returns: whether they were there.
    package mutating func take(_ units: UInt64, now: UInt64) -> Bool {
        guard available(now: now) >= units else { return false }
        level -= Int64(units) * Self.parts
        return true
    }

    /// Takes so many units whether they are there or not.
    package mutating func spend(_ units: UInt64, now: UInt64) {
        fill(now)
        let least = -Self.mostDebt * full
        level = max(least, level - Int64(min(units, Self.most)) * Self.parts)
    }

    /// Adds units, up to the capacity.
    package mutating func add(_ units: UInt64, now: UInt64) {
        fill(now)
        level = min(full, level + Int64(min(units, Self.most)) * Self.parts)
    }

    /// Milliseconds until so many units are there, or the bucket is full; 0: they are.
    package mutating func wait(for units: UInt64, now: UInt64) -> UInt64 {
        fill(now)
        let wanted = Int64(min(units, capacity)) * Self.parts
        guard wanted > level else { return 0 }
        guard ratePerKilosecond > 0 else { return .max }
        return (UInt64(wanted - level) + ratePerKilosecond - 1) / ratePerKilosecond
    }

    private mutating func fill(_ now: UInt64) {
        let span = Milliseconds.since(filled, now: now)
        filled = max(filled, now)
        let (inflow, overflow) = span.multipliedReportingOverflow(by: ratePerKilosecond)
        let room = UInt64(full - level)
        level += overflow ? Int64(room) : Int64(min(inflow, room))
    }
}
