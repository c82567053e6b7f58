/// What was spent in the last second: over no second more than the cap.
///
/// A token bucket lets a burst and a second's inflow pass together; this does not. Time is cut into twenty pieces;
/// the piece that the second began in counts whole, so a steady flow gets twenty of twenty-one parts of the cap.
package struct SecondWindow: Hashable, Sendable {
    private static let pieces = 21
    /// Milliseconds of a piece.
    private static let span = Milliseconds.second / 20

    /// Units that any second may have.
    package let cap: UInt64
    private var spent = [UInt64](repeating: 0, count: pieces)
    private var newest: UInt64
    /// Sum of all pieces.
    private var sum: UInt64 = 0

    /// Nothing spent yet.
    package init(cap: UInt64, now: UInt64) {
        self.cap = cap
        newest = now / Self.span
    }

    /// Units that may be spent now.
    package mutating func available(now: UInt64) -> UInt64 {
        advance(now)
        return cap > sum ? cap - sum : 0
    }

    /// Notes what was spent; it may be more than there was, and is then missing afterwards.
    package mutating func spend(_ units: UInt64, now: UInt64) {
        advance(now)
        let place = Int(newest % UInt64(Self.pieces))
        let added = min(units, .max / 64 - min(sum, .max / 64))
        spent[place] += added
        sum += added
    }

    private mutating func advance(_ now: UInt64) {
        let piece = now / Self.span
        guard piece > newest else { return }
        for step in 0..<min(piece - newest, UInt64(Self.pieces)) {
            let place = Int((piece - step) % UInt64(Self.pieces))
            sum -= spent[place]
            spent[place] = 0
        }
        newest = piece
    }
}
