package import NodeDomain

/// A transaction that waits.
package struct PoolTransaction: Hashable, Sendable {
    /// Hash of its bytes.
    package let id: Bytes32
    /// Its bytes.
    package let raw: [UInt8]
    /// Place in the account's order.
    package let nonce: UInt64
    /// Smidge that it pays.
    package let fee: UInt64
    /// Smidge that it takes of the account, fee and amount.
    package let cost: UInt64
    /// Rises by one with everything that comes.
    package let arrival: UInt64
    /// The newest height when it came.
    package let height: UInt64
}

/// What waits of one account, by rising nonce, each once.
package struct AccountQueue: Hashable, Sendable {
    /// By rising nonce.
    package private(set) var entries: [PoolTransaction] = []
    /// The account's next nonce in the state.
    package private(set) var nextNonce: UInt64 = 0
    /// The account's balance in the state.
    package private(set) var balance: UInt64 = 0

    /// Takes the newest word of the state; one of an older state is left aside.
    mutating func update(nextNonce: UInt64, balance: UInt64) {
        guard nextNonce >= self.nextNonce else { return }
        self.nextNonce = nextNonce
        self.balance = balance
    }

    /// Where a nonce stands, or would.
    func place(of nonce: UInt64) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].nonce < nonce { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The one of a nonce.
    func entry(_ nonce: UInt64) -> PoolTransaction? {
        let place = place(of: nonce)
        return place < entries.count && entries[place].nonce == nonce ? entries[place] : nil
    }

    /// What those before a place leave of the balance.
    func left(before place: Int) -> UInt64 {
        entries[..<place].reduce(balance) { $0 >= $1.cost ? $0 - $1.cost : 0 }
    }

    /// What one is worth to the pool that stands behind so many: the lowest fee up to it, as it comes into no block before those.
    func worth(ofFirst count: Int) -> UInt64 {
        entries[..<count].reduce(.max) { min($0, $1.fee) }
    }

    /// Puts one in, in place of one of the same nonce.
    /// - Returns: the one that was there.
    mutating func insert(_ entry: PoolTransaction) -> PoolTransaction? {
        let place = place(of: entry.nonce)
        if place < entries.count, entries[place].nonce == entry.nonce {
            let old = entries[place]
            entries[place] = entry
            return old
        }
        entries.insert(entry, at: place)
        return nil
    }

    /// Takes one out.
    mutating func remove(_ nonce: UInt64) -> PoolTransaction? {
        let place = place(of: nonce)
        guard place < entries.count, entries[place].nonce == nonce else { return nil }
        return entries.remove(at: place)
    }

    /// Takes out what the state has passed, and what the balance does not pay for in the order of nonces.
    /// - Returns: each with its reason.
    mutating func settle() -> [(PoolTransaction, MempoolRefusal)] {
        var left = balance
        var out: [(PoolTransaction, MempoolRefusal)] = []
        let (next, before) = (nextNonce, entries)
        let kept = before.filter { entry in
            if entry.nonce < next {
                out.append((entry, .nonce(entry.nonce, next: next)))
                return false
            }
            guard entry.cost <= left else {
                out.append((entry, .cannotPay(has: left, needs: entry.cost)))
                return false
            }
            left -= entry.cost
            return true
        }
        if kept.count < before.count { entries = kept }
        return out
    }

    /// Whether the one at a place waits for nonces before it, at a height.
    func isHeld(_ place: Int, at height: UInt64) -> Bool {
        let entry = entries[place]
        let previous = place == 0 ? nil : entries[place - 1].nonce
        let isNext = previous.map { entry.nonce == $0 &+ 1 } ?? (entry.nonce <= nextNonce)
        guard !isNext else { return false }
        return height < entry.height || height - entry.height < MempoolLimit.gapHeights
    }
}

/// What an account will be when all that waits is executed.
package struct Projection: Hashable, Sendable {
    /// The nonce for the next transaction.
    package let nextNonce: UInt64
    /// What will be left.
    package let balance: UInt64
    /// How many wait.
    package let waiting: Int

    /// After a queue, from the state's newest next nonce and balance.
    init(_ queue: AccountQueue?, nextNonce: UInt64, balance: UInt64) {
        let entries = (queue?.entries ?? []).filter { $0.nonce >= nextNonce }
        let last = entries.last?.nonce
        self.nextNonce = last.map { $0 == .max ? $0 : $0 + 1 } ?? nextNonce
        self.balance = entries.reduce(balance) { $0 >= $1.cost ? $0 - $1.cost : 0 }
        waiting = entries.count
    }
}
