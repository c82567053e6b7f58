import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// A chain of one member whose keys are known: it judges proposals as the ledger's process does, with true signatures and beacons.
struct ProposalWorld {
    static let operatorSeed = BLAKE3.hash([0x71])
    static let vrfSeed = BLAKE3.hash([0x72])

    let rules: ChainRules
    private(set) var records: [StateKey: [UInt8]] = [:]
    private(set) var beacon: Bytes32
    private(set) var height: UInt64 = 0
    private var parent = Bytes32.zero

    /// A chain at genesis, with accounts.
    init(_ accounts: [Address: Account]) throws {
        var parameters = NetworkParameters.devnet
        parameters.genesisID = TestAccount.genesis
        let key = try #require(Ed25519.publicKey(seed: Self.operatorSeed))
        let vrfKey = try #require(Ed25519.publicKey(seed: Self.vrfSeed))
        rules = try ChainRules(
            parameters, chainID: "test", committee: [Voter(operator: key, vrfKey: vrfKey, power: 1)])
        beacon = rules.firstBeacon
        for change in try rules.genesis(accounts: accounts).changes { records[change.key] = change.value }
    }

    /// The next block, good unless a test spoils its parts.
    func input(
        at time: UInt64? = nil, seed: Bytes32 = ProposalWorld.vrfSeed, proposer: Bytes32? = nil,
        present: [UInt8]? = nil, proof: [UInt8]? = nil, items: [[UInt8]] = [], transactions: [[UInt8]] = []
    ) throws -> BlockInput {
        let next = height + 1
        let made = try #require(VRF.prove(rules.beaconAlpha(height: next, last: beacon), seed: seed))
        return BlockInput(
            height: next,
            time: rules.parameters.genesisTime + (time ?? next * rules.parameters.blockInterval),
            hash: BLAKE3.hash(parent.bytes), parent: parent,
            proposer: proposer ?? rules.committee[0].operator,
            items: [BlockItem.system(SystemRecord(proof: proof ?? made)).bytes] + items,
            transactions: transactions, present: present ?? (next == 1 ? [] : [1]))
    }

    /// Why nobody votes for a block; nil: everybody does.
    ///
    /// - Parameter holds: what `post.Verify` says of proofs of space and of sequential work.
    func refusal(of input: BlockInput, holds: (ChainCheck) -> Bool = { _ in true }) throws -> String? {
        do {
            let outcome = try run(input)
            if let fault = outcome.proposalFault { return fault }
            let failed = outcome.checks.first { $0.isCheap ? !$0.holds : !holds($0) }
            return failed.map { ChainRefusal.failed($0).description }
        } catch let fault as BlockFault {
            return fault.description
        }
    }

    /// Takes a block.
    mutating func apply(_ input: BlockInput) throws {
        let outcome = try run(input)
        for change in outcome.changes { records[change.key] = change.value }
        let output = try BlockItem(bytes: input.items[0])
        guard case .system(let system) = output else { return }
        beacon = rules.beacon(after: beacon, beta: try #require(VRF.output(ofUnchecked: system.proof)))
        (height, parent) = (input.height, input.hash)
    }

    private func run(_ input: BlockInput) throws -> BlockOutcome {
        let execution = try BlockExecution(input, rules)
        var state = LedgerState()
        try load(execution.needs, into: &state)
        let jobs = try SignatureJobs(
            of: execution.transactions, on: state, genesis: rules.parameters.genesisID,
            checked: CheckedSignatures(bytes: 0))
        let signed = jobs.check()
        while true {
            do {
                return try execution.run(on: state, signed: signed)
            } catch let miss as StateMiss {
                try load(miss.needs, into: &state)
            }
        }
    }

    private func load(_ needs: StateNeeds, into state: inout LedgerState) throws {
        let missing = state.missing(needs)
        for key in missing.keys { try state.load(key, records[key]) }
        for (range, limit) in missing.ranges {
            let keys = records.keys.map { ($0, $0.bytes) }.filter { $0.1.starts(with: range.prefix) }
                .sorted { $0.1.lexicographicallyPrecedes($1.1) }.prefix(limit).map(\.0)
            state.load(range, limit: limit, keys: keys)
            for key in keys { try state.load(key, records[key]) }
        }
    }
}
