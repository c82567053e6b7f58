internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// A block as it comes: everything of it that the state depends on.
package struct BlockInput: Sendable {
    /// One more than that of the block before.
    package let height: UInt64
    /// Of the header, in Unix milliseconds.
    package let time: UInt64
    /// Of the block.
    package let hash: Bytes32
    /// Of the block before.
    package let parent: Bytes32
    /// Consensus key of whoever proposed it first.
    package let proposer: Bytes32
    /// System record, evidence, PoET proof and activations: tags and bodies.
    package let items: [[UInt8]]
    /// Transactions, in order.
    package let transactions: [[UInt8]]
    /// Bit i, lowest first: the i-th member of the committee signed the block before.
    package let present: [UInt8]

    /// A block of these parts.
    package init(
        height: UInt64, time: UInt64, hash: Bytes32, parent: Bytes32, proposer: Bytes32, items: [[UInt8]],
        transactions: [[UInt8]], present: [UInt8]
    ) {
        self.height = height
        self.time = time
        self.hash = hash
        self.parent = parent
        self.proposer = proposer
        self.items = items
        self.transactions = transactions
        self.present = present
    }
}

/// Why a block cannot be executed by anybody.
package enum BlockFault: Error, Hashable, Sendable {
    /// An item is no canonical item.
    case item(Int, ScaleFault)
    /// It does not begin with a system record.
    case system
    /// The proof of the beacon has no output.
    case beacon
    /// Members who signed are said of more or fewer than there are.
    case presence(bytes: Int)
    /// By the rules of the chain.
    case chain(ChainRefusal)
}

extension BlockFault: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .item(let place, let fault): "item \(place) of the block is none: \(fault)"
        case .system: "the block does not begin with a system record: its proposer must prove the beacon"
        case .beacon: "the proof of the beacon is no proof: its proposer must make it anew"
        case .presence(let bytes):
            "\(bytes) bytes say who signed the block before: a bit for each member, the rest zero"
        case .chain(let refusal): refusal.description
        }
    }
}

/// What a block did.
package struct BlockOutcome: Sendable {
    /// Records that are different now.
    package let changes: [StateChange]
    /// What became of each transaction.
    package let receipts: [TransactionReceipt]
    /// What happened besides.
    package let events: [ChainEvent]
    /// What is to be found true of the block's items.
    package let checks: [ChainCheck]
}

/// A block that was read, ready to be executed on a state: a function of the two and of nothing else.
package struct BlockExecution: Sendable {
    /// The network's rules.
    package let rules: ChainRules
    /// Transactions, in order.
    package let transactions: [LedgerTransaction]
    private let input: BlockInput
    private let system: SystemRecord
    private let items: [BlockItem]
    private let beta: [UInt8]

    /// Reads a block.
    /// - Throws: `BlockFault` when it is none.
    package init(_ input: BlockInput, _ rules: ChainRules) throws(BlockFault) {
        self.input = input
        self.rules = rules
        var items: [BlockItem] = []
        for (place, bytes) in input.items.enumerated() {
            do {
                items.append(try BlockItem(bytes: bytes))
            } catch {
                throw .item(place, error)
            }
        }
        guard case .system(let system)? = items.first else { throw .system }
        guard let beta = VRF.output(ofUnchecked: system.proof) else { throw .beacon }
        self.system = system
        self.beta = beta
        self.items = Array(items.dropFirst())
        transactions = input.transactions.map { LedgerTransaction(raw: $0) }
    }

    /// Records that one reading serves before the first attempt.
    package var needs: StateNeeds {
        var needs = LedgerTransaction.needs(of: transactions)
        needs.keys.insert(.pot)
        let term = rules.term(of: input.height)
        needs.keys.insert(.seats(term: term))
        for item in items { needs.formUnion(rules.needs(of: item)) }
        return needs
    }

    /// Executes the block.
    /// - Parameter signed: whether the signatures of each transaction hold.
    /// - Throws: `StateMiss` when a record is needed that was not read, `BlockFault` when the block is invalid.
    package func run(on state: LedgerState, signed: [Bool]) throws -> BlockOutcome {
        do {
            var block = try ChainBlock(rules, try context(on: state), state)
            for item in items { try block.apply(item) }
            var lane = TransactionLane(
                layer: rules.parameters.layer(at: input.time) ?? 0, gas: rules.parameters.blockGas)
            try lane.run(transactions, signed: signed, on: &block.state)
            try block.end(fees: lane.fees, beta: beta)
            return BlockOutcome(
                changes: block.state.changes, receipts: lane.receipts, events: block.events,
                checks: block.checks)
        } catch let refusal as ChainRefusal {
            throw BlockFault.chain(refusal)
        }
    }

    /// The block without its items; who signed the one before is said of that one's committee.
    private func context(on state: LedgerState) throws -> BlockContext {
        var members = 0
        if input.height > 1 {
            let term = rules.term(of: input.height - 1)
            members = try state.seats.get(term)?.members.count ?? 0
        }
        guard input.present.count == (members + 7) / 8 else {
            throw BlockFault.presence(bytes: input.present.count)
        }
        let bits = (0..<8 * input.present.count).map { input.present[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
        guard !bits.dropFirst(members).contains(true) else {
            throw BlockFault.presence(bytes: input.present.count)
        }
        return BlockContext(
            height: input.height, time: input.time, parent: input.parent, proposer: input.proposer,
            present: Array(bits.prefix(members)), system: system)
    }
}
