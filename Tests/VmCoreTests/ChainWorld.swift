import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A chain in memory: it reads what a block misses, as a process would, and doubts every block it takes.
struct ChainWorld {
    private(set) var rules: ChainRules
    /// All records of the state.
    private(set) var records: [StateKey: [UInt8]] = [:]
    /// What the last block did.
    private(set) var events: [ChainEvent] = []
    /// What the last block, taken or not, asked to be checked.
    private(set) var checks: [ChainCheck] = []
    /// How often the last block was begun.
    private(set) var rounds = 0
    /// Says whether a check holds; all do.
    var holds: @Sendable (ChainCheck) -> Bool = { _ in true }
    /// Pays fees.
    static let payer = ChainSamples.account(0xfa)

    init(
        _ parameters: NetworkParameters = .devnet, committee: [Voter] = [ChainWorld.member(0x90, 1)],
        balance: UInt64 = 1_000_000_000_000
    ) throws {
        rules = try ChainRules(parameters, chainID: "devnet", committee: committee)
        let state = try rules.genesis(
            accounts: [Self.payer: Account(nextNonce: 0, balance: balance, spawned: nil)])
        take(state.changes)
        try doubt()
    }

    /// Operators agree that the chain goes on from here with others.
    mutating func recover(_ members: [Voter]) throws {
        let recovery = Recovery(
            chain: "devnet", height: try pot.height, appHash: .zero,
            revision: UInt32(rules.recoveries.count) + 1,
            seats: members.map { RecoverySeat(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.power) })
        rules = try ChainRules(
            rules.parameters, chainID: rules.chainID, committee: rules.committee,
            recoveries: rules.recoveries + [recovery])
    }

    static func member(_ byte: UInt8, _ power: UInt64) -> Voter {
        Voter(operator: ChainSamples.id(byte), vrfKey: ChainSamples.id(byte &+ 1), power: power)
    }

    private mutating func take(_ changes: [StateChange]) {
        for change in changes { records[change.key] = change.value }
    }

    // MARK: - Reading

    func read<Record: StateRecord>(_ key: StateKey, as type: Record.Type = Record.self) throws -> Record? {
        try records[key].map { try Record(bytes: $0) }
    }

    var pot: PotRecord {
        get throws { try #require(try read(.pot)) }
    }

    func epoch(_ number: UInt32) throws -> EpochRecord { try #require(try read(.epoch(number))) }

    func balance(_ account: Address) throws -> UInt64 {
        try read(.account(account), as: Account.self)?.balance ?? 0
    }

    /// The state with everything that needs are.
    func load(_ needs: StateNeeds, into state: inout LedgerState) throws {
        for key in needs.keys { try state.load(key, records[key]) }
        for (range, limit) in needs.ranges {
            let first = range.start ?? []
            let keys = records.keys.map { ($0, $0.bytes) }
                .filter { $0.1.starts(with: range.prefix) && first.lexicographicallyPrecedes($0.1) }
                .sorted { $0.1.lexicographicallyPrecedes($1.1) }
            state.load(range, limit: limit, keys: keys.prefix(limit).map(\.0))
        }
    }

    // MARK: - Blocks

    /// The next block, if it is valid.
    ///
    /// - Parameters:
    ///   - time: milliseconds after genesis; nil: one interval after the last.
    ///   - absent: members whose signatures the commit of the parent lacks.
    mutating func block(
        at time: UInt64? = nil, _ items: [BlockItem] = [], absent: Set<Bytes32> = [], fees: UInt64 = 0
    ) throws {
        let pot = try pot
        var context = BlockContext(
            height: pot.height + 1, time: pot.time + rules.parameters.blockInterval,
            parent: ChainSamples.id(UInt8(truncatingIfNeeded: pot.height)), proposer: .zero, present: [],
            system: SystemRecord(proof: [UInt8](repeating: 1, count: 80)))
        if let time { context.time = rules.parameters.genesisTime + time }
        let seats = try #require(
            try read(.seats(term: rules.term(of: context.height)), as: SeatsRecord.self))
        context.proposer =
            rules.recovery(before: context.height)?.seats[0].operator ?? seats.members[0].operator
        if pot.height > 0 {
            let last = try #require(
                try read(.seats(term: rules.term(of: pot.height)), as: SeatsRecord.self))
            context.present = last.members.map { !absent.contains($0.operator) }
        }
        try block(context, items, fees: fees)
    }

    mutating func block(_ context: BlockContext, _ items: [BlockItem], fees: UInt64 = 0) throws {
        var state = LedgerState()
        var needs = items.reduce(into: StateNeeds()) { $0.formUnion(rules.needs(of: $1)) }
        needs.keys.formUnion([.pot, .account(Self.payer)])
        try load(needs, into: &state)
        rounds = 0
        while true {
            rounds += 1
            do {
                let block = try execute(context, items, state, fees: fees)
                events = block.events
                take(block.state.changes)
                return try doubt()
            } catch let miss as StateMiss {
                try load(state.missing(miss.needs), into: &state)
            }
        }
    }

