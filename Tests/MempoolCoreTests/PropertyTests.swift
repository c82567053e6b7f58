import MempoolCore
import NodeDomain
import TestSupport
import Testing

/// A ledger of balances and nonces beside the pool, and events by dice.
private struct Model {
    var pool: Mempool
    var dice: SplitMix
    let limits: MempoolLimits
    var nonces: [UInt64: UInt64] = [:]
    var balances: [UInt64: UInt64] = [:]
    var made: [Bytes32: (principal: UInt64, nonce: UInt64, fee: UInt64, spends: UInt64)] = [:]
    var candidates: [Bytes32: Candidate] = [:]
    var alive: Set<Bytes32> = []
    var next: UInt64 = 0
    var height: UInt64 = 10

    init(_ limits: MempoolLimits, seed: UInt64) {
        self.limits = limits
        pool = Mempool(limits)
        dice = SplitMix(seed: seed)
    }

    func verdict(_ id: Bytes32) -> Verdict {
        guard let it = made[id] else { return .refused("unknown") }
        let (nonce, balance) = (nonces[it.principal] ?? 0, balances[it.principal] ?? 5_000)
        if it.nonce < nonce { return .refused("nonce") }
        if it.fee + it.spends > balance { return .refused("balance") }
        return good(
            it.principal, nonce: it.nonce, fee: it.fee, spends: it.spends, next: nonce, balance: balance)
    }

    /// Follows the actions by themselves: what they say must be what is there.
    mutating func follow(_ actions: [Mempool.Action]) {
        for action in actions {
            switch action {
            case .admitted(let candidate, _): #expect(alive.insert(candidate.id).inserted)
            case .removed(let id, _): #expect(alive.remove(id) != nil)
            case .refused(let id, _): #expect(!alive.contains(id))
            }
        }
    }

    mutating func submit() {
        let principal = UInt64(dice.below(12))
        let nonce = (nonces[principal] ?? 0) + UInt64(dice.below(6))
        let candidate = sent(next, bytes: 60 + dice.below(200))
        made[candidate.id] = (principal, nonce, 1 + UInt64(dice.below(60)), UInt64(dice.below(900)))
        candidates[candidate.id] = candidate
        next += 1
        follow(pool.handle(.judged(candidate, verdict(candidate.id))))
    }

    mutating func block() {
        height += 1
        let chosen = pool.transactions.selection(height: pool.height, most: dice.below(8), bytes: 2_000)
        var ids = chosen.map(\.id)
        // Some blocks have what this pool has not.
        if dice.below(3) == 0, let id = made.keys.sorted().dropFirst(dice.below(max(made.count, 1))).first {
            ids.append(id)
        }
        for id in ids {
            guard let it = made[id], it.nonce >= nonces[it.principal] ?? 0 else { continue }
            nonces[it.principal] = it.nonce + 1
            let balance = balances[it.principal] ?? 5_000
            balances[it.principal] = balance - min(balance, it.fee + it.spends)
        }
        if dice.below(5) == 0 {
            follow(pool.handle(.passed(height: height, epoch: 3)))
        } else {
            follow(pool.handle(.committed(.init(height: height, epoch: 3, transactions: ids))))
        }
        if dice.below(4) == 0 { balances[UInt64(dice.below(12))] = UInt64(dice.below(6_000)) }
        for candidate in pool.takeRechecks(dice.below(2) == 0 ? .max : 3) {
            follow(pool.handle(.rejudged(candidate.id, verdict(candidate.id))))
        }
    }

    func check() {
        let everything = pool.everything
        #expect(Set(everything.map(\.candidate.id)) == alive && everything.count == alive.count)
        #expect(everything.map(\.arrival) == everything.map(\.arrival).sorted())
        #expect(pool.transactions.count == alive.count && alive.count <= limits.transactions)
        #expect(pool.transactions.bytes == everything.reduce(0) { $0 + $1.candidate.raw.count })
        #expect(pool.transactions.bytes <= limits.transactionBytes)
        for principal in 0..<12 as Range<UInt64> {
            guard let queue = pool.transactions.queue(account(principal)) else { continue }
            let nonces = queue.entries.map(\.nonce)
            #expect(!nonces.isEmpty && nonces.count <= limits.transactionsOfAccount)
            #expect(nonces == Array(Set(nonces)).sorted() && (nonces.first ?? 0) >= queue.nextNonce)
            #expect(queue.entries.allSatisfy { made[$0.id]?.principal == principal })
            // Each is paid for after those before it, and the projection is what is left after all.
            var left = queue.balance
            for entry in queue.entries {
                #expect(entry.cost <= left)
                left -= min(left, entry.cost)
            }
            let projection = pool.projection(
                account(principal), nextNonce: queue.nextNonce, balance: queue.balance)
            #expect(projection.balance == left && projection.nextNonce == (nonces.last ?? 0) + 1)
        }
        checkOrder()
    }

    /// At each place stands the best of those whose turn it is, by a plain search.
    private func checkOrder() {
        let order = pool.transactions.selection(height: pool.height, most: .max, bytes: .max)
        var queues = (0..<12 as Range<UInt64>).compactMap { pool.transactions.queue(account($0)) }.map {
            queue in
            var free: [PoolTransaction] = []
            var expected = queue.nextNonce
            for entry in queue.entries {
                let waited = pool.height - entry.height
                guard entry.nonce <= expected || waited >= MempoolLimit.gapHeights else { break }
                free.append(entry)
                expected = entry.nonce + 1
            }
            return free
        }
        for entry in order {
            let heads = queues.compactMap(\.first)
            let best = heads.min { ($1.fee, $0.arrival) < ($0.fee, $1.arrival) }
            #expect(best == entry)
            for place in queues.indices where queues[place].first == entry { queues[place].removeFirst() }
        }
        #expect(queues.allSatisfy { $0.isEmpty })
    }
}

@Suite("Properties")
struct PropertyTests {
    @Test("whatever comes, limits hold, nonces are unique, the order is as stated", arguments: 1...12)
    func random(_ seed: UInt64) {
        var model = Model(
            limits {
                $0.transactions = 20 + Int(seed)
                $0.transactionBytes = seed.isMultiple(of: 2) ? 3_000 : 1 << 20
                $0.transactionsOfAccount = 5
            }, seed: seed)
        for step in 0..<400 {
            if model.dice.below(8) == 0 { model.block() } else { model.submit() }
            if step.isMultiple(of: 5) { model.check() }
        }
        #expect(model.next > 100)
    }

    @Test("a pool begun again from its journal holds the same, in the same order", arguments: 1...4)
    func journal(_ seed: UInt64) {
        var model = Model(limits { $0.transactions = 30 }, seed: seed)
        var file = Journal.mark
        var known: Set<Bytes32> = []
        for _ in 0..<200 {
            if model.dice.below(8) == 0 { model.block() } else { model.submit() }
            for (candidate, arrival) in model.pool.everything where known.insert(candidate.id).inserted {
                file += Journal.bytes(of: .admitted(candidate.kind, arrival: arrival, raw: candidate.raw))
            }
            for id in known.subtracting(model.alive).sorted() {
                file += Journal.bytes(of: .removed(id))
                known.remove(id)
            }
        }
        let reading = JournalReading(file)
        #expect(reading.fault == nil && reading.goodBytes == file.count)
        #expect(reading.candidates == model.pool.everything.map(\.candidate))
    }
}
