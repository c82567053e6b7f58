internal import NodeDomain

extension TransactionPool {
    /// The lowest one of an account that was not taken yet.
    private struct Head {
        let entry: PoolTransaction
        /// Of the account's queue, among all heads.
        let queue: Int
        let place: Int

        func goesBefore(_ other: Head) -> Bool {
            if entry.fee != other.entry.fee { return entry.fee > other.entry.fee }
            if entry.arrival != other.entry.arrival { return entry.arrival < other.entry.arrival }
            return entry.id < other.entry.id
        }
    }

    /// What a block should take, best first.
    ///
    /// Of each account only its lowest nonce that was not taken yet stands for choice, and of those the one with the highest fee is
    /// taken, then the one that came first, then the one of the lower id. An account whose turn does not fit drops out, and so does one
    /// that waits for a nonce before it.
    /// - Parameters:
    ///   - height: the newest one.
    ///   - most: transactions.
    ///   - bytes: of all of them.
    package func selection(height: UInt64, most: Int, bytes: Int) -> [PoolTransaction] {
        let queues = accounts.values.filter { !$0.isHeld(0, at: height) }
        // The order is total, so where the dictionary begins does not matter.
        var heap = Heap(queues.indices.map { Head(entry: queues[$0].entries[0], queue: $0, place: 0) }) {
            $0.goesBefore($1)
        }
        var left = bytes
        var chosen: [PoolTransaction] = []
        while chosen.count < most, left > 0, let head = heap.take() {
            guard head.entry.raw.count <= left else { continue }
            left -= head.entry.raw.count
            chosen.append(head.entry)
            let (queue, place) = (queues[head.queue], head.place + 1)
            guard place < queue.entries.count, !queue.isHeld(place, at: height) else { continue }
            heap.add(Head(entry: queue.entries[place], queue: head.queue, place: place))
        }
        return chosen
    }
}