    private mutating func execute(
        _ context: BlockContext, _ items: [BlockItem], _ state: LedgerState, fees: UInt64
    ) throws -> ChainBlock {
        var block = try ChainBlock(rules, context, state)
        for item in items { try block.apply(try BlockItem(bytes: item.bytes)) }
        checks = block.checks
        if let failed = block.checks.first(where: { !holds($0) }) { throw ChainRefusal.failed(failed) }
        var payer = try block.state.accounts.get(Self.payer) ?? Account()
        let paid = min(fees, payer.balance)
        payer.balance -= paid
        try block.state.accounts.set(Self.payer, payer)
        try block.end(fees: paid, beta: ChainSamples.signature(UInt8(truncatingIfNeeded: context.height)))
        return block
    }

    /// Blocks, one an interval, until a moment after genesis is reached.
    mutating func run(until time: UInt64, absent: Set<Bytes32> = [], fees: UInt64 = 0) throws {
        while try pot.time - rules.parameters.genesisTime < time { try block(absent: absent, fees: fees) }
    }

    /// Why a block with these items would be invalid; nil: it would be valid.
    func refusal(of items: [BlockItem], at time: UInt64? = nil) throws -> ChainRefusal? {
        var other = self
        do {
            try other.block(at: time, items)
            return nil
        } catch let refusal as ChainRefusal {
            return refusal
        }
    }

    /// A chain whose first window has just opened, at 30.5 s.
    static func open(_ parameters: NetworkParameters = .devnet) throws -> ChainWorld {
        var world = try ChainWorld(parameters)
        try world.run(until: 29_000)
        try world.block(at: 30_500, [ChainItems.poet(0)])
        return world
    }

    /// Goes on to the next epoch: a PoET proof, these activations, one a block, and time.
    mutating func mine(_ activations: (UInt32) -> [BlockItem], absent: Set<Bytes32> = []) throws {
        let number = try pot.epoch
        while try epoch(number).opening == nil {
            let isDone = try pot.time + 1000 - epoch(number).startTime >= 30_000
            try block(isDone ? [ChainItems.poet(number)] : [], absent: absent)
        }
        for activation in activations(number) { try block([activation], absent: absent) }
        while try pot.epoch == number { try block(absent: absent) }
    }

    // MARK: - Doubts

    /// Nothing is lost or made, and sums are those of their parts.
    private func doubt() throws {
        var supply = Supply()
        var weights: [UInt32: UInt64] = [:]
        var tallies: [EpochKey: UInt64] = [:]
        for (key, bytes) in records {
            try supply.add(key, bytes)
            if case .row(let epoch, _) = key {
                let row = try RowRecord(bytes: bytes)
                weights[epoch, default: 0] += UInt64(row.units)
                if row.voting { tallies[EpochKey(epoch, row.operator), default: 0] += UInt64(row.units) }
            }
        }
        #expect(supply.isConserved, "\(supply)")
        let pot = try pot
        for number in pot.epoch...(pot.epoch + 1) {
            guard let epoch = try read(.epoch(number), as: EpochRecord.self) else { continue }
            #expect(epoch.weight == weights[number] ?? 0)
            let kept = records.filter {
                if case .tally(let epoch, _) = $0.key { return epoch == number }
                return false
            }
            #expect(kept.count == tallies.keys.filter { $0.epoch == number }.count)
            for (key, bytes) in kept {
                guard case .tally(_, let id) = key else { continue }
                #expect(try TallyRecord(bytes: bytes).units == tallies[EpochKey(number, id)])
            }
        }
    }
}

extension NetworkParameters {
    /// The numbers of devnet, with a genesis.
    static let devnet: NetworkParameters = {
        var parameters = NetworkParameters()
        parameters.genesisTime = 1_700_000_000_000
        parameters.genesisID = [UInt8](repeating: 0x5e, count: 20)
        return parameters
    }()
}

/// Items whose form is right.
enum ChainItems {
    static func poet(_ epoch: UInt32, leaves: UInt64 = 65_536) -> BlockItem {
        let shown = [Bytes32](repeating: ChainSamples.id(7), count: 150)
        return .poetProof(
            PoetProof(
                epoch: epoch, index: 1, path: [ChainSamples.id(1)], root: ChainSamples.id(2), leaves: shown,
                nodes: [], leafCount: leaves))
    }

    static func proof(units: UInt32, labelsPerUnit: UInt64 = 1024, first: UInt64 = 0) -> PostProof {
        let labels = UInt64(units) * labelsPerUnit
        return PostProof(
            nonce: 5,
            indices: IndexPacking.pack(
                (0..<37).map { first + $0 }, bits: IndexPacking.bits(labels: labels)),
            pow: 9)
    }

    static func plot(_ id: Bytes32, units: UInt32 = 4, coinbase: Address? = nil) -> PlotProof {
        PlotProof(
            identity: id, units: units, proof: proof(units: units),
            binding: coinbase.map {
                PlotBinding(
                    commitmentATX: ChainSamples.id(0xc0), coinbase: $0,
                    signature: ChainSamples.signature(3))
            })
    }

    static func activation(
        _ epoch: UInt32, by operator: UInt8, votes: Bool = false, key: UInt8? = nil, _ plots: [PlotProof]
    ) -> BlockItem {
        .activation(
            Activation(
                epoch: epoch, operator: ChainSamples.id(`operator`), vrfKey: key.map { ChainSamples.id($0) },
                votes: votes, plots: plots.sorted { $0.identity < $1.identity },
                signature: ChainSamples.signature(4)))
    }
}
