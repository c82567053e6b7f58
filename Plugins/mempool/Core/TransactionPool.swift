package import NodeDomain

/// Transactions that wait, by account and nonce, within limits.
package struct TransactionPool: Sendable {
    /// What came of one that wants in.
    package struct Change: Hashable, Sendable {
        /// Whether it waits now; nil: why not.
        package var refusal: MempoolRefusal?
        /// What had to leave, each with its reason.
        package var removed: [Removal] = []
    }

    /// One that waits no longer.
    package struct Removal: Hashable, Sendable {
        /// Which.
        package let id: Bytes32
        /// Why; nil: a block has it.
        package let reason: MempoolRefusal?
    }

    private struct Place {
        let principal: Address
        let nonce: UInt64
    }

    let limits: MempoolLimits
    private(set) var accounts: [Address: AccountQueue] = [:]
    private var places: [Bytes32: Place] = [:]
    // Holds every account's last one, and some that are stale: those are passed over.
    private var cheapest = Heap<EvictionEntry> { $0.goesBefore($1) }
    /// Bytes of all that wait.
    package private(set) var bytes = 0

    /// Nothing yet.
    package init(_ limits: MempoolLimits) {
        self.limits = limits
    }

    /// How many wait.
    package var count: Int { places.count }

    /// Of how many accounts.
    package var accountCount: Int { accounts.count }

    /// Whether one waits.
    package func contains(_ id: Bytes32) -> Bool { places[id] != nil }

    /// One that waits.
    package func transaction(_ id: Bytes32) -> PoolTransaction? {
        places[id].flatMap { accounts[$0.principal]?.entry($0.nonce) }
    }

    /// The account of one that waits.
    package func principal(of id: Bytes32) -> Address? { places[id]?.principal }

    /// What waits of an account.
    package func queue(_ principal: Address) -> AccountQueue? { accounts[principal] }

    // MARK: - In

    /// Takes one in that the ledger found good, if it may wait here.
    package mutating func admit(
        _ candidate: Candidate, _ terms: Verdict.Terms, arrival: UInt64, height: UInt64
    ) -> Change {
        shortenHeap()
        var change = Change()
        change.removed = update(terms.principal, nextNonce: terms.nextNonce, balance: terms.balance)
        let (cost, overflow) = terms.fee.addingReportingOverflow(terms.spends)
        let entry = PoolTransaction(
            id: candidate.id, raw: candidate.raw, nonce: terms.nonce, fee: terms.fee, cost: cost,
            arrival: arrival, height: height)
        var queue = accounts[terms.principal] ?? AccountQueue()
        queue.update(nextNonce: terms.nextNonce, balance: terms.balance)
        if let refusal = refusal(entry, in: queue, costOverflows: overflow) {
            change.refusal = refusal
            return change
        }
        let old = queue.insert(entry)
        let unpaid = queue.settle()
        // Counted on the queue as it will be, so that what makes room by itself puts nobody out.
        let leaving = (old.map { [$0] } ?? []) + unpaid.map(\.0)
        let room = Room(
            count: count + 1 - leaving.count,
            bytes: bytes + entry.raw.count - leaving.reduce(0) { $0 + $1.raw.count })
        let worth = queue.worth(ofFirst: queue.place(of: entry.nonce) + 1)
        switch victims(for: entry, worth: worth, room: room, among: terms.principal, as: queue) {
        case .failure(let refusal): change.refusal = refusal
        case .success(let victims):
            put(queue, terms.principal, entry)
            if let old { forget(old) }
            for (gone, _) in unpaid { forget(gone) }
            change.removed += old.map { [Removal(id: $0.id, reason: .replaced(by: entry.id))] } ?? []
            change.removed += unpaid.map { Removal(id: $0.0.id, reason: $0.1) }
            for victim in victims {
                _ = remove(victim.id)
                change.removed.append(Removal(id: victim.id, reason: .putOut(fee: victim.worth)))
            }
        }
        return change
    }

    private func refusal(
        _ entry: PoolTransaction, in queue: AccountQueue, costOverflows: Bool
    ) -> MempoolRefusal? {
        if entry.nonce < queue.nextNonce { return .nonce(entry.nonce, next: queue.nextNonce) }
        if let old = queue.entry(entry.nonce) {
            guard entry.fee > old.fee else { return .replacement(id: old.id, fee: old.fee) }
        } else if queue.entries.count >= limits.transactionsOfAccount {
            return .account(limit: limits.transactionsOfAccount)
        }
        let left = queue.left(before: queue.place(of: entry.nonce))
        guard !costOverflows, entry.cost <= left else {
            return .cannotPay(has: left, needs: costOverflows ? nil : entry.cost)
        }
        return nil
    }

    private mutating func put(_ queue: AccountQueue, _ principal: Address, _ entry: PoolTransaction) {
        accounts[principal] = queue
        places[entry.id] = Place(principal: principal, nonce: entry.nonce)
        bytes += entry.raw.count
        offer(principal)
    }

    // MARK: - Out

    /// Takes one out.
    package mutating func remove(_ id: Bytes32) -> PoolTransaction? {
        guard let place = places[id], let entry = accounts[place.principal]?.remove(place.nonce) else {
            return nil
        }
        forget(entry)
        tidy(place.principal)
        return entry
    }

    /// Takes the state's newest word of an account: what it has passed or does not pay for leaves.
    package mutating func update(_ principal: Address, nextNonce: UInt64, balance: UInt64) -> [Removal] {
        guard accounts[principal] != nil else { return [] }
        accounts[principal]?.update(nextNonce: nextNonce, balance: balance)
        let gone = accounts[principal]?.settle() ?? []
        guard !gone.isEmpty else { return [] }
        for (entry, _) in gone { forget(entry) }
        tidy(principal)
        return gone.map { Removal(id: $0.0.id, reason: $0.1) }
    }

    private mutating func forget(_ entry: PoolTransaction) {
        places[entry.id] = nil
        bytes -= entry.raw.count
    }

    private mutating func tidy(_ principal: Address) {
        if accounts[principal]?.entries.isEmpty ?? false {
            accounts[principal] = nil
        } else {
            offer(principal)
        }
    }

    // MARK: - Room

    private struct Room {
        var count: Int
        var bytes: Int
    }

    /// Puts the account's last one among those that may be put out.
    private mutating func offer(_ principal: Address) {
        guard let queue = accounts[principal], let last = queue.entries.last else { return }
        cheapest.add(Self.eviction(last, queue, count: queue.entries.count, principal))
    }

    /// Forgets what is stale, when most is.
    private mutating func shortenHeap() {
        guard cheapest.count > 4 * accounts.count + 1_024 else { return }
        // The order is total, so where the dictionary begins does not matter.
        let entries = accounts.compactMap { principal, queue in
            queue.entries.last.map { Self.eviction($0, queue, count: queue.entries.count, principal) }
        }
        cheapest = Heap(entries) { $0.goesBefore($1) }
    }

    private static func eviction(
        _ entry: PoolTransaction, _ queue: AccountQueue, count: Int, _ principal: Address
    ) -> EvictionEntry {
        EvictionEntry(
            worth: queue.worth(ofFirst: count), arrival: entry.arrival, id: entry.id, principal: principal)
    }

    /// Whom to put out for a newcomer: always the last one of an account, the one worth least, all of them worth less than it.
    private mutating func victims(
        for entry: PoolTransaction, worth: UInt64, room: Room, among principal: Address,
        as queue: AccountQueue
    ) -> Result<[EvictionEntry], MempoolRefusal> {
        var room = room
        var (victims, popped): ([EvictionEntry], [EvictionEntry]) = ([], [])
        // How many of an account's last ones are out, as far as this looks ahead.
        var out: [Address: Int] = [:]
        defer { for entry in popped { cheapest.add(entry) } }
        // The newcomer's own account as it will be; its present last one is stale then.
        if isOver(room) { add(queue, principal, count: queue.entries.count, but: entry.id) }
        while isOver(room) {
            guard let next = cheapest.take() else { return .failure(.full(fee: worth)) }
            let holder = next.principal == principal ? queue : accounts[next.principal]
            let count = (holder?.entries.count ?? 0) - (out[next.principal] ?? 0)
            guard let holder, count > 0, holder.entries[count - 1].id == next.id,
                holder.worth(ofFirst: count) == next.worth
            else {
                // Of the newcomer's account what is stale if it comes in is not stale if it does not.
                if next.principal == principal { popped.append(next) }
                continue
            }
            popped.append(next)
            guard next.worth < worth else {
                return .failure(entry.fee > next.worth ? .behindCheap(fee: worth) : .full(fee: next.worth))
            }
            victims.append(next)
            room.count -= 1
            room.bytes -= holder.entries[count - 1].raw.count
            out[next.principal] = (out[next.principal] ?? 0) + 1
            add(holder, next.principal, count: count - 1, but: entry.id)
        }
        return .success(victims)
    }

    private func isOver(_ room: Room) -> Bool {
        room.count > limits.transactions || room.bytes > limits.transactionBytes
    }

    private mutating func add(_ queue: AccountQueue, _ principal: Address, count: Int, but newcomer: Bytes32)
    {
        guard count > 0, queue.entries[count - 1].id != newcomer else { return }
        cheapest.add(Self.eviction(queue.entries[count - 1], queue, count: count, principal))
    }

    /// A fee that is too low for a full pool; nil: there is room.
    package var feeFloor: UInt64? {
        guard count >= limits.transactions || bytes + 128 > limits.transactionBytes else { return nil }
        return accounts.values.map { $0.worth(ofFirst: $0.entries.count) }.min()
    }
}
