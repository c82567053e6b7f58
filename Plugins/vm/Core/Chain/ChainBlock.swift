package import NodeDomain
internal import NodeEncoding

/// What a block is besides its items.
package struct BlockContext: Hashable, Sendable {
    /// Its height; the first has 1.
    package var height: UInt64
    /// Time of its header, in milliseconds.
    package var time: UInt64
    /// Hash of the block before it.
    package var parent: Bytes32
    /// Consensus key of whoever proposed it first.
    package var proposer: Bytes32
    /// Which members of the parent's committee, by rising key, signed its commit; of height 1 nobody.
    package var present: [Bool]
    /// Its first item.
    package var system: SystemRecord

    /// A context of these fields.
    package init(
        height: UInt64, time: UInt64, parent: Bytes32, proposer: Bytes32, present: [Bool],
        system: SystemRecord
    ) {
        self.height = height
        self.time = time
        self.parent = parent
        self.proposer = proposer
        self.present = present
        self.system = system
    }
}

/// One block's work on the chain's records: begun, given its items in order, transactions in between, and ended.
///
/// What throws is a `StateMiss`, upon which records are read and the block is begun anew, or a `ChainRefusal`: it is invalid.
/// It is valid when besides all `checks` hold. A block that was decided is executed alike, without the checks of space.
package struct ChainBlock: Sendable {
    /// The network's rules.
    package let rules: ChainRules
    /// What the block is.
    package let context: BlockContext
    /// Records that were read, and what becomes of them; transactions work on it after the last item.
    package var state: LedgerState
    /// What is to be found true, in the order of items.
    package internal(set) var checks: [ChainCheck] = []
    /// What happened, in order.
    package internal(set) var events: [ChainEvent] = []

    var pot: PotRecord
    private var lastTag: UInt8 = 1
    private var evidenceBytes = 0
    private var laneBytes = 0
    private var laneProofs = 0

    /// Begins a block: presence, the end of term and epoch, rewards that are due.
    package init(_ rules: ChainRules, _ context: BlockContext, _ state: LedgerState) throws {
        self.rules = rules
        self.context = context
        self.state = state
        pot = try state.head()
        try checkHeader()
        try requireBeginning()
        try countPresence()
        try recover()
        try turnEpoch()
        try payRows()
        try dropPlots()
        try askBeacon()
        try requireEnd()
    }

    private func checkHeader() throws {
        guard context.height == pot.height + 1 else {
            throw ChainRefusal.height(context.height, expected: pot.height + 1)
        }
        let earliest = pot.time + rules.parameters.blockInterval
        guard context.time >= earliest else { throw ChainRefusal.time(context.time, earliest: earliest) }
        let layer = rules.parameters.layer(at: context.time) ?? 0
        // Epochs are as long as layers at least: no number of an epoch comes near its limit.
        guard layer < ChainLimit.layers / 2 else { throw ChainRefusal.layer(layer) }
    }

    /// What most blocks look at, so that it is read at once.
    private func requireBeginning() throws {
        var needs = dueNeeds
        needs.keys.formUnion([
            .epoch(pot.epoch), .epoch(pot.epoch + 1), .seats(term: rules.term(of: context.height)),
            .seats(term: rules.term(of: max(context.height, 2) - 1)),
        ])
        needs.formUnion(termNeeds)
        try state.require(needs)
    }

    private mutating func askBeacon() throws {
        let members = try state.committee(rules.term(of: context.height))
        guard let proposer = members.member(context.proposer) else {
            throw ChainRefusal.proposer(context.proposer)
        }
        checks.append(
            .beacon(
                key: proposer.vrfKey,
                alpha: rules.beaconAlpha(height: context.height, last: pot.beacon),
                proof: context.system.proof))
    }

    /// Takes the next item; the system record is taken already, and transactions are executed by the ledger.
    package mutating func apply(_ item: BlockItem) throws {
        // One PoET proof, any number of the others.
        guard item.tag > lastTag || (item.tag == lastTag && item.tag != 1 && item.tag != 3) else {
            throw ChainRefusal.order(item)
        }
        let size = item.bytes.count
        switch item {
        case .malfeasance(let evidence):
            evidenceBytes += size
            guard evidenceBytes <= ChainLimit.evidence else {
                throw ChainRefusal.tooManyBytes(what: "evidence", limit: ChainLimit.evidence)
            }
            try apply(evidence)
        case .poetProof(let proof):
            guard size <= ChainLimit.poetProof else {
                throw ChainRefusal.tooManyBytes(what: "the PoET proof", limit: ChainLimit.poetProof)
            }
            try apply(proof)
        case .activation(let activation):
            laneBytes += size
            laneProofs += activation.plots.count
            guard laneProofs <= rules.parameters.laneProofs else {
                throw ChainRefusal.laneProofs(limit: rules.parameters.laneProofs)
            }
            guard laneBytes <= rules.parameters.laneBytes else {
                throw ChainRefusal.tooManyBytes(
                    what: "the lane of activations", limit: rules.parameters.laneBytes)
            }
            try apply(activation)
        case .system, .transaction: throw ChainRefusal.order(item)
        }
        lastTag = item.tag
    }

    /// Ends the block.
    ///
    /// - Parameters:
    ///   - fees: of its transactions, which were taken from accounts and wait to be shared.
    ///   - beta: 64 bytes: the output of the VRF whose proof was to be checked.
    package mutating func end(fees: UInt64, beta: [UInt8]) throws {
        guard beta.count == 64 else { throw ChainRefusal.beta(beta.count) }
        try mint(fees: fees)
        pot.beacon = rules.beacon(after: pot.beacon, beta: beta)
        try drawCommittee()
        try strikeCommittee()
        pot.height = context.height
        pot.time = context.time
        try state.pot.set(.only, pot)
    }
}

extension LedgerState {
    /// Where the chain stands.
    package func head() throws -> PotRecord {
        guard let pot = try pot.get(.only) else { throw ChainRefusal.network("it has no genesis: make it") }
        return pot
    }

    func epoch(_ number: UInt32) throws -> EpochRecord {
        guard let epoch = try epochs.get(number) else {
            throw ChainRefusal.network("epoch \(number) is not kept: start from a checkpoint")
        }
        return epoch
    }

    func committee(_ term: UInt32) throws -> SeatsRecord {
        guard let seats = try seats.get(term) else {
            throw ChainRefusal.network("the committee of term \(term) is not kept: start from a checkpoint")
        }
        return seats
    }

    mutating func credit(_ account: Address, _ amount: UInt64) throws {
        guard amount > 0 else { return }
        var record = try accounts.get(account) ?? Account()
        // All smidge that will ever be have 64 bits: genesis makes sure.
        record.balance += amount
        try accounts.set(account, record)
    }
}
