package import NodeDomain

/// Why members cannot change so.
package enum RotationFault: Error, Hashable, Sendable {
    /// A member is named twice.
    case twice(ValidatorAddress)
    /// A power below 0, or over the limit of all powers.
    case power(ValidatorAddress)
    /// Someone leaves who was not there.
    case stranger(ValidatorAddress)
    /// Nobody would be left.
    case empty
    /// Together they would have more power than can be counted.
    case totalPower
}

extension ProposerRotation {
    /// The rotation after some members came, went or got another power, before the next step.
    ///
    /// The rest keep their priorities.
    ///
    /// - Parameter changes: by address in any order; power 0 leaves.
    /// - Throws: `RotationFault`; then nothing is changed.
    package func changed(
        by changes: [(address: ValidatorAddress, power: Int64)]
    ) throws(RotationFault) -> ProposerRotation {
        guard !changes.isEmpty else { return self }
        var powers: [ValidatorAddress: Int64] = [:]
        for (address, power) in changes {
            guard power >= 0, power <= ValidatorSet.mostPower else { throw .power(address) }
            guard powers.updateValue(power, forKey: address) == nil else { throw .twice(address) }
        }
        let total = try totalBeforeRemovals(changes, powers)
        var changed: [Entry] = []
        for var entry in entries {
            entry.power = powers.removeValue(forKey: entry.address) ?? entry.power
            if entry.power > 0 { changed.append(entry) }
        }
        let start = ProposerRotation.newcomer(total: total)
        for (address, power) in changes where powers[address] != nil {
            guard power > 0 else { throw .stranger(address) }
            changed.append(Entry(address: address, power: power, priority: start))
        }
        guard !changed.isEmpty else { throw .empty }
        var rotation = ProposerRotation(changed.sorted { ($1.power, $0.address) < ($0.power, $1.address) })
        rotation.rescale()
        rotation.centre()
        return rotation
    }

    /// The total with all changes but the removals: newcomers start behind this.
    private func totalBeforeRemovals(
        _ changes: [(address: ValidatorAddress, power: Int64)], _ powers: [ValidatorAddress: Int64]
    ) throws(RotationFault) -> Int64 {
        var (total, removed) = (Int128(0), Int128(0))
        var known: Set<ValidatorAddress> = []
        for entry in entries {
            known.insert(entry.address)
            let power = powers[entry.address] ?? entry.power
            total += Int128(power == 0 ? entry.power : power)
            removed += power == 0 ? Int128(entry.power) : 0
        }
        for change in changes where !known.contains(change.address) { total += Int128(change.power) }
        guard total - removed <= Int128(ValidatorSet.mostPower) else { throw .totalPower }
        return Int64(clamping: total)
    }
}
