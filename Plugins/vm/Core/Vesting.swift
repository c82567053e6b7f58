/// When vaulted smidge come free.
package enum Vesting {
    /// The last layer at which nothing is free.
    package static let start = Issuance.layersPerYear
    /// The layer at which all is free.
    package static let end = 4 * Issuance.layersPerYear

    /// Of the 150 million SMH together, as the original's economics library counts (SMIP-0002): the same each layer, the
    /// remainder in the last one.
    package static func accumulated(layer: UInt64) -> UInt64 {
        if layer <= start { return 0 }
        if layer >= end { return Issuance.vaulted }
        return Issuance.vaulted / (end - start) * (layer - start)
    }

    /// Of one vault account, as its template counts: ⌊total · (layer − start) / (end − start)⌋.
    ///
    /// Before `start` nothing, from `end` on all. A vault whose end is not after its start frees all at its start.
    package static func vault(total: UInt64, start: UInt64, end: UInt64, layer: UInt64) -> UInt64 {
        if layer < start { return 0 }
        if layer >= end { return total }
        // layer < end, so the quotient is below total and fits.
        return (end - start).dividingFullWidth(total.multipliedFullWidth(by: layer - start)).quotient
    }
}
