package import NodeDomain
internal import NodeEncoding

/// What waits for a block, and what becomes of it: judged candidates and blocks in, changes out.
package struct Mempool: Sendable {
    /// What happens.
    package enum Event: Hashable, Sendable {
        /// Somebody's candidate was judged by the ledger.
        case judged(Candidate, Verdict)
        /// One that waits was judged anew.
        case rejudged(Bytes32, Verdict)
        /// A block is in the ledger.
        case committed(BlockNews)
        /// A block is in the ledger, and nobody says what it holds.
        case passed(height: UInt64, epoch: UInt32)
    }

    /// A block that is in the ledger.
    package struct BlockNews: Hashable, Sendable {
        /// Its height.
        package var height: UInt64
        /// After it.
        package var epoch: UInt32
        /// Ids of its transactions.
        package var transactions: [Bytes32]
        /// Evidence, PoET proof and activations, tag and body.
        package var items: [[UInt8]]

        /// Of these.
        package init(height: UInt64, epoch: UInt32, transactions: [Bytes32], items: [[UInt8]] = []) {
            self.height = height
            self.epoch = epoch
            self.transactions = transactions
            self.items = items
        }
    }

    /// What follows.
    package enum Action: Hashable, Sendable {
        /// The candidate waits now, under this number of arrival.
        case admitted(Candidate, arrival: UInt64)
        /// The candidate does not.
        case refused(Bytes32, MempoolRefusal)
        /// One waits no longer; nil: a block has it.
        case removed(Bytes32, MempoolRefusal?)
    }

    /// Transactions.
    package private(set) var transactions: TransactionPool
    /// All else.
    package private(set) var items: ItemPool
    /// Of the newest block that was heard of.
    package private(set) var height: UInt64
    package private(set) var epoch: UInt32
    private var nextArrival: UInt64 = 0
    /// Those to be judged anew, and those whose turn comes some block.
    private var urgent = IdQueue()
    private var rolling = IdQueue()

    /// Nothing waits.
    package init(_ limits: MempoolLimits, height: UInt64, epoch: UInt32) {
        transactions = TransactionPool(limits)
        items = ItemPool(limits)
        self.height = height
        self.epoch = epoch
    }

    // MARK: - Events

    /// What follows from an event, in order.
    package mutating func handle(_ event: Event) -> [Action] {
        let actions = follow(event)
        for case .removed(let id, _) in actions {
            rolling.remove(id)
            urgent.remove(id)
        }
        return actions
    }

    private mutating func follow(_ event: Event) -> [Action] {
        switch event {
        case .judged(let candidate, let verdict): return judged(candidate, verdict)
        case .rejudged(let id, let verdict): return rejudged(id, verdict)
        case .committed(let news): return committed(news)
        case .passed(let height, let epoch):
            guard height != self.height else { return [] }
            let actions = advance(height, epoch)
            for id in rolling.waiting { urgent.add(id) }
            return actions
        }
    }

    private mutating func judged(_ candidate: Candidate, _ verdict: Verdict) -> [Action] {
        if contains(candidate.id) { return [] }
        let arrival = nextArrival
        let change: TransactionPool.Change
        switch (verdict, candidate.kind) {
        case (.refused(let reason), _): return [.refused(candidate.id, .ledger(reason))]
        case (.transaction(let terms), .transaction):
            change = transactions.admit(candidate, terms, arrival: arrival, height: height)
        case (.item, .activation), (.item, .poetProof), (.item, .evidence):
            change = items.admit(candidate, arrival: arrival, epoch: epoch)
        default: return [.refused(candidate.id, .kind)]
        }
        let removed = change.removed.map { Action.removed($0.id, $0.reason) }
        if let refusal = change.refusal { return removed + [.refused(candidate.id, refusal)] }
        nextArrival += 1
        rolling.add(candidate.id)
        return removed + [.admitted(candidate, arrival: arrival)]
    }

    private mutating func rejudged(_ id: Bytes32, _ verdict: Verdict) -> [Action] {
        guard contains(id) else { return [] }
        switch verdict {
        case .refused(let reason): return remove(id, .ledger(reason)).map { [$0] } ?? []
        case .item: return []
        case .transaction(let terms):
            return transactions.update(
                terms.principal, nextNonce: terms.nextNonce, balance: terms.balance
            ).map { .removed($0.id, $0.reason) }
        }
    }

    private mutating func committed(_ news: BlockNews) -> [Action] {
        var actions = news.height == height ? [] : advance(news.height, news.epoch)
        var touched: [Address] = []
        for id in news.transactions {
            guard let principal = transactions.principal(of: id) else { continue }
            touched.append(principal)
            if let action = remove(id, nil) { actions.append(action) }
        }
        for raw in news.items {
            guard let item = try? BlockItem(bytes: raw) else { continue }
            for id in items.superseded(by: item) {
                if let action = remove(id, nil) { actions.append(action) }
            }
        }
        for principal in touched {
            for entry in transactions.queue(principal)?.entries ?? [] { urgent.add(entry.id) }
        }
        return actions
    }

    /// The newest height rises, and the next ones of those that wait come up to be judged anew.
    private mutating func advance(_ height: UInt64, _ epoch: UInt32) -> [Action] {
        self.height = height
        self.epoch = epoch
        let actions = items.late(epoch).compactMap { remove($0.id, .late($0.of, now: epoch)) }
        for _ in 0..<min(MempoolLimit.rejudgedAtOnce, rolling.count) {
            guard let id = rolling.take() else { break }
            rolling.add(id)
            // Proofs of space are dear to judge: what ends an activation is a block's item, or the epoch.
            if transactions.contains(id) { urgent.add(id) }
        }
        return actions
    }

    private mutating func remove(_ id: Bytes32, _ reason: MempoolRefusal?) -> Action? {
        guard transactions.remove(id) != nil || items.remove(id) != nil else { return nil }
        return .removed(id, reason)
    }

    // MARK: - What is asked

    /// Whether something waits.
    package func contains(_ id: Bytes32) -> Bool { transactions.contains(id) || items.entry(id) != nil }

    /// Something that waits.
    package func candidate(_ id: Bytes32) -> Candidate? {
        if let entry = transactions.transaction(id) { return Candidate(.transaction, entry.raw, id: id) }
        return items.entry(id)?.candidate
    }

    /// What an account will be, from the state's newest next nonce and balance.
    package func projection(_ principal: Address, nextNonce: UInt64, balance: UInt64) -> Projection {
        Projection(transactions.queue(principal), nextNonce: nextNonce, balance: balance)
    }

    /// Everything that waits, as it came: what a new journal begins with.
    package var everything: [(candidate: Candidate, arrival: UInt64)] {
        let sent = transactions.accounts.values.flatMap(\.entries)
            .map { (candidate: Candidate(.transaction, $0.raw, id: $0.id), arrival: $0.arrival) }
        return (sent + items.all.map { (candidate: $0.candidate, arrival: $0.arrival) })
            .sorted { $0.arrival < $1.arrival }
    }

    /// Those that the ledger should judge anew now, at most so many.
    package mutating func takeRechecks(_ most: Int) -> [Candidate] {
        var taken: [Candidate] = []
        while taken.count < most, let id = urgent.take() {
            if let candidate = candidate(id) { taken.append(candidate) }
        }
        return taken
    }

    /// Puts them back, when the ledger did not answer.
    package mutating func returnRechecks(_ ids: [Bytes32]) {
        for id in ids { urgent.add(id) }
    }
}
