internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import StorageClient
internal import StorageWire
internal import VmCore

/// What somebody asked of the state.
struct LedgerAnswer: Sendable {
    /// Canonical bytes; nil: there is no such record.
    let value: [UInt8]?
    let height: UInt64
    let appHash: Bytes32
    /// Empty unless it was asked for.
    let proof: [UInt8]
}

extension Ledger {
    /// Reads records until nothing is missing.
    /// - Returns: how often storage was asked.
    @discardableResult
    func fill(_ state: inout LedgerState, _ needs: StateNeeds) async throws -> Int {
        let missing = state.missing(needs)
        var rounds = 0
        var loaded: Set<StateKey> = []
        for (range, limit) in missing.ranges {
            rounds += 1
            let found = try await store.first(limit, of: range)
            for (key, value) in found {
                try load(&state, key, value)
                loaded.insert(key)
            }
            state.load(range, limit: limit, keys: found.map(\.key))
        }
        var wanted: [StateKey] = []
        for key in missing.keys where !loaded.contains(key) {
            if let known = records.get(key) { try load(&state, key, known) } else { wanted.append(key) }
        }
        guard !wanted.isEmpty else { return rounds }
        let height = head?.height
        let values = try await store.records(wanted)
        for (key, value) in zip(wanted, values) {
            try load(&state, key, value)
            // A block that was applied meanwhile may have changed it.
            if head?.height == height { records.put(key, value) }
        }
        return rounds + 1
    }

    private func load(_ state: inout LedgerState, _ key: StateKey, _ value: [UInt8]?) throws {
        do {
            try state.load(key, value)
        } catch {
            throw LedgerFault.damaged(
                "the record \(Hexadecimal.text(of: key.bytes)) cannot be read: \(error)")
        }
    }

    /// Runs work on a state, reading what it turns out to need.
    ///
    /// Work says each time what it misses; a number of rounds bounds that.
    func on<Value>(
        _ state: inout LedgerState, _ work: (LedgerState) throws -> Value
    ) async throws -> Value {
        for _ in 0..<Self.mostMisses {
            do {
                return try work(state)
            } catch let miss as StateMiss {
                try await fill(&state, miss.needs)
            }
        }
        throw LedgerFault.damaged("a block needs more rounds of reading than \(Self.mostMisses)")
    }

    private static var mostMisses: Int { 64 }

    /// A record at a version, with a proof when it is asked for.
    /// - Throws: `LedgerFault` when the version is not kept.
    func query(_ key: StateKey, height wanted: UInt64, proves: Bool) async throws -> LedgerAnswer {
        let (head, _) = try current()
        let height = wanted == 0 ? head.height : wanted
        // From the tree, the newest version too: the records beside it may be those of a block that is just being written.
        try pin(height)
        defer { unpin(height) }
        let (lookup, _) = try await tree.work(TreeLookup(version: height, key: key.treeKey))
        let reading = try lookup.finish()
        return LedgerAnswer(
            value: reading.leaf?.value, height: height, appHash: reading.root,
            proof: proves ? reading.proof.scale : [])
    }

    /// What became of a transaction: height, place and result; nil: it is in no block that is kept.
    func receipt(_ id: Bytes32) async throws -> LedgerAnswer {
        let (head, _) = try current()
        let value = try await store.storage.get(.receipts, id.bytes)
        return LedgerAnswer(value: value, height: head.height, appHash: head.appHash, proof: [])
    }

    /// The network, as the node keeps it.
    func networkFile() throws -> LedgerAnswer {
        let (head, network) = try current()
        return LedgerAnswer(
            value: Array(network.file.text.utf8), height: head.height, appHash: head.appHash, proof: [])
    }

    /// Who decided the last block, who decides the next and the one after it.
    ///
    /// Between blocks, so that all of it is of one height.
    func committees() async throws -> Spacenode_Vm_V1_CommitteesReply {
        try await exclusively {
            let (head, network) = try current()
            let rules = network.rules
            let terms = [head.height, head.height + 1, head.height + 2].map { rules.term(of: max($0, 1)) }
            var state = LedgerState()
            try await fill(&state, StateNeeds(Set([.pot] + terms.map { .seats(term: $0) })))
            let committees = try terms.map { term in
                Spacenode_Vm_V1_Committee(
                    from: UInt64(term) * network.parameters.termHeights + 1,
                    try state.seats.get(term)?.members ?? [])
            }
            var reply = Spacenode_Vm_V1_CommitteesReply()
            reply.height = head.height
            reply.beacon = .init(try state.head().beacon.bytes)
            if head.height > 0 { reply.last = committees[0] }
            (reply.current, reply.next) = (committees[1], committees[2])
            reply.revision = rules.revision(at: head.height + 1)
            reply.lastRevision = rules.revision(at: head.height)
            try await recover(&reply, head, rules)
            return reply
        }
    }

    /// How things stand, all of it at one height.
    func info() async throws -> Spacenode_Vm_V1_InfoReply {
        try await exclusively {
            var reply = standing()
            guard head != nil, lost == nil, restoring == nil else { return reply }
            var state = LedgerState()
            try await fill(&state, StateNeeds([.pot]))
            reply.epoch = try state.head().epoch
            return reply
        }
    }

    private func standing() -> Spacenode_Vm_V1_InfoReply {
        var reply = Spacenode_Vm_V1_InfoReply()
        reply.restoring = restoring ?? ""
        guard let network else { return reply }
        reply.network = network.file.name
        reply.genesisID = .init(network.parameters.genesisID)
        reply.hrp = network.file.hrp
        reply.genesisTimeMs = network.parameters.genesisTime
        guard let head else { return reply }
        reply.height = head.height
        reply.appHash = .init(head.appHash.bytes)
        if head.height > 0 { reply.blockHash = .init(head.blockHash.bytes) }
        reply.timeMs = head.time
        reply.oldestHeight = head.oldest
        reply.layer = network.parameters.layer(at: head.time) ?? 0
        return reply
    }
}
