package import NodeDomain
internal import NodeEncoding

/// Collects hits, from any number of workers, until one nonce has enough.
package struct HitCollector: Sendable {
    /// How many distinct indices a proof needs.
    package let needed: Int
    /// The nonce that had enough first, with its indices in the order they came.
    package private(set) var winner: (nonce: UInt32, indices: [UInt64])?
    private var indices: [UInt32: [UInt64]] = [:]

    /// Nothing yet.
    package init(needed: Int) {
        self.needed = needed
    }

    /// Takes a hit; true when there is a winner.
    ///
    /// A hit seen before, or one after the winner's last, changes nothing.
    @discardableResult
    package mutating func add(_ hit: ScanHit) -> Bool {
        if winner != nil { return true }
        var list = indices[hit.nonce, default: []]
        guard !list.contains(hit.index) else { return false }
        list.append(hit.index)
        indices[hit.nonce] = list
        if list.count >= needed { winner = (hit.nonce, list) }
        return winner != nil
    }

    /// How many distinct indices the best nonce has.
    package var best: Int { indices.values.map(\.count).max() ?? 0 }

    /// The proof of the winner: indices ascending, as the chain wants them.
    package func proof(groups: [ScanGroup], labels: UInt64) -> PostProof? {
        guard let winner,
            let group = groups.first(where: { UInt32($0.number) == winner.nonce / ProofCipher.noncesPerGroup }
            )
        else { return nil }
        let bits = IndexPacking.bits(labels: labels)
        return PostProof(
            nonce: winner.nonce, indices: IndexPacking.pack(winner.indices.sorted(), bits: bits),
            pow: group.pow)
    }
}
