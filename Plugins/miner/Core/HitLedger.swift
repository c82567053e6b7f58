/// All good labels that workers have found, whatever the order and however often they are told.
package struct HitLedger: Sendable {
    /// Distinct indices that a proof needs.
    package let needed: Int
    /// The nonce that had enough first.
    package private(set) var winner: UInt32?
    /// Distinct hits.
    package private(set) var count = 0
    private var indices: [UInt32: Set<UInt64>] = [:]
    private var order: [UInt32: [UInt64]] = [:]
    private var damaged: Set<UInt64> = []

    /// Nothing yet.
    package init(needed: Int) {
        self.needed = max(needed, 1)
    }

    /// Takes a hit; one seen before, or of a label known to be damaged, changes nothing.
    package mutating func add(_ hit: FleetHit) {
        guard !damaged.contains(hit.index), indices[hit.nonce, default: []].insert(hit.index).inserted else {
            return
        }
        count += 1
        order[hit.nonce, default: []].append(hit.index)
        if winner == nil, found(hit.nonce) >= needed { winner = hit.nonce }
    }

    /// Distinct indices of a nonce.
    package func found(_ nonce: UInt32) -> Int { order[nonce]?.count ?? 0 }

    /// How many the best nonce has.
    package var best: Int { order.values.map(\.count).max() ?? 0 }

    /// The winner's first indices, ascending.
    package var winning: [UInt64] {
        guard let winner else { return [] }
        return (order[winner] ?? []).prefix(needed).sorted()
    }

    /// A label was judged to be bad: its hits are none, and another nonce may be the first now.
    package mutating func ban(_ index: UInt64) {
        damaged.insert(index)
        for nonce in order.keys where indices[nonce]?.remove(index) != nil {
            order[nonce]?.removeAll { $0 == index }
            count -= 1
        }
        winner = order.filter { $0.value.count >= needed }.keys.min()
    }

    /// Labels that were judged to be bad, ascending.
    package var banned: [UInt64] { damaged.sorted() }
}
