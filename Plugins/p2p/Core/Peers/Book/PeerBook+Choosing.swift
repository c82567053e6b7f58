/// Whom to dial.
extension PeerBook {
    /// Which table a peer is drawn from.
    package enum Table: Hashable, Sendable {
        /// Those that were heard of.
        case new
        /// Those that were reached.
        case tried
        /// Either, with the same likelihood.
        case either
    }

    /// Draws of a choice; a book in which nobody suits must not keep the caller.
    private static let mostDraws = 200

    /// Draws a peer.
    ///
    /// First a bucket is drawn, then a slot of it: a part of the network that fills its few buckets is not drawn more
    /// often than they are.
    /// - Parameters:
    ///   - table: where from.
    ///   - now: milliseconds.
    ///   - suits: whether a peer is wanted.
    /// - Returns: nil: nobody was found.
    package mutating func choose(
        _ table: Table, now: UInt64, where suits: (PeerContact) -> Bool
    ) -> PeerContact? {
        let time = Self.time(now)
        var factor = 1_000
        for _ in 0..<min(Self.mostDraws, 16 + 4 * count) {
            guard let place = draw(table), let entry = entries[place] else { return nil }
            guard suits(entry.contact) else { continue }
            // The less likely it is that anybody is found, the less it matters when he was last dialled.
            if generator.below(1_000_000) < min(entry.chance(now: time) * factor, 1_000_000) {
                return entry.contact
            }
            factor = min(factor * 6 / 5, 1_000_000)
        }
        return nil
    }

    private mutating func draw(_ table: Table) -> Int? {
        let isTried: Bool
        switch table {
        case .new: isTried = false
        case .tried: isTried = true
        case .either: isTried = newCount == 0 || (triedCount > 0 && generator.next() >> 63 == 0)
        }
        guard (isTried ? triedCount : newCount) > 0 else { return nil }
        return isTried ? triedSlots.draw(&generator) : newSlots.draw(&generator)
    }
}
